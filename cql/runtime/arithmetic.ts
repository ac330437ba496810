import { addToDate, addToDateTime, addToTime } from './calendar-arithmetic.ts';
import { CqlRuntimeError } from './errors.ts';
import { asDecimal, asUncertainty } from './order.ts';
import { integerPower, positiveLogarithm } from './powers.ts';
import { maxInteger, maxLong, minInteger, minLong } from './range.ts';
import { calendarUnitOf, combinedUnit, inFinerUnit, inUnitOf } from './units.ts';
import { CqlDate, CqlDateTime, CqlTime } from './values/date-time.ts';
import {
  addDecimals,
  bigUnits,
  Decimal,
  decimalToNumber,
  divideDecimals,
  multiplyDecimals,
  negateDecimal,
  remainderOfDecimals,
  roundDecimal,
  subtractDecimals,
  truncateDecimal,
  truncatedDivideDecimals,
  unitsPerOne,
} from './values/decimal.ts';
import { type Precision, precisions } from './values/precision.ts';
import { Quantity } from './values/quantity.ts';
import { Uncertainty, type Value } from './values/value.ts';

/** Results beyond the range of their type are null (CQL 1.5, 16). */
const integer = (value: number): number | null => (value >= minInteger && value <= maxInteger ? value + 0 : null);
const long = (value: bigint): bigint | null => (value >= minLong && value <= maxLong ? value : null);

/** 16.2. Add: numbers, quantities, dates and times plus a duration, strings, and uncertain durations. */
export function Add(a: Value, b: Value): Value {
  if (typeof a === 'number' && typeof b === 'number') return integer(a + b);
  if (a === null || b === null) return null;
  if (a instanceof Quantity && b instanceof Quantity) return ofQuantities(a, b, addDecimals);
  if (b instanceof Quantity) return plusDuration(a, b, 1);
  if (typeof a === 'string') return typeof b === 'string' ? a + b : null;
  if (typeof a === 'bigint' && typeof b === 'bigint') return long(a + b);
  return ofUncertain(a, b, (x, y) => x + y) ?? ofDecimals(a, b, addDecimals);
}

/** 16.20. Subtract. */
export function Subtract(a: Value, b: Value): Value {
  if (typeof a === 'number' && typeof b === 'number') return integer(a - b);
  if (a === null || b === null) return null;
  if (a instanceof Quantity && b instanceof Quantity) return ofQuantities(a, b, subtractDecimals);
  if (b instanceof Quantity) return plusDuration(a, b, -1);
  if (typeof a === 'bigint' && typeof b === 'bigint') return long(a - b);
  return ofUncertain(a, b, (x, y) => x - y) ?? ofDecimals(a, b, subtractDecimals);
}

/** 16.14. Multiply. */
export function Multiply(a: Value, b: Value): Value {
  if (typeof a === 'number' && typeof b === 'number') return integer(a * b);
  if (a === null || b === null) return null;
  if (a instanceof Quantity || b instanceof Quantity) {
    const [x, y] = [asQuantity(a), asQuantity(b)];
    const value = x === null || y === null ? null : multiplyDecimals(x.value, y.value);
    return x === null || y === null || value === null
      ? null
      : new Quantity(value, x.unit === '1' ? y.unit : combinedUnit(x.unit, y.unit, 1));
  }
  if (typeof a === 'bigint' && typeof b === 'bigint') return long(a * b);
  return ofUncertain(a, b, (x, y) => x * y) ?? ofDecimals(a, b, multiplyDecimals);
}

/** 16.4. Divide. Always a Decimal or a Quantity; null for division by zero. */
export function Divide(a: Value, b: Value): Value {
  if (a === null || b === null) return null;
  if (a instanceof Quantity || b instanceof Quantity) {
    const [x, y] = [asQuantity(a), asQuantity(b)];
    if (x === null || y === null) return null;
    const [dividend, divisor] = y.unit === '1' || x.unit === y.unit ? [x, y] : [x, inUnitOf(y, x.unit) ?? y];
    const value = divideDecimals(dividend.value, divisor.value);
    return value === null ? null : new Quantity(value, combinedUnit(dividend.unit, divisor.unit, -1));
  }
  return ofDecimals(a, b, divideDecimals);
}

/** 16.22. TruncatedDivide. Null for division by zero. @throws CqlRuntimeError for uncertain durations */
export function TruncatedDivide(a: Value, b: Value): Value {
  if (typeof a === 'number' && typeof b === 'number') return b === 0 ? null : integer(Math.trunc(a / b));
  if (a === null || b === null) return null;
  if (typeof a === 'bigint' && typeof b === 'bigint') return b === 0n ? null : long(a / b);
  if (a instanceof Uncertainty || b instanceof Uncertainty)
    throw new CqlRuntimeError(
      "An uncertain duration can't be divided: give the dates the precision that the unit needs",
    );
  return a instanceof Quantity || b instanceof Quantity
    ? partOfQuantity(a, b, truncatedDivideDecimals)
    : ofDecimals(a, b, truncatedDivideDecimals);
}

/** 16.13. Modulo. Null for division by zero. */
export function Modulo(a: Value, b: Value): Value {
  if (typeof a === 'number' && typeof b === 'number') return b === 0 ? null : (a % b) + 0;
  if (a === null || b === null) return null;
  if (typeof a === 'bigint' && typeof b === 'bigint') return b === 0n ? null : a % b;
  return a instanceof Quantity || b instanceof Quantity
    ? partOfQuantity(a, b, remainderOfDecimals)
    : ofDecimals(a, b, remainderOfDecimals);
}

/** 16.17. Power. A negative exponent makes a Decimal of whole operands. */
export function Power(a: Value, b: Value): Value {
  const [base, exponent] = [asDecimal(a), asDecimal(b)];
  if (base === null || exponent === null) return null;
  const value = integerPower(base, exponent);
  if (value === null || exponent.units < 0) return value;
  const whole =
    typeof a === 'bigint' || typeof b === 'bigint'
      ? 'long'
      : typeof a === 'number' && typeof b === 'number'
        ? 'integer'
        : null;
  if (whole === null) return value;
  return whole === 'integer' ? integer(decimalToNumber(value)) : long(bigUnits(value) / BigInt(unitsPerOne));
}

/** 16.10. Log of `a` to the base `b`; null where it isn't defined. */
export function Log(a: Value, b: Value): Value {
  const [value, base] = [asDecimal(a), asDecimal(b)];
  if (value === null || base === null || value.units <= 0 || base.units <= 0) return null;
  return positiveLogarithm(value, base);
}

/** 16.1. Abs. */
export function Abs(a: Value): Value {
  if (typeof a === 'number') return integer(Math.abs(a));
  if (typeof a === 'bigint') return a < 0n ? long(-a) : a;
  if (a instanceof Decimal) return a.units < 0 ? negateDecimal(a) : a;
  return a instanceof Quantity && a.value.units < 0
    ? new Quantity(negateDecimal(a.value), a.unit)
    : a instanceof Quantity
      ? a
      : null;
}

/** 16.15. Negate. */
export function Negate(a: Value): Value {
  if (typeof a === 'number') return integer(0 - a);
  if (typeof a === 'bigint') return long(-a);
  if (a instanceof Decimal) return negateDecimal(a);
  if (a instanceof Uncertainty) return new Uncertainty(0 - a.high, 0 - a.low);
  return a instanceof Quantity ? new Quantity(negateDecimal(a.value), a.unit) : null;
}

/** 16.3. Ceiling: an Integer, null beyond its range. */
export function Ceiling(a: Value): number | null {
  const value = asDecimal(a);
  return value === null ? null : wholeNumber(value, value.units > 0 ? 1 : 0);
}

/** 16.6. Floor: an Integer, null beyond its range. */
export function Floor(a: Value): number | null {
  const value = asDecimal(a);
  return value === null ? null : wholeNumber(value, value.units < 0 ? -1 : 0);
}

/** 16.21. Truncate: an Integer, null beyond its range. */
export function Truncate(a: Value): number | null {
  const value = asDecimal(a);
  return value === null ? null : wholeNumber(value, 0);
}

function wholeNumber(value: Decimal, rest: number): number | null {
  const whole = truncateDecimal(value, 0);
  const cut = whole.units !== value.units || bigUnits(whole) !== bigUnits(value);
  const number = Number(bigUnits(whole) / BigInt(unitsPerOne));
  return integer(number + (cut ? rest : 0));
}

/** 16.19. Round, halves away from zero. No `places` means none behind the point. */
export function Round(a: Value, places: Value = null): Value {
  const digits = typeof places === 'number' ? Math.min(Math.max(places, 0), 8) : 0;
  if (a instanceof Quantity) {
    const value = roundDecimal(a.value, digits);
    return value === null ? null : new Quantity(value, a.unit);
  }
  const value = asDecimal(a);
  return value === null ? null : roundDecimal(value, digits);
}

function ofDecimals(a: Value, b: Value, operator: (a: Decimal, b: Decimal) => Decimal | null): Decimal | null {
  const [x, y] = [asDecimal(a), asDecimal(b)];
  return x === null || y === null ? null : operator(x, y);
}

function ofQuantities(a: Quantity, b: Quantity, operator: (a: Decimal, b: Decimal) => Decimal | null): Quantity | null {
  const [x, y] = inFinerUnit(a, b) ?? [null, null];
  const value = x === null || y === null ? null : operator(x.value, y.value);
  return x === null || value === null ? null : new Quantity(value, x.unit);
}

/** Truncated division and remainder keep the unit of the first operand. */
function partOfQuantity(a: Value, b: Value, operator: (a: Decimal, b: Decimal) => Decimal | null): Quantity | null {
  const [x, y] = [asQuantity(a), asQuantity(b)];
  if (x === null || y === null) return null;
  const divisor = y.unit === '1' ? y : inUnitOf(y, x.unit);
  const value = divisor === null ? null : operator(x.value, divisor.value);
  return value === null ? null : new Quantity(value, x.unit);
}

function asQuantity(value: Value): Quantity | null {
  if (value instanceof Quantity) return value;
  const number = asDecimal(value);
  return number === null ? null : new Quantity(number, '1');
}

/** The least and greatest results that the operands' ranges allow; null where neither is uncertain. */
function ofUncertain(a: Value, b: Value, operator: (a: number, b: number) => number): Value {
  if (!(a instanceof Uncertainty || b instanceof Uncertainty)) return null;
  const [x, y] = [asUncertainty(a), asUncertainty(b)];
  if (x === null || y === null) return null;
  const all = [operator(x.low, y.low), operator(x.low, y.high), operator(x.high, y.low), operator(x.high, y.high)];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  return low === high ? integer(low) : new Uncertainty(low, high);
}

const units: ReadonlyMap<string, Precision> = new Map([
  ['year', precisions.Year],
  ['month', precisions.Month],
  ['week', precisions.Week],
  ['day', precisions.Day],
  ['hour', precisions.Hour],
  ['minute', precisions.Minute],
  ['second', precisions.Second],
  ['millisecond', precisions.Millisecond],
]);

/** The precision that a duration's unit stands for; null for units that aren't durations. */
export function durationUnit(unit: string): Precision | null {
  return units.get(calendarUnitOf(unit) ?? '') ?? null;
}

/**
 * 18.1 and 18.20. A date or time plus (1) or minus (-1) a duration. Places behind the point count for seconds only.
 * @throws CqlRuntimeError when the result is not in the years 1 to 9999
 */
export function plusDuration(a: Value, duration: Quantity, direction: 1 | -1): Value {
  const unit = durationUnit(duration.unit);
  if (unit === null || !(a instanceof CqlDate || a instanceof CqlDateTime || a instanceof CqlTime)) return null;
  const seconds = unit === precisions.Second && duration.value.scale > 0;
  const amount = direction * Math.trunc(decimalToNumber(duration.value) * (seconds ? 1_000 : 1));
  const moved = movedBy(a, amount + 0, seconds ? precisions.Millisecond : unit);
  if (moved === null && !(a instanceof CqlTime)) throw new CqlRuntimeError('A date left the years 1 to 9999');
  return moved;
}

function movedBy(a: CqlDate | CqlDateTime | CqlTime, amount: number, unit: Precision): Value {
  if (a instanceof CqlDateTime) return addToDateTime(a, amount, unit);
  return a instanceof CqlDate ? addToDate(a, amount, unit) : addToTime(a, amount, unit);
}
