import type { CqlValue, EvaluationResult } from '../../cql/index.ts';
import type { GroupDefinition, PopulationDefinition } from '../definition.ts';
import { WrongCriterionType } from '../errors.ts';
import { callKey, type PreparedMeasure } from '../prepare.ts';
import type { MemberIdentity } from './members.ts';
import { isList, type Members } from './membership.ts';

/** The values of a measure's expressions for one subject, with functions already called for every element. */
export class CriteriaValues {
  readonly #prepared: PreparedMeasure;
  readonly #values: EvaluationResult['values'];
  readonly identity: MemberIdentity;

  constructor(prepared: PreparedMeasure, values: EvaluationResult['values'], identity: MemberIdentity) {
    this.#prepared = prepared;
    this.#values = values;
    this.identity = identity;
  }

  value(expression: string): CqlValue {
    return this.#values.get(expression) ?? null;
  }

  /** Whether it was evaluated at all: what only explains is not, without a trace. */
  has(expression: string): boolean {
    return this.#values.get(expression) !== undefined;
  }

  /**
   * Value of an expression for each member: of the function called for that member, or, where it isn't a function of
   * the element, the same for all.
   */
  perMember(
    group: GroupDefinition,
    expression: string,
    over: PopulationDefinition | null,
    members: Members,
  ): Map<string, CqlValue> {
    const call = this.#prepared.calls.get(callKey(expression, over?.expression ?? null));
    const value = this.value(call ?? expression);
    if (call === undefined || group.basis === 'boolean' || !isList(value)) {
      const called = call === undefined ? null : elementAndValue(value);
      const same = called === null ? value : called.value;
      return new Map([...members.keys()].map((key) => [key, same]));
    }
    const byMember = new Map<string, CqlValue>();
    for (const pair of value) {
      const called = elementAndValue(pair);
      if (called !== null) byMember.set(this.identity.key(called.element), called.value);
    }
    return byMember;
  }
}

function elementAndValue(value: CqlValue): { element: CqlValue; value: CqlValue } | null {
  if (typeof value !== 'object' || value === null || isList(value) || value.type !== 'Tuple') return null;
  const { element, value: called } = value.elements;
  return element === undefined || called === undefined ? null : { element, value: called };
}

/**
 * An observation as a number: Integer, Decimal, Long, or the value of a Quantity (CR 3.12).
 * @throws WrongCriterionType for anything else but null
 */
export function observedNumber(expression: string, value: CqlValue): number | null {
  if (value === null || typeof value === 'number') return value;
  if (typeof value === 'object' && !isList(value)) {
    if (value.type === 'Quantity') return value.value;
    if (value.type === 'Long') return Number(value.value);
  }
  throw new WrongCriterionType(expression, 'a number or a quantity', `a ${typeof value}`);
}

/** The names to evaluate for a measure, in the order in which they are needed. */
export interface AskedExpressions {
  /** Initial populations and stratifiers: who is in no initial population is in no population at all. */
  readonly initial: readonly string[];
  /** All other criteria, and calls of functions. */
  readonly further: readonly string[];
  readonly supplemental: readonly string[];
}

const asked = new WeakMap<PreparedMeasure, AskedExpressions>();

export function expressionsOf(prepared: PreparedMeasure): AskedExpressions {
  const known = asked.get(prepared);
  if (known !== undefined) return known;
  const { definition, calls } = prepared;
  const functions = new Set([...calls.keys()].map((key) => (JSON.parse(key) as [string])[0]));
  const populations = definition.groups.flatMap((group) => group.populations);
  const stratifiers = definition.groups.flatMap((group) => group.stratifiers);
  const initial = [
    ...populations.filter(({ code }) => code === 'initial-population').map(({ expression }) => expression),
    ...stratifiers.flatMap(({ expression, components }) => [
      ...(expression === null ? [] : [expression]),
      ...components.map((component) => component.expression),
    ]),
  ];
  const named = (names: readonly string[]): string[] => [...new Set(names)].filter((name) => !functions.has(name));
  const made = {
    initial: named(initial),
    further: [...named(populations.map(({ expression }) => expression)), ...calls.values()],
    supplemental: definition.supplementalData.map(({ expression }) => expression),
  };
  asked.set(prepared, made);
  return made;
}

/** Whether the subject, or one member, is in an initial population; a group without one takes everybody. */
export function isInitial({ definition }: PreparedMeasure, values: EvaluationResult['values']): boolean {
  return definition.groups.some(({ populations }) => {
    const initial = populations.filter(({ code }) => code === 'initial-population');
    return initial.length === 0 || initial.some(({ expression }) => holds(values.get(expression) ?? null));
  });
}

/** A value of the wrong type holds, so that the group's own check names it. */
function holds(value: CqlValue): boolean {
  return isList(value) ? value.length > 0 : value !== null && value !== false;
}
