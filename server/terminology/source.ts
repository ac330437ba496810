import type { ExpandedValueSet, ValueSetSource } from '../../cql/index.ts';
import type { Sql } from '../db/database.ts';
import { newest, parseCanonical } from './canonical.ts';
import { readByUrl } from './canonical-resources.ts';
import type { CodeSystemDefinition, TerminologyFinder, ValueSetDefinition } from './definitions.ts';
import { type CyclicValueSet, UnexpandableValueSet, UnknownValueSet } from './errors.ts';
import { expandValueSet, referencesOf } from './expand.ts';

/** Value sets in memory, with what was found wrong with those that were asked for. */
export interface LoadedValueSets extends ValueSetSource {
  /**
   * Members of a value set, the newest version when none is asked.
   *
   * @returns null when there is none, or none of its members is certain. When only a part of the members is certain,
   * that part is returned, and `problemOf` tells what is missing: a cut expansion that nobody can complete.
   */
  find(url: string, version: string | null): ExpandedValueSet | null;
  /** What keeps the value set from being complete; null when nothing does, or when it is not there. */
  problemOf(url: string, version: string | null): UnexpandableValueSet | CyclicValueSet | null;
}

/** A ValueSetSource over resources that are at hand. Expands each at most once, when it is first asked for. */
export function valueSetsOf(
  valueSets: Iterable<ValueSetDefinition>,
  codeSystems: Iterable<CodeSystemDefinition> = [],
): LoadedValueSets {
  const finder = finderOf(valueSets, codeSystems);
  const expanded = new Map<ValueSetDefinition, Outcome>();
  const outcome = (url: string, version: string | null): Outcome | null => {
    const definition = finder.valueSet(url, version);
    if (definition === null) return null;
    const known = expanded.get(definition) ?? tryToExpand(definition, finder);
    expanded.set(definition, known);
    return known;
  };
  return {
    find: (url, version) => outcome(url, version)?.valueSet ?? null,
    problemOf: (url, version) => outcome(url, version)?.problem ?? null,
  };
}

interface Outcome {
  readonly valueSet: ExpandedValueSet | null;
  readonly problem: UnexpandableValueSet | CyclicValueSet | null;
}

function tryToExpand(definition: ValueSetDefinition, finder: TerminologyFinder): Outcome {
  try {
    return { valueSet: expandValueSet(definition, finder), problem: null };
  } catch (error) {
    if (error instanceof UnexpandableValueSet)
      return { valueSet: error.known.codes.length > 0 ? error.known : null, problem: error };
    if ((error as Error).name === 'CyclicValueSet') return { valueSet: null, problem: error as CyclicValueSet };
    throw error;
  }
}

function finderOf(
  valueSets: Iterable<ValueSetDefinition>,
  codeSystems: Iterable<CodeSystemDefinition>,
): TerminologyFinder {
  return { valueSet: byCanonical(valueSets), codeSystem: byCanonical(codeSystems) };
}

/** Finds by url and version. */
function byCanonical<T extends { readonly url: string; readonly version?: string; readonly resourceType: string }>(
  definitions: Iterable<T>,
): (url: string, version: string | null) => T | null {
  const byUrl = new Map<string, { version: string | null; definition: T }[]>();
  for (const definition of definitions) {
    const entry = { version: definition.version ?? null, definition };
    const others = byUrl.get(definition.url);
    if (others === undefined) byUrl.set(definition.url, [entry]);
    else others.push(entry);
  }
  return (url, version) => {
    const entries = byUrl.get(url) ?? [];
    const wanted = version === null ? newest(entries) : entries.find((entry) => entry.version === version);
    return wanted?.definition ?? null;
  };
}

/**
 * Loads the stored value sets of a tenant with all that expanding them needs, in as many queries as they nest deep.
 *
 * @param canonicals `url` or `url|version`; those that are not stored are simply not found later
 */
export async function loadValueSets(sql: Sql, tenant: string, canonicals: Iterable<string>): Promise<LoadedValueSets> {
  const { valueSets, codeSystems } = await loadDefinitions(sql, tenant, canonicals);
  return valueSetsOf(valueSets, codeSystems);
}

/** The ValueSets, those that they include, and the CodeSystems that their filters need: all stored versions. */
export async function loadDefinitions(
  sql: Sql,
  tenant: string,
  canonicals: Iterable<string>,
): Promise<{ valueSets: ValueSetDefinition[]; codeSystems: CodeSystemDefinition[] }> {
  const valueSets: ValueSetDefinition[] = [];
  const seen = new Set<string>();
  const systems = new Set<string>();
  let wanted = urlsOf(canonicals, seen);
  while (wanted.length > 0) {
    const found = await readByUrl<ValueSetDefinition>(sql, tenant, 'ValueSet', wanted);
    valueSets.push(...found);
    const references = found.map(referencesOf);
    for (const { codeSystems } of references) for (const system of codeSystems) systems.add(system);
    wanted = urlsOf(
      references.flatMap((reference) => reference.valueSets),
      seen,
    );
  }
  const codeSystems =
    systems.size === 0 ? [] : await readByUrl<CodeSystemDefinition>(sql, tenant, 'CodeSystem', [...systems]);
  return { valueSets, codeSystems };
}

function urlsOf(canonicals: Iterable<string>, seen: Set<string>): string[] {
  const urls = [...new Set([...canonicals].map((canonical) => parseCanonical(canonical).url))];
  const fresh = urls.filter((url) => !seen.has(url));
  for (const url of fresh) seen.add(url);
  return fresh;
}

/**
 * Members of one stored value set, for the search modifiers `:in` and `:not-in`.
 *
 * @throws UnknownValueSet when it is not stored
 * @throws UnexpandableValueSet, CyclicValueSet when its members cannot all be told
 */
export async function membersOfValueSet(sql: Sql, tenant: string, canonical: string): Promise<ExpandedValueSet> {
  const { url, version } = parseCanonical(canonical);
  const source = await loadValueSets(sql, tenant, [canonical]);
  const problem = source.problemOf(url, version);
  if (problem !== null) throw problem;
  const found = source.find(url, version);
  if (found === null) throw new UnknownValueSet(canonical);
  return found;
}
