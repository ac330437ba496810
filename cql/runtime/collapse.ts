import { Add, durationUnit } from './arithmetic.ts';
import { type Bound, boundNotAfter, compareBounds, endOf, startOf, UnknownPoint } from './bounds.ts';
import type { Environment } from './environment.ts';
import { order } from './order.ts';
import { spanning } from './set-operations.ts';
import { neighbour } from './steps.ts';
import { decimalToNumber, isWhole } from './values/decimal.ts';
import { type Precision, precisions } from './values/precision.ts';
import { Quantity } from './values/quantity.ts';
import { Interval, isList, type Value } from './values/value.ts';

/**
 * 19.4. Collapse: the fewest intervals that cover the same points, in order. Intervals are joined that overlap or whose gap is no
 * longer than `per`; without `per` such as meet. Null intervals are left out.
 * @throws BudgetExceeded
 */
export function Collapse(list: Value, per: Value, environment: Environment): readonly Value[] | null {
  if (list === null || !isList(list)) return null;
  const intervals = list.filter((item) => item instanceof Interval);
  environment.budget.step(intervals.length);
  const sorted = intervals.toSorted(byStart);
  const step = per instanceof Quantity ? per : null;
  const precision = step === null ? precisions.Unstated : (durationUnit(step.unit) ?? precisions.Unstated);
  const collapsed: Interval[] = [];
  for (const interval of sorted) {
    const last = collapsed.at(-1);
    const merged = last !== undefined && reaches(last, interval, step, precision) ? spanning(last, interval) : null;
    if (merged === null) collapsed.push(interval);
    else collapsed[collapsed.length - 1] = merged;
  }
  return collapsed;
}

function byStart(a: Interval, b: Interval): number {
  const found = compareBounds(startOf(a), startOf(b), precisions.Unstated);
  return found === order.unknown ? 0 : found;
}

function reaches(a: Interval, b: Interval, per: Quantity | null, precision: Precision): boolean {
  const end = endOf(a);
  if (boundNotAfter(startOf(b), end, precision) === true) return true;
  if (end instanceof UnknownPoint) return false;
  const reach = per === null ? neighbour(end, 1) : furtherBy(end, per);
  return reach !== null && boundNotAfter(startOf(b), reach, comparable(precision)) === true;
}

/** Weeks are no precision of dates. */
const comparable = (precision: Precision): Precision => (precision === precisions.Week ? precisions.Day : precision);

function furtherBy(end: Bound, per: Quantity): Value {
  if (end instanceof UnknownPoint) return null;
  if (per.unit !== '1' || end instanceof Quantity) return Add(end, per);
  return Add(end, typeof end === 'number' && isWhole(per.value) ? decimalToNumber(per.value) : per.value);
}
