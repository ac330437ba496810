import { DistinctValues } from './distinct.ts';
import { Equal } from './equal.ts';
import { containsPoint, includesInterval, properlyContainsPoint, properlyIncludesInterval } from './interval.ts';
import { And, Or } from './logical.ts';
import { SameAs } from './timing.ts';
import { type Precision, precisions } from './values/precision.ts';
import { Interval, isList, type Value } from './values/value.ts';

/** Membership and inclusion in intervals and lists (ELM 19 and 20). A precision changes comparisons with dates and times. */

/** 19.5 and 20.5. Contains. False for a null collection; null for a null point of an interval; a list may contain null. */
export function Contains(collection: Value, element: Value, precision: Precision): boolean | null {
  if (collection instanceof Interval) return containsPoint(collection, element, precision);
  if (collection === null || !isList(collection)) return false;
  for (const item of collection) if (sameElement(item, element, precision) === true) return true;
  return false;
}

/** 19.12 and 20.14. In. */
export function In(element: Value, collection: Value, precision: Precision): boolean | null {
  return Contains(collection, element, precision);
}

function sameElement(item: Value, element: Value, precision: Precision): boolean | null {
  if (item === null || element === null) return item === element;
  return precision === precisions.Unstated ? Equal(item, element) : SameAs(item, element, precision);
}

/**
 * 19.26 and 20.22. ProperContains: contains the element, and something else. Null where equality leaves it open. A null collection
 * contains nothing; beside a list or an interval it is the null operand of an inclusion that the translator took for membership.
 */
export function ProperContains(collection: Value, element: Value, precision: Precision): boolean | null {
  if (collection instanceof Interval) return properlyContainsPoint(collection, element, precision);
  if (collection === null) return element instanceof Interval || (element !== null && isList(element)) ? null : false;
  if (!isList(collection)) return false;
  let contained: boolean | null = false;
  let other: boolean | null = false;
  for (const item of collection) {
    const same = item === null && element !== null ? null : sameElement(item, element, precision);
    if (item !== null || element === null) contained = Or(contained, same);
    other = Or(other, same === null ? null : !same);
  }
  return And(contained, other);
}

/** 19.27 and 20.24. ProperIn. */
export function ProperIn(element: Value, collection: Value, precision: Precision): boolean | null {
  return ProperContains(collection, element, precision);
}

/** 19.14 and 20.16. Includes: all of `b` is in `a`. Null if either operand is null. */
export function Includes(a: Value, b: Value, precision: Precision): boolean | null {
  if (a === null || b === null) return null;
  if (a instanceof Interval && b instanceof Interval) return includesInterval(a, b, precision);
  return isList(a) && isList(b) ? containsAll(a, b) : Contains(a, b, precision);
}

/** 19.13 and 20.15. IncludedIn. */
export function IncludedIn(a: Value, b: Value, precision: Precision): boolean | null {
  return Includes(b, a, precision);
}

function containsAll(a: readonly Value[], b: readonly Value[]): boolean {
  const all = new DistinctValues();
  for (const item of a) all.add(item);
  return b.every((item) => all.has(item));
}

/** 19.28 and 20.23. ProperIncludes: all of `b` is in `a`, and `a` is strictly larger: of lists, it has more elements. */
export function ProperIncludes(a: Value, b: Value, precision: Precision): boolean | null {
  if (a === null || b === null) return null;
  if (a instanceof Interval && b instanceof Interval) return properlyIncludesInterval(a, b, precision);
  return isList(a) && isList(b) ? containsAll(a, b) && a.length > b.length : ProperContains(a, b, precision);
}

/** 19.27 and 20.25. ProperIncludedIn. */
export function ProperIncludedIn(a: Value, b: Value, precision: Precision): boolean | null {
  return ProperIncludes(b, a, precision);
}
