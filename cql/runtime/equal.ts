import { compareBounds, endOf, knownPoint, startOf } from './bounds.ts';
import {
  asDecimal,
  asUncertainty,
  compare,
  compareDates,
  compareDateTimes,
  compareTimes,
  type Order,
  order,
} from './order.ts';
import { inEquivalentUnits } from './units.ts';
import { Code, CodeSystem, Concept, ValueSet } from './values/clinical.ts';
import { CqlDate, CqlDateTime, CqlTime } from './values/date-time.ts';
import { compareDecimals, Decimal, divideDecimals, roundDecimal } from './values/decimal.ts';
import { precisions } from './values/precision.ts';
import { Quantity, Ratio } from './values/quantity.ts';
import { FhirElement, type FhirObject, Interval, isList, Tuple, Uncertainty, type Value } from './values/value.ts';

const fromOrder = (found: Order): boolean | null => (found === order.unknown ? null : found === order.same);

/**
 * 12.1. Equal. Null if either operand is null, and where precision, units or an uncertainty leave it open. Values of different
 * types are not equal.
 */
export function Equal(a: Value, b: Value): boolean | null {
  if (a === null || b === null) return null;
  // An interval with an unknown end, or an uncertainty, is not known to be equal even to itself.
  if (a === b && !(a instanceof Interval) && !(a instanceof Uncertainty)) return true;
  if (typeof a !== 'object')
    return typeof b === 'object' ? numbersEqual(a, b) : typeof a === typeof b ? false : numbersEqual(a, b);
  if (typeof b !== 'object') return numbersEqual(a, b);
  if (a instanceof CqlDateTime || a instanceof CqlDate || a instanceof CqlTime) return datesEqual(a, b);
  if (isList(a)) return isList(b) ? listsEqual(a, b) : false;
  if (a instanceof Code) return b instanceof Code ? codesEqual(a, b) : false;
  if (a instanceof Decimal || a instanceof Uncertainty) return numbersEqual(a, b);
  if (a instanceof Quantity) return b instanceof Quantity ? fromOrder(compare(a, b, 0)) : false;
  if (a instanceof Interval) return b instanceof Interval ? intervalsEqual(a, b) : false;
  if (a instanceof Tuple) return b instanceof Tuple ? fieldsEqual(a.elements, b.elements) : false;
  if (a instanceof Concept)
    return b instanceof Concept ? allOf(listsEqual(a.codes, b.codes), textsEqual(a.display, b.display)) : false;
  if (a instanceof Ratio)
    return b instanceof Ratio ? allOf(Equal(a.numerator, b.numerator), Equal(a.denominator, b.denominator)) : false;
  if (a instanceof ValueSet) return b instanceof ValueSet && a.id === b.id && a.version === b.version;
  if (a instanceof CodeSystem) return b instanceof CodeSystem && a.id === b.id && a.version === b.version;
  return fhirEqual(a, b);
}

/** 12.5. NotEqual. */
export function NotEqual(a: Value, b: Value): boolean | null {
  const equal = Equal(a, b);
  return equal === null ? null : !equal;
}

function numbersEqual(a: Value, b: Value): boolean | null {
  if (a instanceof Uncertainty || b instanceof Uncertainty)
    return asUncertainty(a) === null || asUncertainty(b) === null ? false : fromOrder(compare(a, b, 0));
  const [x, y] = [asDecimal(a), asDecimal(b)];
  return x !== null && y !== null && compareDecimals(x, y) === 0;
}

function datesEqual(a: CqlDateTime | CqlDate | CqlTime, b: Value): boolean | null {
  if (a instanceof CqlDateTime && b instanceof CqlDateTime)
    return fromOrder(compareDateTimes(a, b, precisions.Unstated));
  if (a instanceof CqlDate && b instanceof CqlDate) return fromOrder(compareDates(a, b, precisions.Unstated));
  if (a instanceof CqlTime && b instanceof CqlTime) return fromOrder(compareTimes(a, b, precisions.Unstated));
  if (a instanceof CqlTime || b instanceof CqlTime || !(b instanceof CqlDate || b instanceof CqlDateTime)) return false;
  return fromOrder(compare(a, b, precisions.Unstated));
}

/** False if one is false, else null if one is null. */
function allOf(a: boolean | null, b: boolean | null): boolean | null {
  return a === false || b === false ? false : a === null || b === null ? null : true;
}

/** Elements of a structure: two nulls are equal, a null and a value leave it open. */
function elementsEqual(a: Value, b: Value): boolean | null {
  return a === null && b === null ? true : Equal(a, b);
}

const textsEqual = elementsEqual;

function codesEqual(a: Code, b: Code): boolean | null {
  return allOf(
    allOf(textsEqual(a.code, b.code), textsEqual(a.system, b.system)),
    allOf(textsEqual(a.version, b.version), textsEqual(a.display, b.display)),
  );
}

/** The first elements that aren't equal decide: `{ null, 'x' } = { 1, 'y' }` is null. */
function listsEqual(a: readonly Value[], b: readonly Value[]): boolean | null {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) {
    const equal = elementsEqual(a[i] ?? null, b[i] ?? null);
    if (equal !== true) return equal;
  }
  return true;
}

function fieldsEqual(a: { readonly [name: string]: Value }, b: { readonly [name: string]: Value }): boolean | null {
  if (Object.keys(a).length !== Object.keys(b).length) return false;
  for (const name in a) {
    if (!Object.hasOwn(b, name)) return false;
    const equal = elementsEqual(a[name] ?? null, b[name] ?? null);
    if (equal !== true) return equal;
  }
  return true;
}

function intervalsEqual(a: Interval, b: Interval): boolean | null {
  return allOf(
    fromOrder(compareBounds(startOf(a), startOf(b), precisions.Unstated)),
    fromOrder(compareBounds(endOf(a), endOf(b), precisions.Unstated)),
  );
}

/** Resources are the same by type and id, everything else by its JSON; an element that only one has leaves it open. */
function fhirEqual(a: FhirElement | FhirObject, b: Value): boolean | null {
  const [x, y] = [jsonOf(a), jsonOf(b)];
  if (x === y) return true;
  if (isResource(x) && isResource(y)) return x.resourceType === y.resourceType && x.id === y.id;
  return jsonEqual(x, y);
}

function jsonOf(value: unknown): unknown {
  return value instanceof FhirElement ? value.value : value;
}

/** A resource that can be told by its type and id. */
export function isResource(
  value: unknown,
): value is FhirObject & { readonly resourceType: string; readonly id: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'resourceType' in value &&
    'id' in value &&
    typeof value.resourceType === 'string' &&
    typeof value.id === 'string'
  );
}

function jsonEqual(a: unknown, b: unknown): boolean | null {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) ? jsonListsEqual(a, b) : false;
  if (Array.isArray(b)) return false;
  let [open, both] = [false, 0];
  for (const name of Object.keys(a)) {
    if (!Object.hasOwn(b, name)) {
      open = true;
      continue;
    }
    both += 1;
    const equal = jsonEqual(Reflect.get(a, name), Reflect.get(b, name));
    if (equal === false) return false;
    if (equal === null) open = true;
  }
  return open || Object.keys(b).length > both ? null : true;
}

function jsonListsEqual(a: readonly unknown[], b: readonly unknown[]): boolean | null {
  if (a.length !== b.length) return false;
  let open = false;
  for (const [i, value] of a.entries()) {
    const equal = jsonEqual(value, b[i]);
    if (equal === false) return false;
    if (equal === null) open = true;
  }
  return open ? null : true;
}

/**
 * 12.2. Equivalent. Always true or false: two nulls are equivalent; strings without regard to case and kind of white space;
 * decimals at the lower precision of the two; codes by code and system; concepts that share a code; lists element by element.
 */
export function Equivalent(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a === null || b === null) return false;
  if (typeof a === 'string') return typeof b === 'string' && plainText(a) === plainText(b);
  if (a instanceof Code) return b instanceof Code ? codesEquivalent(a, b) : b instanceof Concept && conceptHas(b, a);
  if (a instanceof Concept)
    return b instanceof Code ? conceptHas(a, b) : b instanceof Concept && a.codes.some((code) => conceptHas(b, code));
  if (isList(a)) return isList(b) && a.length === b.length && a.every((item, i) => Equivalent(item, b[i] ?? null));
  if (a instanceof Tuple) return b instanceof Tuple && fieldsEquivalent(a.elements, b.elements);
  if (a instanceof Decimal || b instanceof Decimal) return decimalsEquivalent(asDecimal(a), asDecimal(b));
  if (a instanceof Quantity) return b instanceof Quantity && quantitiesEquivalent(a, b);
  if (a instanceof Ratio) return b instanceof Ratio && ratiosEquivalent(a, b);
  if (a instanceof Interval) return b instanceof Interval && intervalsEquivalent(a, b);
  return Equal(a, b) === true;
}

const plainText = (text: string): string => text.toLowerCase().replace(/\s/g, ' ');

function codesEquivalent(a: Code, b: Code): boolean {
  return a.code === b.code && a.system === b.system;
}

function conceptHas(concept: Concept, code: Code): boolean {
  return concept.codes.some((own) => codesEquivalent(own, code));
}

function fieldsEquivalent(a: { readonly [name: string]: Value }, b: { readonly [name: string]: Value }): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every(
    (name) => Object.hasOwn(a, name) && Object.hasOwn(b, name) && Equivalent(a[name] ?? null, b[name] ?? null),
  );
}

/** Whole places don't count as precision: `1.001 ~ 1.000`, where trailing zeros leave one digit. */
function decimalsEquivalent(a: Decimal | null, b: Decimal | null): boolean {
  if (a === null || b === null) return false;
  const places = Math.min(significantPlaces(a), significantPlaces(b));
  const [x, y] = [roundDecimal(a, places), roundDecimal(b, places)];
  return x !== null && y !== null && compareDecimals(x, y) === 0;
}

/** Decimal places without trailing zeros. */
function significantPlaces(value: Decimal): number {
  let places = value.scale;
  for (; places > 0; places -= 1) {
    const shorter = roundDecimal(value, places - 1);
    if (shorter === null || compareDecimals(shorter, value) !== 0) break;
  }
  return places;
}

function quantitiesEquivalent(a: Quantity, b: Quantity): boolean {
  if (a.unit === b.unit) return decimalsEquivalent(a.value, b.value);
  const [x, y] = inEquivalentUnits(a, b) ?? [null, null];
  return x !== null && y !== null && decimalsEquivalent(x.value, y.value);
}

function ratiosEquivalent(a: Ratio, b: Ratio): boolean {
  const [x, y] = [ratioValue(a), ratioValue(b)];
  return x !== null && y !== null && quantitiesEquivalent(x, y);
}

/** The quotient, where both parts have the same dimension. */
function ratioValue({ numerator, denominator }: Ratio): Quantity | null {
  const value = divideDecimals(numerator.value, denominator.value);
  return value === null
    ? null
    : new Quantity(value, numerator.unit === denominator.unit ? '1' : `(${numerator.unit})/(${denominator.unit})`);
}

function intervalsEquivalent(a: Interval, b: Interval): boolean {
  return (
    Equivalent(knownPoint(startOf(a)), knownPoint(startOf(b))) && Equivalent(knownPoint(endOf(a)), knownPoint(endOf(b)))
  );
}
