import { stepOf } from './calendar-arithmetic.ts';
import { maxInteger, maxLong, minInteger, minLong } from './range.ts';
import { CqlDate, CqlDateTime, CqlTime } from './values/date-time.ts';
import { addDecimals, compareDecimals, Decimal, maxDecimal, minDecimal } from './values/decimal.ts';
import { Quantity } from './values/quantity.ts';
import type { Value } from './values/value.ts';

const decimalSteps = { '1': new Decimal(1, null, 8), '-1': new Decimal(-1, null, 8) };

/** The neighbouring value of the same type and precision; null at the end of the type's range and for types without order. */
export function neighbour(value: Value, direction: 1 | -1): Value {
  if (typeof value === 'number')
    return value === (direction === 1 ? maxInteger : minInteger) ? null : value + direction;
  if (value instanceof CqlDateTime || value instanceof CqlDate || value instanceof CqlTime)
    return stepOf(value, direction);
  if (value instanceof Decimal) return neighbourOfDecimal(value, direction);
  if (value instanceof Quantity) {
    const next = neighbourOfDecimal(value.value, direction);
    return next === null ? null : new Quantity(next, value.unit);
  }
  if (typeof value === 'bigint')
    return value === (direction === 1 ? maxLong : minLong) ? null : value + BigInt(direction);
  return null;
}

function neighbourOfDecimal(value: Decimal, direction: 1 | -1): Decimal | null {
  if (compareDecimals(value, direction === 1 ? maxDecimal : minDecimal) === 0) return null;
  return addDecimals(value, decimalSteps[direction]);
}
