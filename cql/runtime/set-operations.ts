import { boundBefore, boundNotAfter, compareBounds, endOf, startOf, UnknownPoint } from './bounds.ts';
import { DistinctValues, distinctValues } from './distinct.ts';
import { includesInterval, Meets, Overlaps } from './interval.ts';
import { Or } from './logical.ts';
import { order } from './order.ts';
import { checkList } from './size.ts';
import { neighbour } from './steps.ts';
import { precisions } from './values/precision.ts';
import { Interval, isList, type Value } from './values/value.ts';

/**
 * 19.31 and 20.31. Union: of lists all values, each once, a null list being empty; of intervals that overlap or meet the
 * interval of both, otherwise null.
 * @throws CqlRuntimeError for a list that is too long
 */
export function Union(a: Value, b: Value): Value {
  if (a instanceof Interval || b instanceof Interval)
    return a instanceof Interval && b instanceof Interval ? unionOfIntervals(a, b) : null;
  const [x, y] = [asList(a), asList(b)];
  if (x === null || y === null) return distinctOrNull(x ?? y);
  checkList(x.length + y.length);
  return distinctValues(x.concat(y));
}

/** 19.15 and 20.17. Intersect: of lists the values that both have, each once; of intervals that overlap what they share. */
export function Intersect(a: Value, b: Value): Value {
  if (a === null || b === null) return null;
  if (a instanceof Interval && b instanceof Interval) return intersectionOfIntervals(a, b);
  const [x, y] = [asList(a), asList(b)];
  if (x === null || y === null) return null;
  const others = new DistinctValues();
  for (const item of y) others.add(item);
  return distinctValues(x.filter((item) => others.has(item)));
}

/**
 * 19.10 and 20.9. Except: of lists the values of `a` that `b` lacks, each once; of intervals what is left of `a`, null when that is
 * nothing or not one interval.
 */
export function Except(a: Value, b: Value): Value {
  if (a instanceof Interval) return b instanceof Interval ? exceptOfIntervals(a, b) : null;
  const [x, y] = [asList(a), asList(b)];
  if (x === null || y === null) return distinctOrNull(x);
  const others = new DistinctValues();
  for (const item of y) others.add(item);
  return distinctValues(x.filter((item) => !others.has(item)));
}

const asList = (value: Value): readonly Value[] | null => (value !== null && isList(value) ? value : null);
const distinctOrNull = (list: readonly Value[] | null): readonly Value[] | null =>
  list === null ? null : distinctValues(list);

/** The boundary as `of` has it, so that what is open or null stays so. */
function joined(from: Interval, to: Interval): Interval {
  return new Interval(from.low, to.high, from.lowClosed, to.highClosed, from.pointType ?? to.pointType);
}

export function unionOfIntervals(a: Interval, b: Interval): Interval | null {
  if (Or(Overlaps(a, b, precisions.Unstated), Meets(a, b, precisions.Unstated)) !== true) return null;
  return spanning(a, b);
}

/** From the earlier start to the later end; null where it isn't known which that is. */
export function spanning(a: Interval, b: Interval): Interval | null {
  const [first, last] = [boundNotAfter(startOf(a), startOf(b), 0), boundNotAfter(endOf(b), endOf(a), 0)];
  return first === null || last === null ? null : joined(first ? a : b, last ? a : b);
}

/** A boundary that isn't known decides where it may be the tighter one. */
function intersectionOfIntervals(a: Interval, b: Interval): Interval | null {
  if (Overlaps(a, b, precisions.Unstated) !== true) return null;
  const start = tighter(a, b, startOf, order.after);
  const end = tighter(a, b, endOf, order.before);
  return start === null || end === null ? null : joined(start, end);
}

function tighter(a: Interval, b: Interval, bound: typeof startOf, side: -1 | 1): Interval | null {
  const [x, y] = [bound(a), bound(b)];
  const found = compareBounds(x, y, precisions.Unstated);
  if (found !== order.unknown) return found === side ? a : found === order.same ? a : b;
  return x instanceof UnknownPoint ? a : y instanceof UnknownPoint ? b : null;
}

function exceptOfIntervals(a: Interval, b: Interval): Interval | null {
  const overlap = Overlaps(a, b, precisions.Unstated);
  if (overlap === false) return a;
  if (overlap === null || includesInterval(b, a, precisions.Unstated) !== false) return null;
  const startsFirst = boundBefore(startOf(a), startOf(b), precisions.Unstated);
  const endsLast = boundBefore(endOf(b), endOf(a), precisions.Unstated);
  if (startsFirst === true && endsLast === false) {
    const start = startOf(b);
    return start instanceof UnknownPoint
      ? null
      : new Interval(a.low, neighbour(start, -1), a.lowClosed, true, a.pointType);
  }
  if (startsFirst === false && endsLast === true) {
    const end = endOf(b);
    return end instanceof UnknownPoint
      ? null
      : new Interval(neighbour(end, 1), a.high, true, a.highClosed, a.pointType);
  }
  return null;
}
