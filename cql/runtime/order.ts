import { inUnitOf } from './units.ts';
import { atOffset, CqlDate, CqlDateTime, CqlTime } from './values/date-time.ts';
import { compareDecimals, Decimal, decimalFromInteger } from './values/decimal.ts';
import { type Precision, precisions } from './values/precision.ts';
import { Quantity } from './values/quantity.ts';
import { Uncertainty, type Value } from './values/value.ts';

/** How two points lie to each other. `unknown` where a precision, a unit or a type leaves it open. */
export const order = { before: -1, same: 0, after: 1, unknown: 2 } as const;
export type Order = (typeof order)[keyof typeof order];

const sign = (difference: number): Order => (difference < 0 ? -1 : difference > 0 ? 1 : 0);

const dateShift = [0, 9, 5, 0];
const timeShift = [0, 0, 0, 0, 22, 16, 10, 0];

/**
 * Compares the parts that both know, from the year on, as far as `precision`. Parts that only one knows, or that a stated
 * precision asks for and neither knows, leave the order unknown (CQL 1.5, 5.4).
 */
function compareParts(
  aDate: number,
  aTime: number,
  aKnown: number,
  bDate: number,
  bTime: number,
  bKnown: number,
  precision: Precision,
): Order {
  const known = Math.min(aKnown, bKnown);
  const limit = precision === precisions.Unstated ? known : Math.min(known, precision);
  if (limit <= precisions.Day) {
    const shift = dateShift[limit] ?? 0;
    const difference = (aDate >> shift) - (bDate >> shift);
    if (difference !== 0) return difference < 0 ? -1 : 1;
  } else {
    if (aDate !== bDate) return aDate < bDate ? -1 : 1;
    const shift = timeShift[limit] ?? 0;
    const difference = (aTime >> shift) - (bTime >> shift);
    if (difference !== 0) return difference < 0 ? -1 : 1;
  }
  if (precision === precisions.Unstated) return aKnown === bKnown ? order.same : order.unknown;
  return precision <= known ? order.same : order.unknown;
}

/**
 * Order of two date-times. The one place that says what offsets mean (CQL 1.5.3, "Comparing Dates and Times"): values with
 * different offsets are brought to one offset, "but only when the comparison precision is hours, minutes, seconds, or
 * milliseconds" or unstated. At the precision of days and above each value counts in its own offset.
 *
 * The specification names the offset of the evaluation request. Which one is taken matters only where a value is known to
 * less than the minute; such a value states no offset as a rule, so it has the request's, and the other is brought to it.
 */
export function compareDateTimes(a: CqlDateTime, b: CqlDateTime, precision: Precision): Order {
  if (a.offset !== b.offset && (precision === precisions.Unstated || precision > precisions.Day)) {
    const offset = a.precision < b.precision ? a.offset : a.precision > b.precision ? b.offset : 0;
    const [x, y] = [atOffset(a, offset), atOffset(b, offset)];
    return compareParts(x.date, x.time, x.precision, y.date, y.time, y.precision, precision);
  }
  return compareParts(a.date, a.time, a.precision, b.date, b.time, b.precision, precision);
}

export function compareDates(a: CqlDate, b: CqlDate, precision: Precision): Order {
  return compareParts(a.date, 0, a.precision, b.date, 0, b.precision, precision);
}

export function compareTimes(a: CqlTime, b: CqlTime, precision: Precision): Order {
  return compareParts(0, a.time, a.precision, 0, b.time, b.precision, precision);
}

/** A date among date-times counts as a date-time whose time is not known, in the other's offset. */
function compareDateWithDateTime(a: CqlDate, b: CqlDateTime, precision: Precision): Order {
  return compareParts(a.date, 0, a.precision, b.date, b.time, b.precision, precision);
}

/** Order of two points of any ordered type; unknown also for null. Integer, Long and Decimal mix. */
export function compare(a: Value, b: Value, precision: Precision): Order {
  if (typeof a === 'number') {
    if (typeof b === 'number') return sign(a - b);
    if (typeof b === 'bigint') return a < b ? -1 : a > b ? 1 : 0;
  }
  if (a instanceof CqlDateTime) {
    if (b instanceof CqlDateTime) return compareDateTimes(a, b, precision);
    return b instanceof CqlDate ? opposite(compareDateWithDateTime(b, a, precision)) : order.unknown;
  }
  if (a instanceof CqlDate) {
    if (b instanceof CqlDate) return compareDates(a, b, precision);
    return b instanceof CqlDateTime ? compareDateWithDateTime(a, b, precision) : order.unknown;
  }
  if (a === null || b === null) return order.unknown;
  if (typeof a === 'string') return typeof b === 'string' ? (a < b ? -1 : a > b ? 1 : 0) : order.unknown;
  if (a instanceof Quantity) return b instanceof Quantity ? compareQuantities(a, b) : order.unknown;
  if (a instanceof CqlTime) return b instanceof CqlTime ? compareTimes(a, b, precision) : order.unknown;
  if (a instanceof Uncertainty || b instanceof Uncertainty) return compareUncertain(a, b);
  return compareNumbers(a, b);
}

export function opposite(of: Order): Order {
  return of === order.before ? order.after : of === order.after ? order.before : of;
}

function compareNumbers(a: Value, b: Value): Order {
  if (typeof a === 'bigint' && (typeof b === 'bigint' || typeof b === 'number')) return a < b ? -1 : a > b ? 1 : 0;
  const [x, y] = [asDecimal(a), asDecimal(b)];
  return x === null || y === null ? order.unknown : sign(compareDecimals(x, y));
}

/** A number of any type as a Decimal; null for anything else. */
export function asDecimal(value: Value): Decimal | null {
  if (value instanceof Decimal) return value;
  return typeof value === 'number' || typeof value === 'bigint' ? decimalFromInteger(value) : null;
}

function compareQuantities(a: Quantity, b: Quantity): Order {
  if (a.unit === b.unit) return sign(compareDecimals(a.value, b.value));
  const converted = inUnitOf(b, a.unit);
  return converted === null ? order.unknown : sign(compareDecimals(a.value, converted.value));
}

/** Known only where every value that the one can have lies on the same side of every value that the other can have. */
function compareUncertain(a: Value, b: Value): Order {
  const [x, y] = [asUncertainty(a), asUncertainty(b)];
  if (x === null || y === null) return order.unknown;
  if (x.high < y.low) return order.before;
  if (x.low > y.high) return order.after;
  return x.low === x.high && y.low === y.high ? order.same : order.unknown;
}

/** An Integer as an uncertainty of one value. */
export function asUncertainty(value: Value): Uncertainty | null {
  if (value instanceof Uncertainty) return value;
  return typeof value === 'number' ? new Uncertainty(value, value) : null;
}

/** a <= b where the order alone leaves open which, but an uncertainty decides: `4..16 <= 16`. */
export function notAfter(a: Value, b: Value, precision: Precision): boolean | null {
  const found = compare(a, b, precision);
  if (found !== order.unknown) return found !== order.after;
  if (!(a instanceof Uncertainty || b instanceof Uncertainty)) return null;
  const [x, y] = [asUncertainty(a), asUncertainty(b)];
  if (x === null || y === null) return null;
  return x.high <= y.low ? true : null;
}
