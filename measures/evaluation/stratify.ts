import type { CqlValue } from '../../cql/index.ts';
import type { GroupDefinition, StratifierDefinition } from '../definition.ts';
import type { CriteriaValues } from './criteria.ts';
import { isList, type Members } from './membership.ts';
import { type GroupMembers, populationResults } from './population-results.ts';
import type { StratifierResult } from './result.ts';
import { groupScore } from './score.ts';

/** Puts a subject, or each of its members, into the strata of a stratifier (CR 3.17). */
export function stratify(
  stratifier: StratifierDefinition,
  group: GroupDefinition,
  found: GroupMembers,
  values: CriteriaValues,
): StratifierResult {
  const members = everyMember(group, found);
  const perMember =
    stratifier.expression === null
      ? componentValues(stratifier, group, members, values)
      : criterionValues(stratifier.expression, group, members, values);
  const byStratum = Map.groupBy(members.keys(), (key) => values.identity.key(perMember.get(key) ?? []));
  const applies = (index: number): boolean => {
    const code = group.populations[index]?.code;
    return stratifier.appliesTo.length === 0 || (code !== undefined && stratifier.appliesTo.includes(code));
  };
  return {
    id: stratifier.id,
    strata: [...byStratum.values()].map((keys) => {
      const kept = new Set(keys);
      const populations = populationResults(group, found, values, (key) => kept.has(key));
      return {
        values: perMember.get(keys[0] ?? '') ?? [],
        populations: populations.filter((_, index) => applies(index)),
        score: group.scoring === 'cohort' ? null : groupScore(group, populations),
      };
    }),
  };
}

/** All members of all populations; boolean basis: the subject, also when it is in none of them. */
function everyMember(group: GroupDefinition, { members }: GroupMembers): Members {
  if (group.basis === 'boolean') return new Map([['subject', true]]);
  return new Map([...members.values()].flatMap((ofPopulation) => [...ofPopulation]));
}

/** Criteria-based: `true` for who meets the criterion. A criterion that gives neither boolean nor list is a value. */
function criterionValues(
  expression: string,
  group: GroupDefinition,
  members: Members,
  values: CriteriaValues,
): Map<string, CqlValue[]> {
  const value = values.value(expression);
  if (group.basis !== 'boolean' && isList(value)) {
    const met = new Set(value.map((element) => values.identity.key(element)));
    return new Map([...members.keys()].map((key) => [key, [met.has(key)]]));
  }
  return new Map([...members.keys()].map((key) => [key, [value ?? false]]));
}

function componentValues(
  { components }: StratifierDefinition,
  group: GroupDefinition,
  members: Members,
  values: CriteriaValues,
): Map<string, CqlValue[]> {
  const [initialPopulation = null] = group.populations;
  const columns = components.map(({ expression }) => values.perMember(group, expression, initialPopulation, members));
  return new Map([...members.keys()].map((key) => [key, columns.map((column) => column.get(key) ?? null)]));
}
