import { createHash } from 'node:crypto';
import {
  type DataRequirements,
  dataRequirements,
  type ElmLibrary,
  type ExpandedValueSet,
  type LinkedLibrary,
} from '../../cql/index.ts';
import { formatCanonical, parseCanonical } from '../terminology/canonical.ts';
import { valueSetsOf } from '../terminology/source.ts';
import { type ContentIssue, InvalidMeasureContent, UnknownLibrary } from './errors.ts';
import type { LibraryDefinition } from './library-resource.ts';
import type { LibraryShelf } from './library-shelf.ts';
import { loadClosure } from './load-measure.ts';
import type { ContentReader } from './reader.ts';

/** A linked library with the value sets that it looks up, ready to cross to the thread that evaluates it. */
export interface LibraryPackage {
  /** The same hash means the same behaviour. */
  readonly hash: string;
  readonly main: ElmLibrary;
  readonly includes: readonly ElmLibrary[];
  readonly valueSets: readonly {
    readonly url: string;
    readonly version: string | null;
    readonly expanded: ExpandedValueSet;
  }[];
}

export interface LoadedLibrary {
  readonly library: LibraryDefinition;
  readonly linked: LinkedLibrary;
  /** The library with all that it includes, as they are stored. */
  readonly libraries: readonly LibraryDefinition[];
  readonly packed: LibraryPackage;
  /** What its definitions ask for; null means all of them. @throws UnknownExpression */
  requirements(definitions: readonly string[] | null): DataRequirements;
}

/**
 * Loads a library with its includes and value sets, as for a measure. A value set whose members cannot all be told is an
 * error here: a wrong answer would look like a right one.
 *
 * @throws InvalidMeasureContent with every problem
 */
export async function loadLibrary(
  reader: ContentReader,
  shelf: LibraryShelf,
  library: LibraryDefinition,
): Promise<LoadedLibrary> {
  const { linked, libraries, issues } = await loadClosure(shelf, library);
  if (linked === null) throw new InvalidMeasureContent(issues);
  const used = dataRequirements(linked, null).valueSets;
  const { valueSets, codeSystems } = await reader.terminology(used.map(formatCanonical));
  const source = valueSetsOf(valueSets, codeSystems);
  const problems: ContentIssue[] = [];
  const found = used.flatMap(({ url, version, name }) => {
    const expanded = source.find(url, version);
    const problem = source.problemOf(url, version);
    if (expanded !== null && problem === null) return [{ url, version, expanded }];
    const reason = problem === null ? 'is not there: POST it first' : `is not complete: ${problem.message}`;
    const diagnostics = `Value set "${name}" (${formatCanonical({ url, version })}) ${reason}`;
    problems.push({ severity: 'error', code: 'not-found', diagnostics, expression: ['Library.content'] });
    return [];
  });
  if (problems.length > 0) throw new InvalidMeasureContent(problems);
  return {
    library,
    linked,
    libraries,
    packed: { hash: hashOf(linked, found), main: linked.main, includes: linked.includes, valueSets: found },
    requirements: (definitions) => dataRequirements(linked, definitions),
  };
}

function hashOf(linked: LinkedLibrary, valueSets: LibraryPackage['valueSets']): string {
  const sets = valueSets.map(({ url, version, expanded }) => {
    const codes = expanded.codes.map(({ system, code }) => `${system}|${code}`).join();
    return `${formatCanonical({ url, version })} ${codes}`;
  });
  return createHash('sha256')
    .update(JSON.stringify([linked.hash, sets]))
    .digest('hex');
}

/** @throws UnknownLibrary */
export async function libraryByCanonical(shelf: LibraryShelf, canonical: string): Promise<LibraryDefinition> {
  const found = await shelf.byCanonical(formatCanonical(parseCanonical(canonical)));
  if (found === null) throw new UnknownLibrary(canonical);
  return found;
}
