import { dayOf, hourOf, millisecondOf, minuteOf, monthOf, secondOf, yearOf } from './calendar.ts';
import type { CqlDate, CqlDateTime, CqlTime } from './date-time.ts';

const padded = (value: number, length: number): string => String(value).padStart(length, '0');

function datePart(date: number, precision: number): string {
  const year = padded(yearOf(date), 4);
  if (precision === 1) return year;
  const month = padded(monthOf(date), 2);
  return precision === 2 ? `${year}-${month}` : `${year}-${month}-${padded(dayOf(date), 2)}`;
}

function timePart(time: number, precision: number): string {
  const hour = padded(hourOf(time), 2);
  if (precision === 4) return hour;
  const minutes = `${hour}:${padded(minuteOf(time), 2)}`;
  if (precision === 5) return minutes;
  const seconds = `${minutes}:${padded(secondOf(time), 2)}`;
  return precision === 6 ? seconds : `${seconds}.${padded(millisecondOf(time), 3)}`;
}

/** ISO 8601, as precise as the value. */
export function formatDate(value: CqlDate): string {
  return datePart(value.date, value.precision);
}

export function formatTime(value: CqlTime): string {
  return timePart(value.time, value.precision);
}

/** ISO 8601, as precise as the value; with its offset where it has a time. */
export function formatDateTime(value: CqlDateTime): string {
  if (value.precision <= 3) return datePart(value.date, value.precision);
  return `${formatLocal(value)}${formatOffset(value.offset)}`;
}

/** Without the offset. */
export function formatLocal(value: CqlDateTime): string {
  if (value.precision <= 3) return datePart(value.date, value.precision);
  return `${datePart(value.date, 3)}T${timePart(value.time, value.precision)}`;
}

export function formatOffset(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${padded(Math.trunc(size / 60), 2)}:${padded(size % 60, 2)}`;
}
