import type { GroupDefinition, PopulationDefinition } from '../definition.ts';
import { type CriteriaValues, observedNumber } from './criteria.ts';
import {
  criterionMembers,
  type Members,
  observedMembers,
  observedPopulation,
  restrictToParents,
} from './membership.ts';
import { type GroupMembers, populationResults } from './population-results.ts';
import type { GroupResult } from './result.ts';
import { groupScore } from './score.ts';
import { stratify } from './stratify.ts';

/** One group of a measure for one subject (CR 3.10 to 3.17). @throws WrongCriterionType */
export function evaluateGroup(group: GroupDefinition, values: CriteriaValues): GroupResult {
  const given = new Map<PopulationDefinition, Members>();
  for (const population of group.populations) {
    if (population.code === 'measure-observation') continue;
    const { expression } = population;
    const criterion = { expression, basis: group.basis };
    given.set(population, criterionMembers(criterion, values.value(expression), values.identity));
  }
  const members = restrictToParents(group, given);
  const found: GroupMembers = { members, observations: observe(group, members, values) };
  const populations = populationResults(group, found, values);
  return {
    id: group.id,
    populations,
    stratifiers: group.stratifiers.map((stratifier) => stratify(stratifier, group, found, values)),
    score: group.scoring === 'cohort' ? null : groupScore(group, populations),
  };
}

function observe(
  group: GroupDefinition,
  members: ReadonlyMap<PopulationDefinition, Members>,
  values: CriteriaValues,
): Map<PopulationDefinition, Map<string, number | null>> {
  const observations = new Map<PopulationDefinition, Map<string, number | null>>();
  for (const population of group.populations) {
    if (population.code !== 'measure-observation') continue;
    const observed = observedMembers(group, population, members);
    const { expression } = population;
    const results = values.perMember(group, expression, observedPopulation(group, population), observed);
    const numbers = [...observed.keys()].map((key): [string, number | null] => [
      key,
      observedNumber(expression, results.get(key) ?? null),
    ]);
    observations.set(population, new Map(numbers));
  }
  return observations;
}
