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

/** The names to evaluate for a measure: criteria, calls and, unless they are left out, supplemental data. */
export function expressionsOf(prepared: PreparedMeasure, supplementalData: boolean): string[] {
  const { definition, calls } = prepared;
  const functions = new Set([...calls.keys()].map((key) => (JSON.parse(key) as [string])[0]));
  const named = definition.groups.flatMap(({ populations, stratifiers }) => [
    ...populations.map(({ expression }) => expression),
    ...stratifiers.flatMap(({ expression, components }) => [
      ...(expression === null ? [] : [expression]),
      ...components.map((component) => component.expression),
    ]),
  ]);
  const supplemental = supplementalData ? definition.supplementalData.map(({ expression }) => expression) : [];
  return [...new Set([...named.filter((name) => !functions.has(name)), ...calls.values(), ...supplemental])];
}
