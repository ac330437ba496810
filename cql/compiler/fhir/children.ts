import {
  Code,
  CodeSystem,
  Concept,
  type Environment,
  FhirElement,
  type FhirObject,
  Interval,
  Quantity,
  Ratio,
  Tuple,
  type Value,
  ValueSet,
} from '../../runtime/index.ts';
import { type FhirReader, isObject } from './read.ts';

/** What Children and Descendents need of an evaluation. */
interface Reading {
  readonly env: Environment;
  readonly reader: FhirReader;
}

/**
 * ELM 22.5. Children: the values of all elements, in the order of the class; elements that are lists are taken apart, absent
 * ones left out. Of a list the children of its elements, of a value without elements none.
 */
export function Children(value: Value, { env, reader }: Reading): readonly Value[] | null {
  return value === null ? null : childrenOf(value, reader, env);
}

/** ELM 22.17. Descendents: the children, each followed by its own. @throws BudgetExceeded */
export function Descendents(value: Value, { env, reader }: Reading): readonly Value[] | null {
  if (value === null) return null;
  const found: Value[] = [];
  const visit = (of: Value): void => {
    for (const child of childrenOf(of, reader, env)) {
      found.push(child);
      visit(child);
    }
  };
  visit(value);
  return found;
}

function childrenOf(value: Value, reader: FhirReader, env: Environment): Value[] {
  env.budget.step();
  if (value === null || typeof value !== 'object') return [];
  if (isList(value)) return value.flatMap((item) => childrenOf(item, reader, env));
  return elementNames(value, reader).flatMap((name) => {
    const element = reader.property(value, name, env.timezoneOffset);
    return element === null ? [] : isList(element) ? element.filter((item) => item !== null) : [element];
  });
}

const systemElements: readonly (readonly [new (...values: never[]) => object, readonly string[]])[] = [
  [Interval, ['low', 'lowClosed', 'high', 'highClosed']],
  [Quantity, ['value', 'unit']],
  [Ratio, ['numerator', 'denominator']],
  [Code, ['code', 'display', 'system', 'version']],
  [Concept, ['codes', 'display']],
  [ValueSet, ['id', 'version', 'name']],
  [CodeSystem, ['id', 'version', 'name']],
];

function elementNames(value: FhirObject | object, reader: FhirReader): readonly string[] {
  if (value instanceof Tuple) return Object.keys(value.elements);
  const system = systemElements.find(([type]) => value instanceof type);
  if (system !== undefined) return system[1];
  if (value instanceof FhirElement) return reader.model.type(value.type)?.elements ?? [];
  return isObject(value) ? (reader.typeOfResource(value)?.elements ?? []) : [];
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
