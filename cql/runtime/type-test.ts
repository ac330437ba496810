import { Code, CodeSystem, Concept, ValueSet } from './values/clinical.ts';
import { CqlDate, CqlDateTime, CqlTime } from './values/date-time.ts';
import { Decimal } from './values/decimal.ts';
import { Quantity, Ratio } from './values/quantity.ts';
import { FhirElement, Interval, isList, Tuple, Uncertainty, type Value } from './values/value.ts';

/**
 * Whether a value has a System type, by its name without namespace (`Integer`); `Interval`, `List` and `Tuple` ask only for
 * the kind. Vocabulary is a ValueSet or a CodeSystem. False for null and for names that are no System type.
 */
export function isType(value: Value, name: string): boolean {
  if (value === null) return false;
  return tests.get(name)?.(value) ?? false;
}

/** A FHIR value by its type name, also a resource by its resourceType. False for System values. */
export function isFhirType(value: Value, name: string): boolean {
  if (value instanceof FhirElement) return value.type === name;
  return typeof value === 'object' && value !== null && 'resourceType' in value && value.resourceType === name;
}

const tests: ReadonlyMap<string, (value: Value) => boolean> = new Map<string, (value: Value) => boolean>([
  ['Any', () => true],
  ['Boolean', (value) => typeof value === 'boolean'],
  ['Integer', (value) => typeof value === 'number' || value instanceof Uncertainty],
  ['Long', (value) => typeof value === 'bigint'],
  ['Decimal', (value) => value instanceof Decimal],
  ['String', (value) => typeof value === 'string'],
  ['Date', (value) => value instanceof CqlDate],
  ['DateTime', (value) => value instanceof CqlDateTime],
  ['Time', (value) => value instanceof CqlTime],
  ['Quantity', (value) => value instanceof Quantity],
  ['Ratio', (value) => value instanceof Ratio],
  ['Code', (value) => value instanceof Code],
  ['Concept', (value) => value instanceof Concept],
  ['ValueSet', (value) => value instanceof ValueSet],
  ['CodeSystem', (value) => value instanceof CodeSystem],
  ['Vocabulary', (value) => value instanceof ValueSet || value instanceof CodeSystem],
  ['Interval', (value) => value instanceof Interval],
  ['List', isList],
  ['Tuple', (value) => value instanceof Tuple],
]);
