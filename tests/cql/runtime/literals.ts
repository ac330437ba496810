import {
  type CqlDate,
  type CqlDateTime,
  type CqlTime,
  type Decimal,
  type Environment,
  type Interval,
  NewInterval,
  normalUnit,
  parseDate,
  parseDateTime,
  parseDecimal,
  parseTime,
  Quantity,
  type Value,
} from '../../../cql/runtime/index.ts';

/** CQL literals for tests; each throws on text that is none. */

function given<T>(value: T | null, text: string): T {
  if (value === null) throw new Error(`${text} is no literal`);
  return value;
}

export const decimal = (text: string): Decimal => given(parseDecimal(text), text);
export const date = (text: string): CqlDate => given(parseDate(text), text);
/** Without an offset: UTC, which is the offset of the tests' requests. */
export const dateTime = (text: string): CqlDateTime => given(parseDateTime(text, 0), text);
export const time = (text: string): CqlTime => given(parseTime(text), text);
export const quantity = (value: string, unit = '1'): Quantity => new Quantity(decimal(value), normalUnit(unit));

/** `interval('[(', 1, 5)` is `Interval[1, 5)`: the brackets say which ends are closed. */
export function interval(brackets: '[]' | '[)' | '(]' | '()', low: Value, high: Value): Interval {
  return given(NewInterval(low, high, brackets[0] === '[', brackets[1] === ']', 'Integer'), 'interval');
}

export const environment: Environment = {
  now: dateTime('2026-06-15T12:00:00.000+00:00'),
  timezoneOffset: 0,
  budget: { step: () => undefined },
};
