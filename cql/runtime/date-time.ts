import type { Environment } from './environment.ts';
import { CqlRuntimeError } from './errors.ts';
import { asDecimal } from './order.ts';
import {
  dayOf,
  daysInMonth,
  hourOf,
  isYearInRange,
  millisecondOf,
  minuteOf,
  monthOf,
  packDate,
  packTime,
  secondOf,
  yearOf,
} from './values/calendar.ts';
import { CqlDate, CqlDateTime, CqlTime } from './values/date-time.ts';
import { type Decimal, decimalFromNumber, decimalToNumber } from './values/decimal.ts';
import { type Precision, precisions } from './values/precision.ts';
import type { Value } from './values/value.ts';

/**
 * 18.6. DateTime from its parts; the first part that is null ends it. Null without a year.
 * @param offset hours east of UTC; null takes the request's offset
 * @throws CqlRuntimeError for a part out of range
 */
export function NewDateTime(
  year: Value,
  month: Value,
  day: Value,
  hour: Value,
  minute: Value,
  second: Value,
  millisecond: Value,
  offset: Value,
  environment: Environment,
): CqlDateTime | null {
  const date = NewDate(year, month, day);
  if (date === null) return null;
  const hours = asDecimal(offset);
  const minutes = hours === null ? environment.timezoneOffset : Math.round(decimalToNumber(hours) * 60);
  if (Math.abs(minutes) > 14 * 60) throw new CqlRuntimeError('A timezone offset lies between -14 and +14 hours');
  const time = date.precision === precisions.Day ? NewTime(hour, minute, second, millisecond) : null;
  return new CqlDateTime(date.date, time?.time ?? 0, time?.precision ?? date.precision, minutes);
}

/** 18.3. Date from its parts; the first part that is null ends it. @throws CqlRuntimeError for a part out of range */
export function NewDate(year: Value, month: Value, day: Value): CqlDate | null {
  if (typeof year !== 'number') return null;
  if (!isYearInRange(year)) throw new CqlRuntimeError('A year lies between 1 and 9999');
  if (typeof month !== 'number') return new CqlDate(packDate(year, 0, 0), precisions.Year);
  checked(month, 1, 12, 'month');
  if (typeof day !== 'number') return new CqlDate(packDate(year, month, 0), precisions.Month);
  return new CqlDate(packDate(year, month, checked(day, 1, daysInMonth(year, month), 'day')), precisions.Day);
}

/** 18.18. Time from its parts; the first part that is null ends it. @throws CqlRuntimeError for a part out of range */
export function NewTime(hour: Value, minute: Value, second: Value, millisecond: Value): CqlTime | null {
  if (typeof hour !== 'number') return null;
  checked(hour, 0, 23, 'hour');
  if (typeof minute !== 'number') return new CqlTime(packTime(hour, 0, 0, 0), precisions.Hour);
  checked(minute, 0, 59, 'minute');
  if (typeof second !== 'number') return new CqlTime(packTime(hour, minute, 0, 0), precisions.Minute);
  checked(second, 0, 59, 'second');
  if (typeof millisecond !== 'number') return new CqlTime(packTime(hour, minute, second, 0), precisions.Second);
  return new CqlTime(
    packTime(hour, minute, second, checked(millisecond, 0, 999, 'millisecond')),
    precisions.Millisecond,
  );
}

function checked(value: number, least: number, greatest: number, part: string): number {
  if (value < least || value > greatest)
    throw new CqlRuntimeError(`A ${part} lies between ${least} and ${greatest} here`);
  return value;
}

/** 18.13. Now: the time of the request, the same throughout an evaluation. */
export function Now(environment: Environment): CqlDateTime {
  return environment.now;
}

/** 18.22. Today. */
export function Today(environment: Environment): CqlDate {
  return new CqlDate(environment.now.date, precisions.Day);
}

/** 18.21. TimeOfDay. */
export function TimeOfDay(environment: Environment): CqlTime {
  return new CqlTime(environment.now.time, precisions.Millisecond);
}

/** 18.4. DateTimeComponentFrom: null for a part that isn't known. */
export function DateTimeComponentFrom(a: Value, part: Precision): number | null {
  if (!(a instanceof CqlDate || a instanceof CqlDateTime || a instanceof CqlTime) || a.precision < part) return null;
  if (part <= precisions.Day) return a instanceof CqlTime ? null : datePart(a.date, part);
  return a instanceof CqlDate ? null : timePart(a.time, part);
}

function datePart(date: number, part: Precision): number | null {
  if (part === precisions.Year) return yearOf(date);
  if (part === precisions.Month) return monthOf(date);
  return part === precisions.Day ? dayOf(date) : null;
}

function timePart(time: number, part: Precision): number | null {
  if (part === precisions.Hour) return hourOf(time);
  if (part === precisions.Minute) return minuteOf(time);
  if (part === precisions.Second) return secondOf(time);
  return part === precisions.Millisecond ? millisecondOf(time) : null;
}

/** 18.19. TimezoneOffsetFrom, in hours. */
export function TimezoneOffsetFrom(a: Value): Decimal | null {
  return a instanceof CqlDateTime ? decimalFromNumber(a.offset / 60) : null;
}

/** 18.5. DateFrom, in the value's own offset. */
export function DateFrom(a: Value): CqlDate | null {
  if (a instanceof CqlDate) return a;
  if (!(a instanceof CqlDateTime)) return null;
  const isWhole = a.precision >= precisions.Day;
  return new CqlDate(a.date, isWhole ? precisions.Day : a.precision);
}

/** 18.17. TimeFrom, in the value's own offset; null where no hour is known. */
export function TimeFrom(a: Value): CqlTime | null {
  return a instanceof CqlDateTime && a.precision > precisions.Day ? new CqlTime(a.time, a.precision) : null;
}
