import { truncated } from './calendar-arithmetic.ts';
import type { Environment } from './environment.ts';
import { CqlRuntimeError } from './errors.ts';
import { earliestDate, greatestOf, latestDate, latestTime, leastOf } from './range.ts';
import { neighbour } from './steps.ts';
import { CqlDate, CqlDateTime, CqlTime } from './values/date-time.ts';
import { bigUnits, Decimal, decimalFromBig, decimalPlaces, truncateDecimal } from './values/decimal.ts';
import type { Precision as DatePrecision } from './values/precision.ts';
import type { PointType, Value } from './values/value.ts';

/** Digits of a date-time at each precision; of a time without the eight of its date. */
const digitsOf: readonly number[] = [0, 4, 6, 8, 10, 12, 14, 17];

/** 16.16. Precision: places behind the point of a Decimal, digits of a date or time. */
export function Precision(a: Value): number | null {
  if (a instanceof Decimal) return a.scale;
  if (a instanceof CqlDate || a instanceof CqlDateTime) return digitsOf[a.precision] ?? null;
  return a instanceof CqlTime ? (digitsOf[a.precision] ?? 8) - 8 : null;
}

/** 16.11. MaxValue. @throws CqlRuntimeError for a type that has none */
export function MaxValue(type: string, environment: Environment): Value {
  return greatestOf(pointType(type), environment.timezoneOffset, '1');
}

/** 16.12. MinValue. @throws CqlRuntimeError for a type that has none */
export function MinValue(type: string, environment: Environment): Value {
  return leastOf(pointType(type), environment.timezoneOffset, '1');
}

const pointTypes: readonly PointType[] = ['Integer', 'Long', 'Decimal', 'Date', 'DateTime', 'Time', 'Quantity'];

/** By the names that ELM and type specifiers give them. */
const pointTypesByName: ReadonlyMap<string, PointType> = new Map(
  pointTypes.flatMap((type) =>
    ['', 'System.', '{urn:hl7-org:elm-types:r1}'].map((namespace): [string, PointType] => [
      `${namespace}${type}`,
      type,
    ]),
  ),
);

function pointType(name: string): PointType {
  const type = pointTypesByName.get(name);
  if (type === undefined) throw new CqlRuntimeError(`${name} has no least and no greatest value`);
  return type;
}

/** 16.18. Predecessor. @throws CqlRuntimeError when there is none */
export function Predecessor(a: Value): Value {
  return existing(a, -1);
}

/** 16.21. Successor. @throws CqlRuntimeError when there is none */
export function Successor(a: Value): Value {
  return existing(a, 1);
}

function existing(a: Value, direction: 1 | -1): Value {
  const next = neighbour(a, direction);
  if (a !== null && next === null)
    throw new CqlRuntimeError(`The ${direction === 1 ? 'successor' : 'predecessor'} is out of range`);
  return next;
}

/** LowBoundary (CQL 1.5, appendix B): the least value that `a` can stand for, written with so many digits; null asks for all. */
export function LowBoundary(a: Value, digits: Value = null): Value {
  if (a instanceof Decimal) return decimalBoundary(a, digits, -1);
  const precision = precisionWith(a, digits);
  if (precision === null) return null;
  if (a instanceof CqlDate) return truncated(new CqlDate(earliestDate(a.date, a.precision), 3), precision);
  if (a instanceof CqlTime) return truncated(new CqlTime(a.time, 7), precision);
  if (!(a instanceof CqlDateTime)) return null;
  return truncated(new CqlDateTime(earliestDate(a.date, a.precision), a.time, 7, a.offset), precision);
}

/** HighBoundary: the greatest. */
export function HighBoundary(a: Value, digits: Value = null): Value {
  if (a instanceof Decimal) return decimalBoundary(a, digits, 1);
  const precision = precisionWith(a, digits);
  if (precision === null) return null;
  if (a instanceof CqlDate) return truncated(new CqlDate(latestDate(a.date, a.precision), 3), precision);
  if (a instanceof CqlTime) return truncated(new CqlTime(latestTime(a.time, a.precision), 7), precision);
  if (!(a instanceof CqlDateTime)) return null;
  const [date, time] = [latestDate(a.date, a.precision), latestTime(a.time, a.precision)];
  return truncated(new CqlDateTime(date, time, 7, a.offset), precision);
}

/** The precision that has so many digits; null for a number of digits that none has. */
function precisionWith(a: Value, digits: Value): DatePrecision | null {
  const most = a instanceof CqlDate ? 3 : 7;
  if (digits === null) return most;
  const wanted = a instanceof CqlTime && typeof digits === 'number' ? digits + 8 : digits;
  for (const precision of [1, 2, 3, 4, 5, 6, 7] as const)
    if (digitsOf[precision] === wanted && precision <= most) return precision;
  return null;
}

/** The digits that aren't written lie between all zeros and all nines, away from zero. */
function decimalBoundary(a: Decimal, digits: Value, direction: 1 | -1): Value {
  const places = typeof digits === 'number' ? digits : decimalPlaces;
  if (places < 0 || places > decimalPlaces) return null;
  const negative = a.units < 0;
  const outer = negative ? direction === -1 : direction === 1;
  const nines = outer ? 10n ** BigInt(decimalPlaces - a.scale) - 1n : 0n;
  const value = decimalFromBig(bigUnits(a) + (negative ? -nines : nines), decimalPlaces);
  if (value === null) return null;
  const cut = truncateDecimal(value, places);
  return new Decimal(cut.units, cut.big, places);
}
