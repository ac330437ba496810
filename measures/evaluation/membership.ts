import type { CqlValue } from '../../cql/index.ts';
import type { GroupDefinition, PopulationCode, PopulationDefinition } from '../definition.ts';
import { WrongCriterionType } from '../errors.ts';
import type { MemberIdentity } from './members.ts';
import { scorings } from './scoring/scorings.ts';

/** Members of a population by identity, in order. Boolean basis: empty, or the subject itself under one key. */
export type Members = ReadonlyMap<string, CqlValue>;

const nobody: Members = new Map();
const theSubject: Members = new Map([['subject', true]]);

/**
 * What a criterion gives as members (CR 3.10): boolean basis, null is false; other bases, null is the empty list, null
 * elements are ignored, and a member counts once.
 * @throws WrongCriterionType when the value is not of the basis
 */
export function criterionMembers(
  { expression, basis }: { expression: string; basis: string },
  value: CqlValue,
  identity: MemberIdentity,
): Members {
  if (value === null) return nobody;
  if (basis === 'boolean') {
    if (typeof value !== 'boolean') throw new WrongCriterionType(expression, basis, kindOf(value));
    return value ? theSubject : nobody;
  }
  if (!isList(value)) throw new WrongCriterionType(expression, basis, kindOf(value));
  const members = new Map<string, CqlValue>();
  for (const element of value) {
    const key = identity.key(element);
    if (element !== null && !members.has(key)) members.set(key, element);
  }
  return members;
}

/**
 * Restricts every population to its parents (CR 3.11) by the rules of the group's scoring, parents first.
 * @param given what the criteria gave; a population that is not in it has no members
 */
export function restrictToParents(
  group: GroupDefinition,
  given: ReadonlyMap<PopulationDefinition, Members>,
): ReadonlyMap<PopulationDefinition, Members> {
  const restricted = new Map<PopulationDefinition, Members>();
  for (const { population, parent, without } of nestingOf(group)) {
    const own = given.get(population) ?? nobody;
    const isMember = (key: string): boolean =>
      (parent === null || restricted.get(parent)?.has(key) === true) &&
      !without.some((other) => restricted.get(other)?.has(key));
    restricted.set(population, kept(own, isMember));
  }
  return restricted;
}

/** Most often all stay or none was there: then nothing is copied. */
function kept(members: Members, keep: (key: string) => boolean): Members {
  for (const key of members.keys())
    if (!keep(key)) return new Map([...members].filter(([candidate]) => keep(candidate)));
  return members;
}

/** A population with those that its members are restricted by. */
interface Nesting {
  readonly population: PopulationDefinition;
  readonly parent: PopulationDefinition | null;
  readonly without: readonly PopulationDefinition[];
}

const nestings = new WeakMap<GroupDefinition, readonly Nesting[]>();

/** Parents first. */
function nestingOf(group: GroupDefinition): readonly Nesting[] {
  const known = nestings.get(group);
  if (known !== undefined) return known;
  const made = [...scorings[group.scoring].populations].flatMap(([code, rule]) =>
    group.populations
      .filter((population) => population.code === code)
      .map((population) => ({
        population,
        parent: rule.within === null ? null : parentOf(group, population, rule.within),
        without: group.populations.filter((other) => rule.except.includes(other.code)),
      })),
  );
  nestings.set(group, made);
  return made;
}

/** Members that an observation is made of: those of the population it refers to that are not excluded from it. */
export function observedMembers(
  group: GroupDefinition,
  observation: PopulationDefinition,
  members: ReadonlyMap<PopulationDefinition, Members>,
): Members {
  const observed = observedPopulation(group, observation);
  if (observed === null) return nobody;
  const excluded = group.populations.find(({ code }) => code === `${observed.code}-exclusion`);
  const out = (excluded === undefined ? undefined : members.get(excluded)) ?? nobody;
  return new Map([...(members.get(observed) ?? nobody)].filter(([key]) => !out.has(key)));
}

/** The population whose members an observation takes: by criteriaReference, otherwise the measure population. */
export function observedPopulation(
  group: GroupDefinition,
  observation: PopulationDefinition,
): PopulationDefinition | null {
  const { criteriaReference } = observation;
  return (
    group.populations.find(({ id, code }) =>
      criteriaReference === null ? code === 'measure-population' : id === criteriaReference,
    ) ?? null
  );
}

function parentOf(
  group: GroupDefinition,
  population: PopulationDefinition,
  within: PopulationCode,
): PopulationDefinition | null {
  const candidates = group.populations.filter(({ code }) => code === within);
  return candidates.find(({ id }) => id !== null && id === population.criteriaReference) ?? candidates[0] ?? null;
}

export function isList(value: CqlValue): value is readonly CqlValue[] {
  return Array.isArray(value);
}

function kindOf(value: CqlValue): string {
  if (isList(value)) return 'a list';
  if (typeof value === 'object' && value !== null && 'type' in value) return `a ${value.type}`;
  return `a ${typeof value}`;
}
