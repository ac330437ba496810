import type { Measure } from '@medplum/fhirtypes';
import { dataRequirements, type ElmLibrary, type LinkedLibrary, linkLibraries } from '../../cql/index.ts';
import { type MeasureDefinition, readMeasure } from '../../measures/index.ts';
import { newest, parseCanonical } from '../terminology/canonical.ts';
import { type LoadedValueSets, valueSetsOf } from '../terminology/source.ts';
import { directionWarning } from './direction-warning.ts';
import { improvementNotations, type MeasureDirection } from './directions.ts';
import type { ContentIssue } from './errors.ts';
import { issuesOf } from './issues.ts';
import { identifierOf, type LibraryDefinition, labelOf } from './library-resource.ts';
import type { LibraryShelf } from './library-shelf.ts';
import type { ContentReader } from './reader.ts';

/** A stored resource that a measure needs. */
export interface Dependency {
  readonly type: 'Measure' | 'Library' | 'ValueSet' | 'CodeSystem';
  readonly url: string;
}

/** A measure with everything that it needs, and all that is wrong with it. */
export interface LoadedMeasure {
  readonly measure: Measure;
  /** Null when an issue says why there is none. */
  readonly definition: MeasureDefinition | null;
  /** Null for composite measures, and when an issue says why. */
  readonly linked: LinkedLibrary | null;
  readonly valueSets: LoadedValueSets;
  /** Canonicals of the value sets that it can look up. */
  readonly valueSetsUsed: readonly { readonly url: string; readonly version: string | null }[];
  readonly components: readonly LoadedMeasure[];
  readonly issues: readonly ContentIssue[];
  readonly dependencies: readonly Dependency[];
}

/** `Measure url|version`, for messages. */
export function measureLabel(measure: Measure): string {
  return `Measure ${measure.url ?? measure.id ?? ''}${measure.version === undefined ? '' : `|${measure.version}`}`;
}

/**
 * Gathers a measure's libraries, value sets and components. Goes on after a problem, so that all are found at once.
 *
 * @param directions that operators gave to measures of the tenant
 * @param path canonicals of the composite measures that lead here
 */
export async function loadMeasure(
  reader: ContentReader,
  shelf: LibraryShelf,
  measure: Measure,
  directions: readonly MeasureDirection[] = [],
  path: readonly string[] = [],
): Promise<LoadedMeasure> {
  const about = measureLabel(measure);
  const issues: ContentIssue[] = [];
  const dependencies: Dependency[] = [];
  const improvementNotation = improvementNotations(directions, measure);
  const definition = attempt(issues, about, () => readMeasure(measure, { improvementNotation }));
  const doubt = definition === null ? null : directionWarning(about, measure, definition);
  if (doubt !== null) issues.push(doubt);
  const linked = definition?.library == null ? null : await load(definition.library);
  const valueSetsUsed = linked === null ? [] : dataRequirements(linked, null).valueSets;
  const { valueSets: definitions, codeSystems } = await reader.terminology(valueSetsUsed.map(({ url }) => url));
  for (const { resourceType, url } of [...definitions, ...codeSystems]) dependencies.push({ type: resourceType, url });
  const valueSets = valueSetsOf(definitions, codeSystems);
  for (const { url, version, name } of valueSetsUsed) {
    dependencies.push({ type: 'ValueSet', url }); // also one that is not there: it may come later
    const problem = valueSets.problemOf(url, version);
    const label = `value set "${name}" (${version === null ? url : `${url}|${version}`})`;
    const expression = ['Library.content'];
    if (valueSets.find(url, version) === null) {
      const reason =
        problem === null ? 'is not there: POST it with the measure' : `has no usable codes: ${problem.message}`;
      const code = problem === null ? 'not-found' : 'incomplete';
      issues.push({ severity: 'error', code, diagnostics: `${about}: ${label} ${reason}`, expression });
    } else if (problem !== null) {
      const diagnostics = `${about}: ${label} is not complete, results can miss cases: ${problem.message}`;
      issues.push({ severity: 'warning', code: 'incomplete', diagnostics, expression });
    }
  }
  const components: LoadedMeasure[] = [];
  for (const { measure: canonical } of definition?.components ?? []) {
    const component = await loadComponent(canonical);
    if (component === null) continue;
    components.push(component);
    issues.push(...component.issues);
    dependencies.push(...component.dependencies);
  }
  return { measure, definition, linked, valueSets, valueSetsUsed, components, issues, dependencies };

  async function load(canonical: string): Promise<LinkedLibrary | null> {
    dependencies.push({ type: 'Library', url: parseCanonical(canonical).url });
    const main = await shelf.byCanonical(canonical);
    if (main === null) {
      const diagnostics = `${about}: its library ${canonical} is not there: POST it with the measure`;
      issues.push({ severity: 'error', code: 'not-found', diagnostics, expression: ['Measure.library'] });
      return null;
    }
    const closure = await loadClosure(shelf, main);
    for (const { url } of closure.libraries) if (url !== undefined) dependencies.push({ type: 'Library', url });
    issues.push(...closure.issues);
    return closure.linked;
  }

  async function loadComponent(canonical: string): Promise<LoadedMeasure | null> {
    const { url, version } = parseCanonical(canonical);
    dependencies.push({ type: 'Measure', url });
    const expression = ['Measure.relatedArtifact'];
    if (path.includes(url)) {
      const diagnostics = `${about}: composite measures contain one another: ${[...path, url].join(' -> ')}`;
      issues.push({ severity: 'error', code: 'invalid', diagnostics, expression });
      return null;
    }
    const found = (await reader.measures([url])).map((candidate) => ({
      version: candidate.version ?? null,
      candidate,
    }));
    const wanted = version === null ? newest(found) : (found.find((item) => item.version === version) ?? null);
    if (wanted === null) {
      const diagnostics = `${about}: its component ${canonical} is not there`;
      issues.push({ severity: 'error', code: 'not-found', diagnostics, expression });
      return null;
    }
    return loadMeasure(reader, shelf, wanted.candidate, directions, [...path, measure.url ?? '']);
  }
}

/** A library with all that it includes. */
export interface LibraryClosure {
  /** Null when an issue says why. */
  readonly linked: LinkedLibrary | null;
  readonly libraries: readonly LibraryDefinition[];
  readonly issues: readonly ContentIssue[];
}

export async function loadClosure(shelf: LibraryShelf, main: LibraryDefinition): Promise<LibraryClosure> {
  const issues: ContentIssue[] = [];
  const libraries = new Set<LibraryDefinition>();
  await visit(main);
  if (issues.length > 0) return { linked: null, libraries: [...libraries], issues };
  const elm = await shelf.elm(main);
  const resolve = await shelf.resolver([...libraries]);
  const linked =
    elm === null
      ? null
      : attempt(issues, labelOf(main), () =>
          linkLibraries({ library: { ...elm.library, identifier: identifierOf(main) } }, resolve),
        );
  return { linked, libraries: [...libraries], issues };

  async function visit(library: LibraryDefinition): Promise<void> {
    if (libraries.has(library)) return;
    libraries.add(library);
    const elm = await attemptAsync(issues, labelOf(library), () => shelf.elm(library));
    if (elm === undefined) return;
    if (elm === null) {
      const diagnostics = `${labelOf(library)} carries neither ELM (application/elm+json) nor CQL (text/cql)`;
      issues.push({ severity: 'error', code: 'not-found', diagnostics, expression: ['Library.content'] });
      return;
    }
    for (const { name, version, namespace, written } of includesIn(elm)) {
      const included = await shelf.byName(name, version, namespace);
      if (included !== null) await visit(included);
      else {
        const diagnostics = `${labelOf(library)} includes ${written}${version === null ? '' : `|${version}`}, which is not there`;
        issues.push({ severity: 'error', code: 'not-found', diagnostics, expression: ['Library.content'] });
      }
    }
  }
}

function includesIn(
  elm: ElmLibrary,
): { name: string; version: string | null; namespace: string | null; written: string }[] {
  return (elm.library.includes?.def ?? []).map(({ path, version = null }) => {
    const slash = path.lastIndexOf('/');
    const namespace = slash === -1 ? null : path.slice(0, slash);
    return { name: path.slice(slash + 1), version, namespace, written: path };
  });
}

function attempt<T>(issues: ContentIssue[], about: string, work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    issues.push(...issuesOf(error, about));
    return null;
  }
}

/** @returns undefined when the work failed and `issues` says why */
async function attemptAsync<T>(issues: ContentIssue[], about: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    issues.push(...issuesOf(error, about));
    return undefined;
  }
}
