import { isList, type Value } from './values/value.ts';

/** 14.1. Coalesce. The first that isn't null; a single operand is a list to choose from. */
export function Coalesce(...operands: readonly Value[]): Value {
  const [only] = operands;
  const from = operands.length === 1 && only !== undefined && isList(only) ? only : operands;
  for (const operand of from) if (operand !== null) return operand;
  return null;
}

/** 14.2. IsNull. */
export function IsNull(a: Value): boolean {
  return a === null;
}

/** 14.3. IsFalse. */
export function IsFalse(a: Value): boolean {
  return a === false;
}

/** 14.4. IsTrue. */
export function IsTrue(a: Value): boolean {
  return a === true;
}
