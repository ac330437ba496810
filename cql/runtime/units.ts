import ucum from '@lhncbc/ucum-lhc';
import {
  bigUnits,
  Decimal,
  decimalFromBig,
  decimalFromNumber,
  decimalOne,
  decimalToNumber,
  multiplyDecimals,
  roundedQuotient,
  unitsPerOne,
  withoutTrailingZeros,
} from './values/decimal.ts';
import { Quantity } from './values/quantity.ts';

/** UCUM units and CQL's calendar durations (CQL 1.5, 2.2.5), and the conversion between units. */

const calendarUnits: ReadonlyMap<string, string> = new Map(
  ['year', 'month', 'week', 'day', 'hour', 'minute', 'second', 'millisecond'].flatMap((unit) => [
    [unit, unit],
    [`${unit}s`, unit],
  ]),
);

/** UCUM's names for what CQL calls weeks to milliseconds; the same durations. */
const definiteUnits: ReadonlyMap<string, string> = new Map([
  ['week', 'wk'],
  ['day', 'd'],
  ['hour', 'h'],
  ['minute', 'min'],
  ['second', 's'],
  ['millisecond', 'ms'],
]);

const calendarNames: ReadonlyMap<string, string> = new Map([
  ['a', 'year'],
  ['mo', 'month'],
  ...[...definiteUnits].map(([name, code]): [string, string] => [code, name]),
]);

/** `years` → `year`; UCUM codes as they are; nothing → `1`. */
export function normalUnit(unit: string | null): string {
  return unit === null || unit === '' ? '1' : (calendarUnits.get(unit) ?? unit);
}

export function isCalendarUnit(unit: string): boolean {
  return calendarUnits.has(unit);
}

/** The calendar duration that a unit of a date's arithmetic means, also where it is written in UCUM; null for others. */
export function calendarUnitOf(unit: string): string | null {
  return calendarUnits.get(unit) ?? calendarNames.get(unit) ?? null;
}

/** A conversion factor as a fraction, or null where units have different dimensions or don't convert by a factor. */
interface Factor {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const utilities = ucum.UcumLhcUtils.getInstance();
const factors = new Map<string, Map<string, Factor | null>>();
/** Beyond this many units the memo starts again; units can come from data. */
const memoLimit = 2_000;

/**
 * The same quantity in another unit; null where it can't be converted. Calendar years and months convert only to one
 * another; weeks to milliseconds are those of UCUM.
 */
export function inUnitOf(quantity: Quantity, unit: string): Quantity | null {
  if (quantity.unit === unit) return quantity;
  const value = convert(quantity.value, quantity.unit, unit);
  return value === null ? null : new Quantity(value, unit);
}

function convert(value: Decimal, from: string, to: string): Decimal | null {
  let known = factors.get(from);
  if (known === undefined || known.size >= memoLimit) {
    if (factors.size >= memoLimit) factors.clear();
    known = new Map();
    factors.set(from, known);
  }
  let factor = known.get(to);
  if (factor === undefined) {
    factor = factorBetween(from, to);
    known.set(to, factor);
  }
  if (factor === null) return specialConversion(value, from, to);
  const { numerator, denominator } = factor;
  const exact = value.big === null ? (value.units * Number(numerator)) / Number(denominator) : Number.NaN;
  if (Number.isSafeInteger(exact) && Number.isSafeInteger(value.units * Number(numerator)))
    return withoutTrailingZeros(new Decimal(exact, null, 8));
  const converted = decimalFromBig(roundedQuotient(bigUnits(value) * numerator, denominator), 8);
  return converted === null ? null : withoutTrailingZeros(converted);
}

/** UCUM code of a unit for which UCUM knows; years and months have none, because their length differs. */
const ucumCode = (unit: string): string => definiteUnits.get(unit) ?? unit;

function factorBetween(from: string, to: string): Factor | null {
  if (from === 'year' && to === 'month') return { numerator: 12n, denominator: 1n };
  if (from === 'month' && to === 'year') return { numerator: 1n, denominator: 12n };
  if ([from, to].some((unit) => unit === 'year' || unit === 'month')) return null;
  const [one, two, zero] = [1, 2, 0].map((value) => converted(value, ucumCode(from), ucumCode(to)));
  if (one == null || two == null || zero !== 0 || Math.abs(two - 2 * one) > Math.abs(one) * 1e-12) return null;
  return asFraction(one);
}

/** The number as written; one below 1 that is the inverse of a whole number as that inverse. */
function asFraction(factor: number): Factor {
  const inverse = Math.round(1 / factor);
  if (factor < 1 && Number.isSafeInteger(inverse) && Math.abs(factor * inverse - 1) < 1e-12)
    return { numerator: 1n, denominator: BigInt(inverse) };
  const [mantissa = '0', exponent = '0'] = factor.toPrecision(15).split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const power = Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  return power >= 0
    ? { numerator: digits * 10n ** BigInt(power), denominator: 1n }
    : { numerator: digits, denominator: 10n ** BigInt(-power) };
}

/** Units like Celsius convert by a formula, not a factor. */
function specialConversion(value: Decimal, from: string, to: string): Decimal | null {
  if ([from, to].some((unit) => unit === 'year' || unit === 'month')) return null;
  const found = converted(decimalToNumber(value), ucumCode(from), ucumCode(to));
  return found === null ? null : decimalFromNumber(Number(found.toPrecision(12)));
}

function converted(value: number, from: string, to: string): number | null {
  const result = utilities.convertUnitTo(from, value, to);
  return result.status === 'succeeded' ? result.toVal : null;
}

/** Both in the finer unit of the two; null where they have different dimensions. */
export function inFinerUnit(a: Quantity, b: Quantity): readonly [Quantity, Quantity] | null {
  if (a.unit === b.unit) return [a, b];
  const one = inUnitOf(new Quantity(decimalOne, a.unit), b.unit);
  if (one === null) return null;
  const [left, right] = one.value.units >= decimalOne.units ? [inUnitOf(a, b.unit), b] : [a, inUnitOf(b, a.unit)];
  return left === null || right === null ? null : [left, right];
}

/** Exponents by unit atom, in order of appearance: `kg/m2` is kg: 1, m: -2. Null for units with brackets around terms. */
function atomsOf(unit: string): Map<string, number> | null {
  const atoms = new Map<string, number>();
  if (unit === '1') return atoms;
  if (/[()]/.test(unit)) return null;
  for (const [, operator, atom = '', exponent = ''] of unit.matchAll(
    /([./]?)((?:\[[^\]]*\]|\{[^}]*\}|[^./[{\d+-])+|1)([+-]?\d+)?/g,
  )) {
    const power = (operator === '/' ? -1 : 1) * (exponent === '' ? 1 : Number(exponent));
    if (atom !== '1') atoms.set(atom, (atoms.get(atom) ?? 0) + power);
  }
  return atoms;
}

/** Unit of a product (`direction` 1) or a quotient (-1) of quantities: `cm` times `cm` is `cm2`. */
export function combinedUnit(a: string, b: string, direction: 1 | -1): string {
  if (b === '1') return a;
  if (direction === -1 && a === b) return '1';
  const [left, right] = [atomsOf(ucumCode(a)), atomsOf(ucumCode(b))];
  if (left === null || right === null) return `(${a})${direction === 1 ? '.' : '/'}(${b})`;
  for (const [atom, power] of right) left.set(atom, (left.get(atom) ?? 0) + direction * power);
  const written = [...left].filter(([, power]) => power !== 0);
  const term = ([atom, power]: [string, number]): string => `${atom}${Math.abs(power) === 1 ? '' : Math.abs(power)}`;
  const above = written.filter(([, power]) => power > 0).map(term);
  const below = written.filter(([, power]) => power < 0).map((entry) => `/${term(entry)}`);
  if (above.length === 0 && below.length === 0) return '1';
  return `${above.join('.') || '1'}${below.join('')}`;
}

/**
 * Equivalence takes a calendar year for UCUM's `a` and for 365 days, a month for `mo` and for 30 days. The finer unit of the two
 * is compared, because it rounds to the places of the less precise value: 0 'g' is not equivalent to 1 'mg'.
 */
export function inEquivalentUnits(a: Quantity, b: Quantity): readonly [Quantity, Quantity] | null {
  return inFinerUnit(loosened(a, b.unit), loosened(b, a.unit));
}

function loosened(quantity: Quantity, other: string): Quantity {
  const { value, unit } = quantity;
  if ((unit !== 'year' && unit !== 'month') || other === 'year' || other === 'month') return quantity;
  if (calendarNames.get(other) === unit) return new Quantity(value, other);
  const days = multiplyDecimals(value, new Decimal((unit === 'year' ? 365 : 30) * unitsPerOne, null, 0));
  return days === null ? quantity : new Quantity(days, 'day');
}
