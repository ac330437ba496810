import { localMilliseconds } from './calendar-arithmetic.ts';
import { earliestDate, latestDate, latestTime } from './range.ts';
import {
  dayNumber,
  dayOf,
  daysInMonth,
  millisecondsPerDay,
  monthOf,
  timeToMilliseconds,
  yearOf,
} from './values/calendar.ts';
import { atOffset, CqlDate, CqlDateTime, CqlTime } from './values/date-time.ts';
import { type Precision, precisions } from './values/precision.ts';
import { Uncertainty, type Value } from './values/value.ts';

/**
 * 18.11. DurationBetween: whole periods that fit between two values, negative when `b` comes first. Where a value is not known
 * to the precision that the count depends on, the result is an Uncertainty. Null for values of different types.
 */
export function DurationBetween(a: Value, b: Value, precision: Precision): number | Uncertainty | null {
  if (a instanceof CqlDate && b instanceof CqlDate) return durationOfDates(a, b, precision);
  if (a instanceof CqlTime && b instanceof CqlTime) {
    const [low, high] = [lastTime(a.time, a.precision), lastTime(b.time, b.precision)];
    return certain(timeUnits(low, b.time, precision), timeUnits(a.time, high, precision));
  }
  const offset = a instanceof CqlDateTime ? a.offset : b instanceof CqlDateTime ? b.offset : 0;
  const [x, y] = [asDateTime(a, offset), asDateTime(b, offset)];
  if (x === null || y === null) return null;
  if (x.precision >= precisions.Second && y.precision >= precisions.Second) {
    const end = atOffset(y, offset);
    return periods(x.date, x.time, end.date, end.time, precision);
  }
  const [first, last] = [atOffset(earliest(y), offset), atOffset(latest(y), offset)];
  const [xFirst, xLast] = [earliest(x), latest(x)];
  return certain(
    periods(xLast.date, xLast.time, first.date, first.time, precision),
    periods(xFirst.date, xFirst.time, last.date, last.time, precision),
  );
}

function durationOfDates(a: CqlDate, b: CqlDate, precision: Precision): number | Uncertainty | null {
  if (precision > precisions.Day && precision !== precisions.Week) return null;
  if (a.precision === precisions.Day && b.precision === precisions.Day) return periods(a.date, 0, b.date, 0, precision);
  return certain(
    periods(latestDate(a.date, a.precision), 0, earliestDate(b.date, b.precision), 0, precision),
    periods(earliestDate(a.date, a.precision), 0, latestDate(b.date, b.precision), 0, precision),
  );
}

/** Seconds and milliseconds count as one decimal here, so that a time known to the second is exact (CQL 1.5, 5.4). */
function lastTime(time: number, known: number): number {
  return known >= precisions.Second ? time : latestTime(time, known);
}

function certain(low: number, high: number): number | Uncertainty {
  return low === high ? low : new Uncertainty(low, high);
}

/** A date counts as a date-time without a time. */
function asDateTime(value: Value, offset: number): CqlDateTime | null {
  if (value instanceof CqlDateTime) return value;
  return value instanceof CqlDate ? new CqlDateTime(value.date, 0, value.precision, offset) : null;
}

const unitMilliseconds: Readonly<Record<number, number>> = {
  [precisions.Week]: 7 * millisecondsPerDay,
  [precisions.Day]: millisecondsPerDay,
  [precisions.Hour]: 3_600_000,
  [precisions.Minute]: 60_000,
  [precisions.Second]: 1_000,
  [precisions.Millisecond]: 1,
};

function timeUnits(from: number, to: number, precision: Precision): number {
  return Math.trunc((timeToMilliseconds(to) - timeToMilliseconds(from)) / (unitMilliseconds[precision] ?? 1)) + 0;
}

/** Whole periods between two complete points, each a packed date and a packed time. */
function periods(fromDate: number, fromTime: number, toDate: number, toTime: number, precision: Precision): number {
  if (fromDate > toDate || (fromDate === toDate && fromTime > toTime))
    return 0 - periods(toDate, toTime, fromDate, fromTime, precision);
  if (precision === precisions.Year) return Math.trunc(months(fromDate, fromTime, toDate, toTime) / 12);
  if (precision === precisions.Month) return months(fromDate, fromTime, toDate, toTime);
  const days = dayNumber(toDate) - dayNumber(fromDate);
  const milliseconds = fromTime === toTime ? 0 : timeToMilliseconds(toTime) - timeToMilliseconds(fromTime);
  return Math.floor((days * millisecondsPerDay + milliseconds) / (unitMilliseconds[precision] ?? 1));
}

/** A month is full on the same day and time of the next; where that day doesn't exist, on the last day. */
function months(fromDate: number, fromTime: number, toDate: number, toTime: number): number {
  const [year, month] = [yearOf(toDate), monthOf(toDate)];
  const count = (year - yearOf(fromDate)) * 12 + month - monthOf(fromDate);
  const day = dayOf(fromDate) > 28 ? Math.min(dayOf(fromDate), daysInMonth(year, month)) : dayOf(fromDate);
  const reached = dayOf(toDate) > day || (dayOf(toDate) === day && toTime >= fromTime);
  return reached ? count : count - 1;
}

/**
 * 18.10. DifferenceBetween: boundaries of the unit that are crossed from `a` to `b`; weeks begin on Sunday. Of days and above in each
 * value's own offset. An Uncertainty where a value is not known to the unit.
 */
export function DifferenceBetween(a: Value, b: Value, precision: Precision): number | Uncertainty | null {
  if (a instanceof CqlTime && b instanceof CqlTime) {
    const count = (time: number): number => Math.floor(timeToMilliseconds(time) / (unitMilliseconds[precision] ?? 1));
    const [aLast, bLast] = [lastTime(a.time, a.precision), lastTime(b.time, b.precision)];
    return certain(count(b.time) - count(aLast), count(bLast) - count(a.time));
  }
  const coarse = precision <= precisions.Day || precision === precisions.Week;
  if (a instanceof CqlDate && b instanceof CqlDate && !coarse) return null;
  const offset = a instanceof CqlDateTime ? a.offset : b instanceof CqlDateTime ? b.offset : 0;
  const [x, y] = [asDateTime(a, offset), asDateTime(b, offset)];
  if (x === null || y === null) return null;
  const count = (value: CqlDateTime): number => boundariesBefore(coarse ? value : atOffset(value, offset), precision);
  return certain(count(earliest(y)) - count(latest(x)), count(latest(y)) - count(earliest(x)));
}

function earliest(value: CqlDateTime): CqlDateTime {
  return new CqlDateTime(earliestDate(value.date, value.precision), value.time, precisions.Millisecond, value.offset);
}

function latest(value: CqlDateTime): CqlDateTime {
  const [date, time] = [latestDate(value.date, value.precision), lastTime(value.time, value.precision)];
  return new CqlDateTime(date, time, precisions.Millisecond, value.offset);
}

/** How many boundaries of the unit lie before a point, from some fixed one on. */
function boundariesBefore(value: CqlDateTime, precision: Precision): number {
  if (precision === precisions.Year) return yearOf(value.date);
  if (precision === precisions.Month) return yearOf(value.date) * 12 + monthOf(value.date);
  if (precision === precisions.Week) return Math.floor((dayNumber(value.date) + 4) / 7);
  return Math.floor(localMilliseconds(value) / (unitMilliseconds[precision] ?? 1));
}
