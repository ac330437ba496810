import fc from 'fast-check';
import { CqlError, type CqlValue, type ElmNode, type FhirResource } from '../../cql/index.ts';
import { same } from '../conformance/cql-tests.ts';
import { compiler, evaluate, interpreter, libraryOf } from './evaluate.ts';
import { generator } from './expressions.ts';
import { notation } from './notation.ts';
import { records } from './patients.ts';
import { resultTypes } from './types-of-results.ts';

export interface Example {
  readonly expression: ElmNode;
  readonly resources: readonly FhirResource[];
  readonly resultTypes: boolean;
}

export interface Difference extends Example {
  readonly interpreted: CqlValue | CqlError;
  readonly compiled: CqlValue | CqlError;
}

export const examples: fc.Arbitrary<Example> = fc.record({
  expression: fc.oneof(
    ...resultTypes.flatMap((type) => [generator(1).of(type), generator(2).of(type), generator(3).of(type)]),
  ),
  resources: records,
  resultTypes: fc.boolean(),
});

/** What the engines give when they do not agree; null when they do. */
export async function differenceOf(example: Example): Promise<Difference | null> {
  const library = libraryOf(example.expression, example);
  const interpreted = await evaluate(interpreter, library, example.resources);
  const compiled = await evaluate(compiler, library, example.resources);
  return agree(interpreted, compiled) ? null : { ...example, interpreted, compiled };
}

/** Any two errors of the CQL layer agree: their texts are each engine's own. */
function agree(a: CqlValue | CqlError, b: CqlValue | CqlError): boolean {
  if (a instanceof CqlError || b instanceof CqlError) return a instanceof CqlError && b instanceof CqlError;
  return same(closed(a), closed(b));
}

/**
 * One way of writing what can be written in two: `Interval[1, 4)` is `Interval[1, 3]` (integers, whole dates), `2 days` is `2 day`
 * (CQL 1.5, 2.2.2.7).
 */
function closed(value: CqlValue): unknown {
  if (isList(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  if (value.type === 'Quantity')
    return { ...value, unit: value.unit.replace(/(?<=year|month|week|day|hour|minute|second)s$/, '') };
  if (value.type !== 'Interval') return value;
  const { low, high, lowClosed, highClosed } = value;
  const [first, last] = [instant(low), instant(high)];
  if (first !== null && last !== null && first.step === last.step)
    return {
      ...value,
      low: lowClosed ? first.at : first.at + first.step,
      high: highClosed ? last.at : last.at - last.step,
      lowClosed: true,
      highClosed: true,
    };
  if (typeof low !== 'number' || typeof high !== 'number' || !Number.isInteger(low) || !Number.isInteger(high))
    return { ...value, low: closed(low), high: closed(high) };
  return {
    ...value,
    low: lowClosed ? low : low + 1,
    high: highClosed ? high : high - 1,
    lowClosed: true,
    highClosed: true,
  };
}

/** A whole Date or DateTime in ms, with the distance to the next; null for any other value. */
function instant(value: CqlValue): { readonly at: number; readonly step: number } | null {
  if (typeof value !== 'object' || value === null || !('type' in value)) return null;
  if (value.type === 'Date' && value.value.length === 10) return { at: Date.parse(value.value), step: 86_400_000 };
  if (value.type === 'DateTime' && value.value.includes('.')) return { at: Date.parse(value.value), step: 1 };
  return null;
}

function isList(value: CqlValue): value is readonly CqlValue[] {
  return Array.isArray(value);
}

export function describeDifference({ expression, resources, interpreted, compiled, ...rest }: Difference): string {
  const elm = JSON.stringify(expression, (key, value: unknown) => (key.startsWith('resultType') ? undefined : value));
  return [
    notation(expression),
    `ELM: ${elm}`,
    `record: ${JSON.stringify(resources)}${rest.resultTypes ? '' : ' (no result types in the ELM)'}`,
    `interpreted: ${shown(interpreted)}`,
    `compiled:    ${shown(compiled)}`,
  ].join('\n');
}

function shown(value: CqlValue | CqlError): string {
  return value instanceof CqlError ? `${value.name}: ${value.message}` : JSON.stringify(value);
}
