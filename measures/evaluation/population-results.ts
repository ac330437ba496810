import type { GroupDefinition, PopulationDefinition } from '../definition.ts';
import { evidenceName } from '../supporting-evidence.ts';
import type { CriteriaValues } from './criteria.ts';
import type { Members } from './membership.ts';
import type { PopulationResult } from './result.ts';

/** Members and observations of every population of a group, before they are counted. */
export interface GroupMembers {
  readonly members: ReadonlyMap<PopulationDefinition, Members>;
  readonly observations: ReadonlyMap<PopulationDefinition, ReadonlyMap<string, number | null>>;
}

/** Results of all populations, of the members that `keep` lets pass. */
export function populationResults(
  group: GroupDefinition,
  { members, observations }: GroupMembers,
  values: CriteriaValues,
  keep: ((key: string) => boolean) | null = null,
): PopulationResult[] {
  return group.populations.map((population): PopulationResult => {
    const observed = observations.get(population);
    const listed = observed === undefined ? valuesOf(members.get(population), keep) : [];
    const numbers = observed === undefined ? [] : valuesOf(observed, keep);
    return {
      id: population.id,
      code: population.code,
      count: observed === undefined ? listed.length : numbers.length,
      members: group.basis === 'boolean' ? [] : listed,
      criterion: observed === undefined ? values.value(population.expression) : null,
      observations: numbers,
      ...(keep === null && supportingEvidence(population, values)),
    };
  });
}

function supportingEvidence(
  { supportingEvidence: defined = [] }: PopulationDefinition,
  values: CriteriaValues,
): Pick<PopulationResult, 'supportingEvidence'> {
  const known = defined.filter(({ expression }) => values.has(evidenceName(expression)));
  if (known.length === 0) return {};
  return {
    supportingEvidence: known.map(({ name, expression }) => ({ name, value: values.value(evidenceName(expression)) })),
  };
}

function valuesOf<T>(map: ReadonlyMap<string, T> | undefined, keep: ((key: string) => boolean) | null): T[] {
  if (map === undefined || map.size === 0) return [];
  if (keep === null) return [...map.values()];
  return [...map].filter(([key]) => keep(key)).map(([, value]) => value);
}
