import {
  dayOf,
  daysInMonth,
  hourOf,
  minuteOf,
  monthOf,
  packDate,
  packTime,
  secondOf,
  yearOf,
} from './values/calendar.ts';
import { CqlDate, CqlDateTime, CqlTime } from './values/date-time.ts';
import { maxDecimal, minDecimal } from './values/decimal.ts';
import { precisions } from './values/precision.ts';
import { Quantity } from './values/quantity.ts';
import type { PointType, Value } from './values/value.ts';

/** The least and greatest values of the types (ELM 16.11, 16.12), and the least and greatest that an imprecise value can be. */

export const maxInteger = 2_147_483_647;
export const minInteger = -2_147_483_648;
export const maxLong = 9_223_372_036_854_775_807n;
export const minLong = -9_223_372_036_854_775_808n;
const firstDate = packDate(1, 1, 1);
const lastDate = packDate(9999, 12, 31);
const lastTime = packTime(23, 59, 59, 999);

/** @param offset of a DateTime, in minutes */
export function leastOf(type: PointType, offset: number, unit: string): Value {
  switch (type) {
    case 'Integer':
      return minInteger;
    case 'Long':
      return minLong;
    case 'Decimal':
      return minDecimal;
    case 'Date':
      return new CqlDate(firstDate, precisions.Day);
    case 'DateTime':
      return new CqlDateTime(firstDate, 0, precisions.Millisecond, offset);
    case 'Time':
      return new CqlTime(0, precisions.Millisecond);
    case 'Quantity':
      return new Quantity(minDecimal, unit);
  }
}

/** @param offset of a DateTime, in minutes */
export function greatestOf(type: PointType, offset: number, unit: string): Value {
  switch (type) {
    case 'Integer':
      return maxInteger;
    case 'Long':
      return maxLong;
    case 'Decimal':
      return maxDecimal;
    case 'Date':
      return new CqlDate(lastDate, precisions.Day);
    case 'DateTime':
      return new CqlDateTime(lastDate, lastTime, precisions.Millisecond, offset);
    case 'Time':
      return new CqlTime(lastTime, precisions.Millisecond);
    case 'Quantity':
      return new Quantity(maxDecimal, unit);
  }
}

/** A packed date with its unknown parts at their least. */
export function earliestDate(date: number, known: number): number {
  if (known >= precisions.Day) return date;
  return packDate(yearOf(date), known >= precisions.Month ? monthOf(date) : 1, 1);
}

/** A packed date with its unknown parts at their greatest. */
export function latestDate(date: number, known: number): number {
  if (known >= precisions.Day) return date;
  const month = known >= precisions.Month ? monthOf(date) : 12;
  return packDate(yearOf(date), month, daysInMonth(yearOf(date), month));
}

/** A packed time with its unknown parts at their greatest; the least is the packed time itself. */
export function latestTime(time: number, known: number): number {
  if (known >= precisions.Millisecond) return time;
  return packTime(
    known >= precisions.Hour ? hourOf(time) : 23,
    known >= precisions.Minute ? minuteOf(time) : 59,
    known >= precisions.Second ? secondOf(time) : 59,
    999,
  );
}

/** A packed date or time as far as a precision, the rest 0. */
export function cutDate(date: number, precision: number): number {
  return packDate(
    yearOf(date),
    precision >= precisions.Month ? monthOf(date) : 0,
    precision >= precisions.Day ? dayOf(date) : 0,
  );
}

export function cutTime(time: number, precision: number): number {
  if (precision >= precisions.Millisecond) return time;
  return packTime(
    precision >= precisions.Hour ? hourOf(time) : 0,
    precision >= precisions.Minute ? minuteOf(time) : 0,
    precision >= precisions.Second ? secondOf(time) : 0,
    0,
  );
}
