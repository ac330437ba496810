import { Add, durationUnit } from './arithmetic.ts';
import { endOf, knownPoint, startOf } from './bounds.ts';
import { truncated } from './calendar-arithmetic.ts';
import { distinctValues } from './distinct.ts';
import type { Environment } from './environment.ts';
import { asDecimal, compare, order } from './order.ts';
import { HighBoundary } from './precision-operators.ts';
import { neighbour } from './steps.ts';
import { inUnitOf } from './units.ts';
import { CqlDate, CqlDateTime, CqlTime } from './values/date-time.ts';
import {
  Decimal,
  decimalToNumber,
  isWhole,
  subtractDecimals,
  tenTo,
  truncateDecimal,
  unitsPerOne,
  withoutTrailingZeros,
} from './values/decimal.ts';
import { type Precision, precisions } from './values/precision.ts';
import { Quantity } from './values/quantity.ts';
import { Interval, isList, type Value } from './values/value.ts';

/**
 * 19.11. Expand: an interval into the starting points of pieces of the size `per`, a list of intervals into the pieces. Only
 * whole pieces; without `per` the unit of the boundaries' precision. Intervals without a known end give nothing.
 * @throws BudgetExceeded
 */
export function Expand(a: Value, per: Value, environment: Environment): readonly Value[] | null {
  const size = per instanceof Quantity ? per : null;
  if (a instanceof Interval) return pieces(a, size, environment).map(([start]) => start);
  if (a === null || !isList(a)) return null;
  const intervals = a.filter((item) => item instanceof Interval);
  const all = intervals.flatMap((interval) =>
    pieces(interval, size, environment).map(([start, end]) => new Interval(start, end, true, true, interval.pointType)),
  );
  return intervals.length > 1 ? distinctValues(all) : all;
}

type Piece = readonly [start: Value, end: Value];

function pieces(interval: Interval, per: Quantity | null, environment: Environment): Piece[] {
  const [low, high] = [knownPoint(startOf(interval)), knownPoint(endOf(interval))];
  if (low === null || high === null) return [];
  if (low instanceof CqlDate || low instanceof CqlDateTime || low instanceof CqlTime)
    return datePieces(low, high, per, environment);
  if (low instanceof Quantity) return high instanceof Quantity ? quantityPieces(low, high, per, environment) : [];
  const size = per === null ? unitOfPrecision(low, high) : per.unit === '1' ? per.value : null;
  return size === null ? [] : numberPieces(low, high, size, environment);
}

function datePieces(
  low: CqlDate | CqlDateTime | CqlTime,
  high: Value,
  per: Quantity | null,
  environment: Environment,
): Piece[] {
  if (!(high instanceof CqlDate || high instanceof CqlDateTime || high instanceof CqlTime)) return [];
  const unit = per === null ? (Math.min(low.precision, high.precision) as Precision) : durationUnit(per.unit);
  if (unit === null) return [];
  const precision = unit === precisions.Week ? precisions.Day : unit;
  if (low.precision < precision || high.precision < precision) return [];
  const step = per ?? new Quantity(new Decimal(unitsPerOne, null, 0), unitNames[precision] ?? 'day');
  const next = (point: Value): Value => Add(point, step);
  return walk(
    truncated(low, precision),
    truncated(high, precision),
    next,
    (following) => neighbour(following, -1),
    environment,
  );
}

const unitNames = ['', 'year', 'month', 'day', 'hour', 'minute', 'second', 'millisecond'];

function quantityPieces(low: Quantity, high: Quantity, per: Quantity | null, environment: Environment): Piece[] {
  const size = per === null ? unitOfPrecision(low.value, high.value) : inUnitOf(per, low.unit)?.value;
  const end = inUnitOf(high, low.unit);
  if (size == null || end === null) return [];
  const inUnit = (value: Value): Value =>
    value === null ? null : new Quantity(asDecimal(value) ?? low.value, low.unit);
  return numberPieces(low.value, end.value, size, environment).map(([start, last]) => [inUnit(start), inUnit(last)]);
}

function unitOfPrecision(low: Value, high: Value): Decimal | null {
  const [a, b] = [asDecimal(low), asDecimal(high)];
  if (a === null || b === null) return null;
  const scale = Math.min(a.scale, b.scale);
  return new Decimal(tenTo(8 - scale), null, scale);
}

function numberPieces(low: Value, high: Value, size: Decimal, environment: Environment): Piece[] {
  if (size.units <= 0) return [];
  const step = withoutTrailingZeros(size);
  if (isWhole(step) && !(low instanceof Decimal) && !(high instanceof Decimal)) {
    const width = typeof low === 'bigint' ? BigInt(decimalToNumber(step)) : decimalToNumber(step);
    return walk(
      low,
      high,
      (point) => Add(point, width),
      (following) => neighbour(following, -1),
      environment,
    );
  }
  const [first, last] = [asDecimal(low), asDecimal(high)];
  if (first === null || last === null) return [];
  const unit = new Decimal(tenTo(8 - step.scale), null, step.scale);
  const end = last.scale < step.scale ? HighBoundary(last, step.scale) : truncateDecimal(last, step.scale);
  const back = (following: Value): Value => (following instanceof Decimal ? subtractDecimals(following, unit) : null);
  return walk(truncateDecimal(first, step.scale), end, (point) => Add(point, step), back, environment);
}

/** All whole pieces from `low` on; each ends just before the next starts. */
function walk(
  low: Value,
  high: Value,
  next: (point: Value) => Value,
  lastBefore: (following: Value) => Value,
  environment: Environment,
): Piece[] {
  const found: Piece[] = [];
  for (let start = low; start !== null; ) {
    environment.budget.step();
    const following = next(start);
    const end = following === null ? null : lastBefore(following);
    const side = compare(end, high, precisions.Unstated);
    if (side !== order.before && side !== order.same) break;
    if (compare(following, start, precisions.Unstated) !== order.after) break;
    found.push([start, end]);
    start = following;
  }
  return found;
}
