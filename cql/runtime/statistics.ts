import { present, Sum } from './aggregate.ts';
import { Divide, Multiply, Subtract } from './arithmetic.ts';
import { compareForSort } from './comparison.ts';
import { asDecimal } from './order.ts';
import { Decimal, decimalFromInteger, decimalFromNumber, decimalToNumber, squareRoot } from './values/decimal.ts';
import { Quantity } from './values/quantity.ts';
import type { Value } from './values/value.ts';

/** Statistics over lists of numbers or quantities (ELM 21). Nulls are left out; nothing gives null. */

/** 21.3. Avg: a Decimal or a Quantity. */
export function Avg(list: Value): Value {
  const items = asDecimals(list);
  return Divide(Sum(items), decimalFromInteger(items.length));
}

/** Whole numbers as decimals, so that sums don't overflow. */
function asDecimals(list: Value): readonly Value[] {
  return present(list).map((item) => (item instanceof Quantity ? item : asDecimal(item)));
}

/** 21.10. Median: the mean of the two in the middle of an even count. */
export function Median(list: Value): Value {
  const sorted = asDecimals(list).toSorted(compareForSort);
  const middle = Math.trunc(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? null) : Avg(sorted.slice(Math.max(middle - 1, 0), middle + 1));
}

/** 21.18. Variance of a sample; null of fewer than two. */
export function Variance(list: Value): Value {
  return variance(list, 1);
}

/** 21.14. PopulationVariance. */
export function PopulationVariance(list: Value): Value {
  return variance(list, 0);
}

function variance(list: Value, lost: 0 | 1): Value {
  const items = asDecimals(list);
  if (items.length <= lost) return null;
  const mean = Avg(items);
  const unit = mean instanceof Quantity ? mean.unit : null;
  const squares = items.map((item) => {
    const distance = plain(Subtract(item, mean));
    return Multiply(distance, distance);
  });
  const value = Divide(Sum(squares), decimalFromInteger(items.length - lost));
  return unit === null || !(value instanceof Decimal) ? value : new Quantity(value, unit);
}

/** Quantities keep their unit in a variance (so cql-execution and HL7's translator have it), not its square. */
const plain = (value: Value): Value => (value instanceof Quantity ? value.value : value);

/** 21.17. StdDev of a sample. */
export function StdDev(list: Value): Value {
  return rooted(Variance(list));
}

/** 21.13. PopulationStdDev. */
export function PopulationStdDev(list: Value): Value {
  return rooted(PopulationVariance(list));
}

function rooted(value: Value): Value {
  if (value instanceof Decimal) return squareRoot(value);
  const root = value instanceof Quantity ? squareRoot(value.value) : null;
  return value instanceof Quantity && root !== null ? new Quantity(root, value.unit) : null;
}

/** 21.5. GeometricMean; null of numbers that aren't positive. */
export function GeometricMean(list: Value): Value {
  const items = present(list).flatMap((item) => asDecimal(item) ?? []);
  if (items.length === 0 || items.some((item) => item.units <= 0)) return null;
  const logarithms = items.map((item) => Math.log(decimalToNumber(item)));
  return decimalFromNumber(Math.exp(logarithms.reduce((sum, value) => sum + value, 0) / items.length));
}
