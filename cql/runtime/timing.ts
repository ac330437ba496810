import { boundBefore, boundNotAfter, boundSame } from './bounds.ts';
import { firstPoint, lastPoint } from './interval.ts';
import { And } from './logical.ts';
import { compareDateTimes, order } from './order.ts';
import { CqlDateTime } from './values/date-time.ts';
import type { Precision } from './values/precision.ts';
import { Interval, type Value } from './values/value.ts';

/** Relative timing of points and intervals in any mixture; a point stands for the interval of itself. */

/** 18.2 and 19.3. Before: `a` ends before `b` starts. */
export function Before(a: Value, b: Value, precision: Precision): boolean | null {
  if (a === null || b === null) return null;
  if (a instanceof CqlDateTime && b instanceof CqlDateTime) {
    const found = compareDateTimes(a, b, precision);
    return found === order.unknown ? null : found === order.before;
  }
  return boundBefore(lastPoint(a), firstPoint(b), precision);
}

/** 18.1 and 19.2. After: `a` starts after `b` ends. */
export function After(a: Value, b: Value, precision: Precision): boolean | null {
  return Before(b, a, precision);
}

/** 18.14 and 19.26. SameAs: of intervals, both boundaries. */
export function SameAs(a: Value, b: Value, precision: Precision): boolean | null {
  if (a === null || b === null) return null;
  const start = boundSame(firstPoint(a), firstPoint(b), precision);
  if (!(a instanceof Interval || b instanceof Interval)) return start;
  return And(start, boundSame(lastPoint(a), lastPoint(b), precision));
}

/** 18.16. SameOrBefore: `a` ends on or before the start of `b`. */
export function SameOrBefore(a: Value, b: Value, precision: Precision): boolean | null {
  return a === null || b === null ? null : boundNotAfter(lastPoint(a), firstPoint(b), precision);
}

/** 18.15. SameOrAfter: `a` starts on or after the end of `b`. */
export function SameOrAfter(a: Value, b: Value, precision: Precision): boolean | null {
  return SameOrBefore(b, a, precision);
}
