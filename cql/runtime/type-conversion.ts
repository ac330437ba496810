import { DateFrom } from './date-time.ts';
import type { Environment } from './environment.ts';
import { maxInteger, maxLong, minInteger, minLong } from './range.ts';
import { calendarUnitOf, inUnitOf, isCalendarUnit, normalUnit } from './units.ts';
import { Code, Concept } from './values/clinical.ts';
import { CqlDate, CqlDateTime, CqlTime } from './values/date-time.ts';
import { Decimal, decimalFromInteger, decimalOne, decimalZero, formatDecimal, parseDecimal } from './values/decimal.ts';
import { formatDate, formatDateTime, formatLocal, formatTime } from './values/format-date-time.ts';
import { parseDate, parseDateTime, parseTime } from './values/parse-date-time.ts';
import { Quantity, Ratio } from './values/quantity.ts';
import { isList, type Value } from './values/value.ts';

/** Conversions (ELM 22). What can't be converted gives null, as null does. */

const truths: ReadonlyMap<string, boolean> = new Map([
  ...['true', 't', 'yes', 'y', '1'].map((text): [string, boolean] => [text, true]),
  ...['false', 'f', 'no', 'n', '0'].map((text): [string, boolean] => [text, false]),
]);

/** 22.15. ToBoolean of strings like `yes`, and of 1 and 0. */
export function ToBoolean(a: Value): boolean | null {
  if (typeof a === 'boolean') return a;
  const text =
    typeof a === 'string'
      ? a.toLowerCase()
      : a instanceof Decimal && a.scale > 0
        ? formatDecimal(a).replace(/\.0+$/, '')
        : String(a);
  return truths.get(text) ?? null;
}

/** 22.24. ToInteger; null beyond its range. */
export function ToInteger(a: Value): number | null {
  const value = ToLong(a);
  return value !== null && value >= minInteger && value <= maxInteger ? Number(value) : null;
}

/** 22.25. ToLong. */
export function ToLong(a: Value): bigint | null {
  if (typeof a === 'bigint') return a;
  if (typeof a === 'number' || typeof a === 'boolean') return BigInt(a);
  if (typeof a !== 'string' || !/^[+-]?\d{1,19}$/.test(a)) return null;
  const value = BigInt(a.replace('+', ''));
  return value >= minLong && value <= maxLong ? value : null;
}

/** 22.20. ToDecimal. */
export function ToDecimal(a: Value): Decimal | null {
  if (a instanceof Decimal) return a;
  if (typeof a === 'number' || typeof a === 'bigint') return decimalFromInteger(a);
  if (typeof a === 'boolean') return a ? decimalOne : decimalZero;
  return typeof a === 'string' ? parseDecimal(a) : null;
}

/** 22.30. ToString: as the literal is written; a date-time without its offset where that is the request's. */
export function ToString(a: Value, environment?: Environment): string | null {
  if (typeof a === 'string') return a;
  if (typeof a === 'number' || typeof a === 'bigint' || typeof a === 'boolean') return String(a);
  if (a instanceof Decimal) return formatDecimal(a);
  if (a instanceof CqlDate) return formatDate(a);
  if (a instanceof CqlDateTime) return a.offset === environment?.timezoneOffset ? formatLocal(a) : formatDateTime(a);
  if (a instanceof CqlTime) return formatTime(a);
  if (a instanceof Quantity) return quantityText(a);
  return a instanceof Ratio ? `${quantityText(a.numerator)}:${quantityText(a.denominator)}` : null;
}

function quantityText({ value, unit }: Quantity): string {
  if (unit === '1') return formatDecimal(value);
  return `${formatDecimal(value)} ${isCalendarUnit(unit) ? unit : `'${unit}'`}`;
}

/** 22.16. ToChars. */
export function ToChars(a: Value): readonly string[] | null {
  return typeof a === 'string' ? [...a] : null;
}

/** 22.19. ToDate, of strings and date-times. */
export function ToDate(a: Value): CqlDate | null {
  if (a instanceof CqlDate) return a;
  if (a instanceof CqlDateTime) return DateFrom(a);
  if (typeof a !== 'string') return null;
  const value = a.length > 10 ? parseDateTime(a, 0) : parseDate(a);
  return value instanceof CqlDateTime ? new CqlDate(value.date, 3) : value;
}

/** 22.21. ToDateTime: the time of a date stays unknown; without an offset it is the request's. */
export function ToDateTime(a: Value, environment: Environment): CqlDateTime | null {
  if (a instanceof CqlDateTime) return a;
  if (a instanceof CqlDate) return new CqlDateTime(a.date, 0, a.precision, environment.timezoneOffset);
  return typeof a === 'string' ? parseDateTime(a, environment.timezoneOffset) : null;
}

/** 22.31. ToTime. */
export function ToTime(a: Value): CqlTime | null {
  if (a instanceof CqlTime) return a;
  if (a instanceof CqlDateTime) return a.precision > 3 ? new CqlTime(a.time, a.precision) : null;
  return typeof a === 'string' ? parseTime(a) : null;
}

/** 22.27. ToQuantity: `5.5 'cm'`, `3 days`, `4`; numbers and ratios of one dimension too. */
export function ToQuantity(a: Value): Quantity | null {
  if (a instanceof Quantity) return a;
  if (typeof a !== 'string') {
    const number = ToDecimal(typeof a === 'boolean' ? null : a);
    return number === null ? null : new Quantity(number, '1');
  }
  const [, number = '', unit, calendar] = /^\s*([+-]?\d+(?:\.\d+)?)\s*(?:'([^']*)'|([a-z]+))?\s*$/.exec(a) ?? [];
  const value = parseDecimal(number);
  if (value === null || (calendar !== undefined && !isCalendarUnit(calendar))) return null;
  return new Quantity(value, normalUnit(unit ?? calendar ?? null));
}

/** 22.28. ToRatio: two quantities with a colon between them. */
export function ToRatio(a: Value): Ratio | null {
  if (a instanceof Ratio) return a;
  const parts = typeof a === 'string' ? a.split(':') : [];
  if (parts.length !== 2) return null;
  const [numerator, denominator] = parts.map(ToQuantity);
  return numerator == null || denominator == null ? null : new Ratio(numerator, denominator);
}

/** 22.18. ToConcept, of a code or a list of codes. */
export function ToConcept(a: Value): Concept | null {
  if (a instanceof Concept) return a;
  if (a instanceof Code) return new Concept([a], a.display);
  return a !== null && isList(a) ? new Concept(a.filter((code) => code instanceof Code)) : null;
}

/** 22.2. CanConvertQuantity. */
export function CanConvertQuantity(quantity: Value, unit: Value): boolean | null {
  if (!(quantity instanceof Quantity) || typeof unit !== 'string') return null;
  return inUnitOf(quantity, normalUnit(unit)) !== null;
}

/** 22.6. ConvertQuantity; null where the units have different dimensions. */
export function ConvertQuantity(quantity: Value, unit: Value): Quantity | null {
  if (!(quantity instanceof Quantity) || typeof unit !== 'string') return null;
  const wanted = normalUnit(unit);
  const definite = calendarUnitOf(wanted) === calendarUnitOf(quantity.unit) && calendarUnitOf(wanted) !== null;
  return inUnitOf(quantity, wanted) ?? (definite ? new Quantity(quantity.value, wanted) : null);
}

const converts = (a: Value, converted: Value): boolean | null => (a === null ? null : converted !== null);

/** 22.7 to 22.14. True when the conversion gives a value; null for null. */
export const ConvertsToBoolean = (a: Value): boolean | null => converts(a, ToBoolean(a));
export const ConvertsToDate = (a: Value): boolean | null => converts(a, ToDate(a));
export const ConvertsToDateTime = (a: Value, environment: Environment): boolean | null =>
  converts(a, ToDateTime(a, environment));
export const ConvertsToDecimal = (a: Value): boolean | null => converts(a, ToDecimal(a));
export const ConvertsToInteger = (a: Value): boolean | null => converts(a, ToInteger(a));
export const ConvertsToLong = (a: Value): boolean | null => converts(a, ToLong(a));
export const ConvertsToQuantity = (a: Value): boolean | null => converts(a, ToQuantity(a));
export const ConvertsToRatio = (a: Value): boolean | null => converts(a, ToRatio(a));
export const ConvertsToString = (a: Value, environment: Environment): boolean | null =>
  converts(a, ToString(a, environment));
export const ConvertsToTime = (a: Value): boolean | null => converts(a, ToTime(a));
