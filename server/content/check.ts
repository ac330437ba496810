import type { Measure } from '@medplum/fhirtypes';
import { createCompiler } from '../../cql/index.ts';
import type { ContentIssue } from './errors.ts';
import { issuesOf } from './issues.ts';
import { type LibraryDefinition, modelInfoOf } from './library-resource.ts';
import { LibraryShelf, type Translate } from './library-shelf.ts';
import { type Dependency, type LoadedMeasure, loadClosure, loadMeasure, measureLabel } from './load-measure.ts';
import { ParsedParts, packMeasure, prepareFromPackage } from './package.ts';
import type { ContentReader, Translation } from './reader.ts';

/** What is to be checked: resources that were just written, and installed measures that depend on what was. */
export interface ContentToCheck {
  readonly measures: readonly Measure[];
  readonly libraries: readonly LibraryDefinition[];
}

export interface CheckedMeasure {
  readonly url: string;
  readonly version: string | null;
  readonly dependencies: readonly Dependency[];
  readonly warnings: readonly ContentIssue[];
}

export interface CheckResult {
  /** Errors only; empty means that everything can run. */
  readonly errors: readonly ContentIssue[];
  readonly measures: readonly CheckedMeasure[];
  /** ELM that was made from CQL on the way. */
  readonly translations: readonly Translation[];
}

/**
 * Checks that measures can run: that every library, value set, definition and component is there, CQL translates and
 * ELM is supported. Finds all problems, not only the first. A measure without library and groups defines nothing to
 * run, and passes; a draft is held to the same rules as an active measure.
 */
export async function checkContent(
  reader: ContentReader,
  translate: Translate,
  { measures, libraries }: ContentToCheck,
): Promise<CheckResult> {
  const shelf = new LibraryShelf(reader, translate);
  const errors: ContentIssue[] = [];
  const checked: CheckedMeasure[] = [];
  const evaluator = createCompiler();
  const parsed = new ParsedParts();
  const interned = new Map<string, Uint8Array>();
  for (const measure of measures) {
    if (measure.library === undefined && measure.group === undefined && measure.relatedArtifact === undefined) continue;
    const loaded = await loadMeasure(reader, shelf, measure);
    const warnings = loaded.issues.filter(({ severity }) => severity === 'warning');
    errors.push(...loaded.issues.filter(({ severity }) => severity === 'error'));
    if (isComplete(loaded)) {
      try {
        prepareFromPackage(packMeasure(loaded, interned), evaluator, parsed);
      } catch (error) {
        // Which value sets are missing was said above, one by one.
        if ((error as Error).name !== 'MissingValueSet') errors.push(...issuesOf(error, measureLabel(measure)));
      }
    }
    const { url = '', version = null } = measure;
    checked.push({ url, version, dependencies: loaded.dependencies, warnings });
  }
  for (const library of libraries) {
    // Those that a measure reached were checked with it.
    if (runs(library) && !shelf.wasRead(library)) errors.push(...(await loadClosure(shelf, library)).issues);
  }
  return { errors: distinct(errors), measures: checked, translations: shelf.translations };
}

/** Model infos and asset collections are Libraries that nothing evaluates. */
function runs(library: LibraryDefinition): boolean {
  return modelInfoOf(library) === null && library.content !== undefined;
}

function isComplete({ definition, linked, components }: LoadedMeasure): boolean {
  return definition !== null && (linked !== null || definition.library === null) && components.every(isComplete);
}

/** Measures share libraries, and with them their problems. */
function distinct(issues: readonly ContentIssue[]): ContentIssue[] {
  return [...new Map(issues.map((issue) => [issue.diagnostics, issue])).values()];
}
