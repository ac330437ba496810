import { cutDate, cutTime, earliestDate } from './range.ts';
import {
  dateOfDayNumber,
  dayNumber,
  dayOf,
  daysInMonth,
  isYearInRange,
  millisecondsPerDay,
  monthOf,
  packDate,
  timeFromMilliseconds,
  timeToMilliseconds,
  yearOf,
} from './values/calendar.ts';
import { CqlDate, CqlDateTime, CqlTime } from './values/date-time.ts';
import { type Precision, precisions } from './values/precision.ts';

/** Dates and times plus whole calendar durations (CQL 1.5, 5.6), and steps of the least unit of a precision. */

const millisecondsIn: Readonly<Record<number, number>> = {
  [precisions.Week]: 7 * millisecondsPerDay,
  [precisions.Day]: millisecondsPerDay,
  [precisions.Hour]: 3_600_000,
  [precisions.Minute]: 60_000,
  [precisions.Second]: 1_000,
  [precisions.Millisecond]: 1,
};

/**
 * Adds whole units. A unit finer than what the value knows counts as the whole units of the value's precision that it makes
 * up, a month being 30 days and a year 12 months or 365 days. Null when the result leaves the years 1 to 9999.
 */
export function addToDate(value: CqlDate, amount: number, unit: Precision): CqlDate | null {
  const date = movedDate(value.date, value.precision, amount, unit);
  return date === null ? null : new CqlDate(date, value.precision);
}

export function addToDateTime(value: CqlDateTime, amount: number, unit: Precision): CqlDateTime | null {
  const { precision, offset } = value;
  if (precision <= precisions.Day || unit === precisions.Year || unit === precisions.Month) {
    const date = movedDate(value.date, precision, amount, unit);
    return date === null ? null : new CqlDateTime(date, value.time, precision, offset);
  }
  const step = millisecondsIn[Math.min(precision, unit === precisions.Week ? precisions.Day : unit)] ?? 1;
  const moved = Math.trunc((amount * (millisecondsIn[unit] ?? 1)) / step) * step;
  const milliseconds = timeToMilliseconds(value.time) + moved;
  const days = Math.floor(milliseconds / millisecondsPerDay);
  const date = days === 0 ? value.date : dateOfDayNumber(dayNumber(value.date) + days);
  if (!isYearInRange(yearOf(date)) || !Number.isSafeInteger(days)) return null;
  return new CqlDateTime(date, timeFromMilliseconds(milliseconds - days * millisecondsPerDay), precision, offset);
}

/** Times wrap around midnight. */
export function addToTime(value: CqlTime, amount: number, unit: Precision): CqlTime | null {
  const size = millisecondsIn[unit];
  if (size === undefined || unit === precisions.Week || unit === precisions.Day) return null;
  const step = millisecondsIn[Math.min(value.precision, unit)] ?? 1;
  const moved = (timeToMilliseconds(value.time) + Math.trunc((amount * size) / step) * step) % millisecondsPerDay;
  return new CqlTime(timeFromMilliseconds((moved + millisecondsPerDay) % millisecondsPerDay), value.precision);
}

function movedDate(date: number, known: number, amount: number, unit: Precision): number | null {
  if (unit === precisions.Year) return monthsLater(date, known, amount * 12);
  if (unit === precisions.Month)
    return monthsLater(date, known, known >= precisions.Month ? amount : Math.trunc(amount / 12) * 12);
  const days = Math.trunc((amount * (millisecondsIn[unit] ?? 1)) / millisecondsPerDay);
  if (known >= precisions.Day) {
    const moved = dayNumber(date) + days;
    return Math.abs(moved) < 4_000_000 && isYearInRange(yearOf(dateOfDayNumber(moved))) ? dateOfDayNumber(moved) : null;
  }
  return monthsLater(date, known, known === precisions.Month ? Math.trunc(days / 30) : Math.trunc(days / 365) * 12);
}

/** A day that the month doesn't have becomes its last. */
function monthsLater(date: number, known: number, months: number): number | null {
  const month = known >= precisions.Month ? monthOf(date) - 1 : 0;
  const total = yearOf(date) * 12 + month + months;
  const year = Math.floor(total / 12);
  if (!isYearInRange(year)) return null;
  if (known < precisions.Month) return packDate(year, 0, 0);
  const newMonth = total - year * 12 + 1;
  return packDate(year, newMonth, Math.min(dayOf(date), daysInMonth(year, newMonth)));
}

/** The next (1) or previous (-1) value of the same precision; null beyond the range of the type. */
export function stepOf(
  value: CqlDate | CqlDateTime | CqlTime,
  direction: 1 | -1,
): CqlDate | CqlDateTime | CqlTime | null {
  if (value instanceof CqlDateTime) return addToDateTime(value, direction, value.precision);
  if (value instanceof CqlDate) return addToDate(value, direction, value.precision);
  const moved = addToTime(value, direction, value.precision);
  return moved === null || (moved.time - value.time) * direction < 0 ? null : moved;
}

/** The same value known only to `precision`; unchanged where it is known to less. */
export function truncated(
  value: CqlDate | CqlDateTime | CqlTime,
  precision: Precision,
): CqlDate | CqlDateTime | CqlTime {
  if (precision >= value.precision) return value;
  if (value instanceof CqlTime) return new CqlTime(cutTime(value.time, precision), precision);
  if (value instanceof CqlDate) return new CqlDate(cutDate(value.date, precision), precision);
  return new CqlDateTime(cutDate(value.date, precision), cutTime(value.time, precision), precision, value.offset);
}

/** Milliseconds since 1970 in the value's own offset, unknown parts at their least. */
export function localMilliseconds(value: CqlDateTime): number {
  return dayNumber(earliestDate(value.date, value.precision)) * millisecondsPerDay + timeToMilliseconds(value.time);
}
