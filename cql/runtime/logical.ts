import type { Value } from './values/value.ts';

/** Three-valued logic: anything but true and false counts as null. Compiled code may skip the right side where the left decides. */

/** 13.1. And. */
export function And(a: Value, b: Value): boolean | null {
  if (a === false || b === false) return false;
  return a === true && b === true ? true : null;
}

/** 13.4. Or. */
export function Or(a: Value, b: Value): boolean | null {
  if (a === true || b === true) return true;
  return a === false && b === false ? false : null;
}

/** 13.5. Xor. */
export function Xor(a: Value, b: Value): boolean | null {
  return typeof a === 'boolean' && typeof b === 'boolean' ? a !== b : null;
}

/** 13.2. Implies. */
export function Implies(a: Value, b: Value): boolean | null {
  return Or(Not(a), b);
}

/** 13.3. Not. */
export function Not(a: Value): boolean | null {
  return typeof a === 'boolean' ? !a : null;
}
