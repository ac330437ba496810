/**
 * Decimal of CQL (1.5, 2.3.2): 28 digits and 8 decimal places, exact. The specification's least range is 20 digits before the
 * point; like HL7's tests, arithmetic here goes to 28, and gives null beyond.
 *
 * A value is a whole number of units of 10^-8. Up to 90 million it is kept in a double, where whole numbers are exact, so
 * that arithmetic and comparison of what clinical data holds need no bigint.
 */
export class Decimal {
  /** Units of 10^-8; the nearest double where `big` is given. */
  readonly units: number;
  /** Units of 10^-8 where a double can't hold them; otherwise null. */
  readonly big: bigint | null;
  /** Decimal places as written, 0 to 8: `1.50` has two. Counts for Precision, boundaries, equivalence and ToString only. */
  readonly scale: number;
  constructor(units: number, big: bigint | null, scale: number) {
    this.units = units;
    this.big = big;
    this.scale = scale;
  }
  toString(): string {
    return formatDecimal(this);
  }
}

export const decimalPlaces = 8;
export const unitsPerOne = 100_000_000;
const bigUnitsPerOne = 100_000_000n;
const limitUnits = 10n ** 36n;
const maxUnits = 10n ** 28n - 1n;
const powers = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];
const bigPowers = powers.map(BigInt);

/** 10 to the power of 0 to 8. */
export function tenTo(exponent: number): number {
  return powers[exponent] ?? 10 ** exponent;
}

export const decimalZero = new Decimal(0, null, 0);
export const decimalOne = new Decimal(unitsPerOne, null, 0);
/** `maximum Decimal` as the specification has it. */
export const maxDecimal = new Decimal(Number(maxUnits), maxUnits, decimalPlaces);
export const minDecimal = new Decimal(-Number(maxUnits), -maxUnits, decimalPlaces);

export function bigUnits(value: Decimal): bigint {
  return value.big ?? BigInt(value.units);
}

/** From units of 10^-8; null beyond the range of Decimal. */
export function decimalFromBig(units: bigint, scale: number): Decimal | null {
  if (units >= -9007199254740991n && units <= 9007199254740991n) return new Decimal(Number(units), null, scale);
  return units > limitUnits || units < -limitUnits ? null : new Decimal(Number(units), units, scale);
}

/** From a whole number, also a Long. */
export function decimalFromInteger(value: number | bigint): Decimal | null {
  if (typeof value === 'number') {
    const units = value * unitsPerOne;
    if (Number.isSafeInteger(units)) return new Decimal(units, null, 0);
    return decimalFromBig(BigInt(value) * bigUnitsPerOne, 0);
  }
  return decimalFromBig(value * bigUnitsPerOne, 0);
}

/**
 * From a JSON number or the result of a transcendental function, by its shortest decimal notation, rounded to 8 places.
 * Null for what is not finite or out of range.
 */
export function decimalFromNumber(value: number): Decimal | null {
  if (Number.isInteger(value)) return decimalFromInteger(value);
  return Number.isFinite(value) ? parseRounded(String(value)) : null;
}

/** `[+-]digits[.digits]` with at most 28 digits and 8 places; null for anything else. */
export function parseDecimal(text: string): Decimal | null {
  const match = /^([+-]?)(\d{1,28})(?:\.(\d{1,8}))?$/.exec(text);
  if (match === null) return null;
  const [, sign, whole = '', fraction = ''] = match;
  return fromDigits(sign === '-', whole, fraction);
}

/** Like parseDecimal, but takes exponents, and rounds places beyond the eighth. */
export function parseRounded(text: string): Decimal | null {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const digits = whole + fraction;
  if (digits === '') return null;
  const point = whole.length + Number(exponent);
  if (point > 40) return /^0*$/.test(digits) ? decimalZero : null;
  if (point < -10) return decimalZero;
  const padded = '0'.repeat(Math.max(0, 1 - point)) + digits + '0'.repeat(Math.max(0, point - digits.length));
  const at = Math.max(point, 1);
  const places = padded.slice(at);
  if (places.length <= decimalPlaces) return fromDigits(sign === '-', padded.slice(0, at), places);
  const kept = BigInt(padded.slice(0, at) + places.slice(0, decimalPlaces));
  const units = places.charCodeAt(decimalPlaces) >= 53 ? kept + 1n : kept;
  return decimalFromBig(sign === '-' ? -units : units, decimalPlaces);
}

function fromDigits(negative: boolean, whole: string, fraction: string): Decimal | null {
  if (whole.length < 8) {
    const units = Number(whole) * unitsPerOne + Number(fraction === '' ? 0 : fraction) * tenTo(8 - fraction.length);
    return new Decimal(negative ? 0 - units : units, null, fraction.length);
  }
  const units = BigInt(whole + fraction.padEnd(decimalPlaces, '0'));
  return decimalFromBig(negative ? -units : units, fraction.length);
}

/** As written: `scale` places, without a point when there are none. */
export function formatDecimal(value: Decimal): string {
  const negative = value.units < 0;
  const units = bigUnits(value);
  const digits = (negative ? -units : units).toString().padStart(decimalPlaces + 1, '0');
  const whole = digits.slice(0, -decimalPlaces);
  const places = digits.slice(-decimalPlaces, digits.length - decimalPlaces + value.scale);
  return `${negative ? '-' : ''}${whole}${places === '' ? '' : `.${places}`}`;
}

/** The nearest double. */
export function decimalToNumber(value: Decimal): number {
  return value.big === null ? value.units / unitsPerOne : Number(formatDecimal(value));
}

/** Less than, equal to or greater than zero as a is less than, equal to or greater than b. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.big === null && b.big === null) return a.units - b.units;
  const [x, y] = [bigUnits(a), bigUnits(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

export function isWhole(value: Decimal): boolean {
  return value.big === null ? value.units % unitsPerOne === 0 : value.big % bigUnitsPerOne === 0n;
}

export function addDecimals(a: Decimal, b: Decimal): Decimal | null {
  const scale = Math.max(a.scale, b.scale);
  if (a.big === null && b.big === null) {
    const sum = a.units + b.units;
    if (Number.isSafeInteger(sum)) return new Decimal(sum, null, scale);
  }
  return decimalFromBig(bigUnits(a) + bigUnits(b), scale);
}

export function subtractDecimals(a: Decimal, b: Decimal): Decimal | null {
  return addDecimals(a, negateDecimal(b));
}

export function negateDecimal(value: Decimal): Decimal {
  return new Decimal(0 - value.units, value.big === null ? null : -value.big, value.scale);
}

/** Rounded half away from zero to 8 places. */
export function multiplyDecimals(a: Decimal, b: Decimal): Decimal | null {
  const scale = a.scale + b.scale;
  if (a.big === null && b.big === null && scale <= decimalPlaces) {
    const product = (a.units / tenTo(8 - a.scale)) * (b.units / tenTo(8 - b.scale)) * tenTo(8 - scale);
    if (Number.isSafeInteger(product)) return new Decimal(product, null, scale);
  }
  return decimalFromBig(roundedQuotient(bigUnits(a) * bigUnits(b), bigUnitsPerOne), Math.min(scale, decimalPlaces));
}

/** Rounded half away from zero to 8 places, with as few places as the quotient needs; null for division by zero. */
export function divideDecimals(a: Decimal, b: Decimal): Decimal | null {
  if (b.units === 0) return null;
  if (a.big === null && b.big === null) {
    const dividend = (a.units / tenTo(8 - a.scale)) * 10 ** (8 + b.scale - a.scale);
    if (Number.isSafeInteger(dividend)) return quotientOf(dividend, b.units / tenTo(8 - b.scale));
  }
  const quotient = decimalFromBig(roundedQuotient(bigUnits(a) * bigUnitsPerOne, bigUnits(b)), decimalPlaces);
  return quotient === null ? null : withoutTrailingZeros(quotient);
}

/** Units from whole numbers that doubles hold exactly. */
function quotientOf(dividend: number, divisor: number): Decimal {
  const [x, y] = [Math.abs(dividend), Math.abs(divisor)];
  const rest = x % y;
  const units = (x - rest) / y + (rest * 2 >= y ? 1 : 0);
  return withoutTrailingZeros(new Decimal(dividend < 0 === divisor < 0 ? units : 0 - units, null, decimalPlaces));
}

/** Whole part of the quotient, towards zero; null for division by zero. */
export function truncatedDivideDecimals(a: Decimal, b: Decimal): Decimal | null {
  if (b.units === 0) return null;
  return decimalFromBig((bigUnits(a) / bigUnits(b)) * bigUnitsPerOne, 0);
}

/** Remainder of the truncated division; null for division by zero. */
export function remainderOfDecimals(a: Decimal, b: Decimal): Decimal | null {
  if (b.units === 0) return null;
  return decimalFromBig(bigUnits(a) % bigUnits(b), Math.max(a.scale, b.scale));
}

/** The quotient of two whole numbers, rounded half away from zero. */
export function roundedQuotient(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const rest = (dividend % divisor) * 2n;
  const [size, limit] = [rest < 0n ? -rest : rest, divisor < 0n ? -divisor : divisor];
  if (size < limit) return quotient;
  return dividend < 0n === divisor < 0n ? quotient + 1n : quotient - 1n;
}

/** To `places` decimal places, halves away from zero. */
export function roundDecimal(value: Decimal, places: number): Decimal | null {
  const size = bigPowers[decimalPlaces - places] ?? 1n;
  return decimalFromBig(roundedQuotient(bigUnits(value), size) * size, Math.min(places, value.scale));
}

/** The square root, to 8 places; null for negative values. */
export function squareRoot(value: Decimal): Decimal | null {
  const square = bigUnits(value) * bigUnitsPerOne;
  if (square < 0n) return null;
  if (square === 0n) return decimalZero;
  let root = BigInt(Math.floor(Math.sqrt(Number(square))));
  for (let next = (root + square / root) / 2n; ; next = (root + square / root) / 2n) {
    const moved = next - root;
    root = next;
    if (moved >= -1n && moved <= 1n) break;
  }
  while (root * root > square) root -= 1n;
  while ((root + 1n) * (root + 1n) <= square) root += 1n;
  const rounded = square - root * root > root ? root + 1n : root;
  const found = decimalFromBig(rounded, decimalPlaces);
  return found === null ? null : withoutTrailingZeros(found);
}

export function withoutTrailingZeros(value: Decimal): Decimal {
  let scale = value.scale;
  if (value.big === null) {
    while (scale > 0 && value.units % tenTo(decimalPlaces - scale + 1) === 0) scale -= 1;
    return scale === value.scale ? value : new Decimal(value.units, null, scale);
  }
  const units = value.big;
  while (scale > 0 && units % (bigPowers[decimalPlaces - scale + 1] ?? 1n) === 0n) scale -= 1;
  return scale === value.scale ? value : new Decimal(value.units, value.big, scale);
}

/** Towards zero to `places` decimal places. */
export function truncateDecimal(value: Decimal, places: number): Decimal {
  const size = bigPowers[decimalPlaces - places] ?? 1n;
  const units = (bigUnits(value) / size) * size;
  return decimalFromBig(units, Math.min(places, value.scale)) ?? value;
}
