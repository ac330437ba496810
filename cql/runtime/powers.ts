import { CqlRuntimeError } from './errors.ts';
import { asDecimal } from './order.ts';
import {
  bigUnits,
  type Decimal,
  decimalFromBig,
  decimalFromNumber,
  decimalOne,
  decimalToNumber,
  isWhole,
  roundedQuotient,
  unitsPerOne,
  withoutTrailingZeros,
} from './values/decimal.ts';
import type { Value } from './values/value.ts';

/** Powers and logarithms: exact for whole exponents, otherwise to the precision of a double, rounded to 8 places. */

const one = BigInt(unitsPerOne);

/** Null where the result isn't real or out of range. */
export function integerPower(base: Decimal, exponent: Decimal): Decimal | null {
  if (exponent.units === 0) return decimalOne;
  if (base.units === 0) return exponent.units > 0 ? base : null;
  const power = decimalToNumber(exponent);
  if (!isWhole(exponent) || Math.abs(power) > 10_000) return decimalFromNumber(decimalToNumber(base) ** power);
  const digits = Math.log10(Math.abs(decimalToNumber(base))) * power;
  if (digits > 29) return null;
  if (digits < -9) return decimalFromNumber(0);
  const times = Math.abs(power);
  const [value, unit] = [bigUnits(base) ** BigInt(times), one ** BigInt(times)];
  const units = power > 0 ? roundedQuotient(value * one, unit) : roundedQuotient(unit * one, value);
  const result = decimalFromBig(units, 8);
  return result === null ? null : withoutTrailingZeros(result);
}

/** Null for the base one. */
export function positiveLogarithm(value: Decimal, base: Decimal): Decimal | null {
  const divisor = Math.log(decimalToNumber(base));
  return divisor === 0 ? null : decimalFromNumber(Math.log(decimalToNumber(value)) / divisor);
}

/** 16.5. Exp. @throws CqlRuntimeError when the result is out of range */
export function Exp(a: Value): Decimal | null {
  const value = asDecimal(a);
  if (value === null) return null;
  const result = decimalFromNumber(Math.exp(decimalToNumber(value)));
  if (result === null) throw new CqlRuntimeError('The result of Exp is beyond the range of Decimal');
  return result;
}

/** 16.9. Ln; null for negative numbers. @throws CqlRuntimeError for zero */
export function Ln(a: Value): Decimal | null {
  const value = asDecimal(a);
  if (value === null || value.units < 0) return null;
  if (value.units === 0) throw new CqlRuntimeError('Ln of zero is not defined');
  return decimalFromNumber(Math.log(decimalToNumber(value)));
}
