import { compare, notAfter, order } from './order.ts';
import { precisions } from './values/precision.ts';
import type { Value } from './values/value.ts';

export { Equal, Equivalent, NotEqual } from './equal.ts';

/** 12.6. Less. Null if either operand is null or the order isn't known. */
export function Less(a: Value, b: Value): boolean | null {
  if (typeof a === 'number' && typeof b === 'number') return a < b;
  const greater = notAfter(b, a, precisions.Unstated);
  return greater === null ? null : !greater;
}

/** 12.3. Greater. */
export function Greater(a: Value, b: Value): boolean | null {
  return Less(b, a);
}

/** 12.7. LessOrEqual. */
export function LessOrEqual(a: Value, b: Value): boolean | null {
  if (typeof a === 'number' && typeof b === 'number') return a <= b;
  return notAfter(a, b, precisions.Unstated);
}

/** 12.4. GreaterOrEqual. */
export function GreaterOrEqual(a: Value, b: Value): boolean | null {
  return LessOrEqual(b, a);
}

/**
 * How `sort` orders two values: null lowest, then by order; where precision leaves that open, the less precise value first.
 */
export function compareForSort(a: Value, b: Value): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  const found = compare(a, b, precisions.Unstated);
  if (found !== order.unknown) return found;
  return precisionOf(a) - precisionOf(b);
}

function precisionOf(value: Value): number {
  return typeof value === 'object' && value !== null && 'precision' in value && typeof value.precision === 'number'
    ? value.precision
    : 0;
}
