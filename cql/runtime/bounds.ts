import { compare, type Order, opposite, order } from './order.ts';
import { greatestOf, leastOf } from './range.ts';
import { neighbour } from './steps.ts';
import { CqlDate, CqlDateTime, CqlTime } from './values/date-time.ts';
import { Decimal } from './values/decimal.ts';
import type { Precision } from './values/precision.ts';
import { Quantity } from './values/quantity.ts';
import type { Interval, PointType, Value } from './values/value.ts';

/** First and last points of intervals (CQL 1.5, 5.3), also where they are only known to lie in a range. */

/** An open null boundary: some point from `low` to `high`; null where the type doesn't tell. */
export class UnknownPoint {
  readonly low: Value;
  readonly high: Value;
  constructor(low: Value, high: Value) {
    this.low = low;
    this.high = high;
  }
}

export type Bound = Value | UnknownPoint;

export function pointTypeOf(value: Value): PointType | null {
  if (typeof value === 'number') return 'Integer';
  if (value instanceof CqlDateTime) return 'DateTime';
  if (value instanceof CqlDate) return 'Date';
  if (value instanceof Decimal) return 'Decimal';
  if (value instanceof Quantity) return 'Quantity';
  if (value instanceof CqlTime) return 'Time';
  return typeof value === 'bigint' ? 'Long' : null;
}

/** The first point: a null boundary that is closed is the least of its type, one that is open is not known. */
export function startOf(interval: Interval): Bound {
  const { low } = interval;
  if (low !== null) return interval.lowClosed ? low : neighbour(low, 1);
  const least = extreme(interval, leastOf);
  return interval.lowClosed
    ? least
    : new UnknownPoint(least, finite(endOf(interval), 'high') ?? extreme(interval, greatestOf));
}

/** The last point. */
export function endOf(interval: Interval): Bound {
  const { high } = interval;
  if (high !== null) return interval.highClosed ? high : neighbour(high, -1);
  const greatest = extreme(interval, greatestOf);
  if (interval.highClosed) return greatest;
  const low =
    interval.low === null ? extreme(interval, leastOf) : interval.lowClosed ? interval.low : neighbour(interval.low, 1);
  return new UnknownPoint(low, greatest);
}

/** The bound as far as it is known; null for one that isn't. */
export function knownPoint(bound: Bound): Value {
  return bound instanceof UnknownPoint ? null : bound;
}

function finite(bound: Bound, side: 'low' | 'high'): Value {
  return bound instanceof UnknownPoint ? bound[side] : bound;
}

/** In one offset always, so that intervals without an end all end together, whatever the offsets of their starts. */
function extreme(interval: Interval, of: typeof leastOf): Value {
  if (interval.pointType === null) return null;
  const other = interval.low ?? interval.high;
  return of(interval.pointType, 0, other instanceof Quantity ? other.unit : '1');
}

export function compareBounds(a: Bound, b: Bound, precision: Precision): Order {
  if (a instanceof UnknownPoint) {
    if (a === b) return order.unknown;
    if (before(a.high, b, precision)) return order.before;
    return after(a.low, b, precision) ? order.after : order.unknown;
  }
  return b instanceof UnknownPoint ? opposite(compareBounds(b, a, precision)) : compare(a, b, precision);
}

const before = (a: Value, b: Bound, precision: Precision): boolean =>
  compare(a, finite(b, 'low'), precision) === order.before;
const after = (a: Value, b: Bound, precision: Precision): boolean =>
  compare(a, finite(b, 'high'), precision) === order.after;

/** a <= b, also where it holds whatever the unknown point is. */
export function boundNotAfter(a: Bound, b: Bound, precision: Precision): boolean | null {
  const found = compareBounds(a, b, precision);
  if (found !== order.unknown) return found !== order.after;
  if (!(a instanceof UnknownPoint || b instanceof UnknownPoint)) return null;
  const most = compare(finite(a, 'high'), finite(b, 'low'), precision);
  return most === order.before || most === order.same ? true : null;
}

/** a < b. */
export function boundBefore(a: Bound, b: Bound, precision: Precision): boolean | null {
  const after = boundNotAfter(b, a, precision);
  return after === null ? null : !after;
}

/** a = b. */
export function boundSame(a: Bound, b: Bound, precision: Precision): boolean | null {
  const found = compareBounds(a, b, precision);
  return found === order.unknown ? null : found === order.same;
}
