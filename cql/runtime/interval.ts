import { Add, Subtract } from './arithmetic.ts';
import {
  type Bound,
  boundBefore,
  boundNotAfter,
  boundSame,
  compareBounds,
  endOf,
  knownPoint,
  pointTypeOf,
  startOf,
  UnknownPoint,
} from './bounds.ts';
import { truncated } from './calendar-arithmetic.ts';
import { CqlRuntimeError } from './errors.ts';
import { And, Or } from './logical.ts';
import { compare, order } from './order.ts';
import { neighbour } from './steps.ts';
import { CqlDate, CqlDateTime, CqlTime } from './values/date-time.ts';
import { Decimal } from './values/decimal.ts';
import { type Precision, precisions } from './values/precision.ts';
import { Quantity } from './values/quantity.ts';
import { Interval, type PointType, type Value } from './values/value.ts';

/**
 * 2.2. Interval from its boundaries.
 * @param pointType the static type, needed where both boundaries are null; null there says that none is known, and then there
 *   is no interval: the result is null
 * @throws CqlRuntimeError when the interval ends before it starts
 */
export function NewInterval(
  low: Value,
  high: Value,
  lowClosed: boolean,
  highClosed: boolean,
  pointType: PointType | null,
): Interval | null {
  const type = pointTypeOf(low) ?? pointTypeOf(high) ?? pointType;
  if (type === null && low === null && high === null) return null;
  const interval = new Interval(low, high, lowClosed, highClosed, type);
  if (endsBeforeItStarts(interval)) throw new CqlRuntimeError('An interval must not end before it starts');
  return interval;
}

/** Whether no point can lie in an interval: false where the precision of its bounds leaves that open, or a bound is null. */
export function endsBeforeItStarts(interval: Interval): boolean {
  const { low, high, lowClosed, highClosed } = interval;
  if (low === null || high === null) return false;
  const found = compare(low, high, precisions.Unstated);
  if (found === order.after) return true;
  if (found === order.unknown || (lowClosed && highClosed)) return false;
  if (found === order.same) return true;
  return compareBounds(startOf(interval), endOf(interval), precisions.Unstated) === order.after;
}

/** 19.29. Start: the first point; null where it isn't known. */
export function Start(a: Value): Value {
  return a instanceof Interval ? knownPoint(startOf(a)) : null;
}

/** 19.8. End: the last point. */
export function End(a: Value): Value {
  return a instanceof Interval ? knownPoint(endOf(a)) : null;
}

/** 19.33. Width: the last point less the first; null for an interval without points. @throws CqlRuntimeError for dates and times */
export function Width(a: Value): Value {
  if (!(a instanceof Interval)) return null;
  if (a.pointType === 'Date' || a.pointType === 'DateTime' || a.pointType === 'Time')
    throw new CqlRuntimeError('Width is not defined for dates and times: use a duration');
  const [start, end] = [Start(a), End(a)];
  if (start === null || end === null) return null;
  return compare(start, end, precisions.Unstated) === order.after ? null : Subtract(end, start);
}

/** 19.28. Size: the width and one point more. @throws CqlRuntimeError for dates and times */
export function Size(a: Value): Value {
  const width = Width(a);
  if (width instanceof Quantity) return Add(width, new Quantity(smallest, width.unit));
  return Add(width, width instanceof Decimal ? smallest : typeof width === 'bigint' ? 1n : 1);
}

const smallest = new Decimal(1, null, 8);

/** 19.25. PointFrom. @throws CqlRuntimeError when the interval has more than one point */
export function PointFrom(a: Value): Value {
  if (!(a instanceof Interval)) return null;
  const [start, end] = [startOf(a), endOf(a)];
  if (boundSame(start, end, precisions.Unstated) !== true)
    throw new CqlRuntimeError('PointFrom needs an interval of one point');
  return knownPoint(start);
}

/** First point of an interval; a point itself otherwise. */
export const firstPoint = (a: Value): Bound => (a instanceof Interval ? startOf(a) : a);
/** Last point of an interval; a point itself otherwise. */
export const lastPoint = (a: Value): Bound => (a instanceof Interval ? endOf(a) : a);

/** A point lies in an interval. */
export function containsPoint(interval: Interval, point: Value, precision: Precision): boolean | null {
  if (point === null) return null;
  const right = endsOnOrAfter(interval, point, precision);
  if (right === false) return false;
  const left = startsOnOrBefore(interval, point, precision);
  return left === false ? false : left === null || right === null ? null : true;
}

/** An open boundary is left to its neighbour only where the boundary itself doesn't decide. */
function startsOnOrBefore(interval: Interval, point: Value, precision: Precision): boolean | null {
  const { low, lowClosed } = interval;
  const found = low === null ? order.unknown : compare(low, point, precision);
  if (found === order.after) return false;
  if (found === order.before || (lowClosed && found === order.same)) return true;
  if (low !== null && lowClosed) return null;
  return boundNotAfter(startOf(interval), point, precision);
}

function endsOnOrAfter(interval: Interval, point: Value, precision: Precision): boolean | null {
  const { high, highClosed } = interval;
  const found = high === null ? order.unknown : compare(point, high, precision);
  if (found === order.after) return false;
  if (found === order.before || (highClosed && found === order.same)) return true;
  if (high !== null && highClosed) return null;
  return boundNotAfter(point, endOf(interval), precision);
}

/** A point lies in an interval and is neither its first nor its last. */
export function properlyContainsPoint(interval: Interval, point: Value, precision: Precision): boolean | null {
  if (point === null) return null;
  return And(boundBefore(startOf(interval), point, precision), boundBefore(point, endOf(interval), precision));
}

/** All points of `b` lie in `a`. */
export function includesInterval(a: Interval, b: Interval, precision: Precision): boolean | null {
  return And(boundNotAfter(startOf(a), startOf(b), precision), boundNotAfter(endOf(b), endOf(a), precision));
}

/** All points of `b` lie in `a`, and `a` has more. */
export function properlyIncludesInterval(a: Interval, b: Interval, precision: Precision): boolean | null {
  return And(
    includesInterval(a, b, precision),
    Or(boundBefore(startOf(a), startOf(b), precision), boundBefore(endOf(b), endOf(a), precision)),
  );
}

/** 19.20. Meets. */
export function Meets(a: Value, b: Value, precision: Precision): boolean | null {
  return Or(MeetsBefore(a, b, precision), MeetsAfter(a, b, precision));
}

/** 19.22. MeetsBefore: `a` ends just before `b` starts. */
export function MeetsBefore(a: Value, b: Value, precision: Precision): boolean | null {
  if (!(a instanceof Interval && b instanceof Interval)) return null;
  const next = following(endOf(a), precision);
  return next === null ? false : boundSame(next, startOf(b), precision);
}

/** 19.21. MeetsAfter: `a` starts just after `b` ends. */
export function MeetsAfter(a: Value, b: Value, precision: Precision): boolean | null {
  return MeetsBefore(b, a, precision);
}

/** The next point, a step of the precision further; null where there is none. */
export function following(bound: Bound, precision: Precision): Bound {
  if (!(bound instanceof UnknownPoint)) return neighbour(atPrecision(bound, precision), 1);
  const high = atPrecision(bound.high, precision);
  return new UnknownPoint(neighbour(atPrecision(bound.low, precision), 1), neighbour(high, 1) ?? high);
}

function atPrecision(value: Value, precision: Precision): Value {
  if (precision === precisions.Unstated) return value;
  const isDate = value instanceof CqlDate || value instanceof CqlDateTime || value instanceof CqlTime;
  return isDate ? truncated(value, precision) : value;
}

/** 19.23. Overlaps: they share a point. */
export function Overlaps(a: Value, b: Value, precision: Precision): boolean | null {
  if (!(a instanceof Interval && b instanceof Interval)) return null;
  return And(boundNotAfter(startOf(a), endOf(b), precision), boundNotAfter(startOf(b), endOf(a), precision));
}

/** 19.25. OverlapsBefore: they share a point and `a` starts first. */
export function OverlapsBefore(a: Value, b: Value, precision: Precision): boolean | null {
  if (!(a instanceof Interval && b instanceof Interval)) return null;
  return And(boundBefore(startOf(a), startOf(b), precision), boundNotAfter(startOf(b), endOf(a), precision));
}

/** 19.24. OverlapsAfter: they share a point and `a` ends last. */
export function OverlapsAfter(a: Value, b: Value, precision: Precision): boolean | null {
  if (!(a instanceof Interval && b instanceof Interval)) return null;
  return And(boundBefore(endOf(b), endOf(a), precision), boundNotAfter(startOf(a), endOf(b), precision));
}

/** 19.30. Starts: both start together and `a` ends no later. */
export function Starts(a: Value, b: Value, precision: Precision): boolean | null {
  if (!(a instanceof Interval && b instanceof Interval)) return null;
  return And(boundSame(startOf(a), startOf(b), precision), boundNotAfter(endOf(a), endOf(b), precision));
}

/** 19.9. Ends: both end together and `a` starts no earlier. */
export function Ends(a: Value, b: Value, precision: Precision): boolean | null {
  if (!(a instanceof Interval && b instanceof Interval)) return null;
  return And(boundSame(endOf(a), endOf(b), precision), boundNotAfter(startOf(b), startOf(a), precision));
}
