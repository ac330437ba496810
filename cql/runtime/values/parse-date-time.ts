import { daysInMonth, packDate, packTime } from './calendar.ts';
import { CqlDate, CqlDateTime, CqlTime } from './date-time.ts';
import type { Precision } from './precision.ts';

/** ISO 8601 as CQL and FHIR write it. Read by hand: this runs for every date of every record. */

const zero = 48;
const dash = 45;
const colon = 58;

/** Two digits at `at`, or -1. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - zero;
  const ones = text.charCodeAt(at + 1) - zero;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}

/** The packed date of the first `length` characters, which are 4, 7 or 10; -1 for no date. */
function readDate(text: string, length: number): number {
  const century = twoDigits(text, 0);
  const years = twoDigits(text, 2);
  const year = century * 100 + years;
  if (century < 0 || years < 0 || year === 0) return -1;
  if (length === 4) return packDate(year, 0, 0);
  const month = twoDigits(text, 5);
  if (text.charCodeAt(4) !== dash || month < 1 || month > 12) return -1;
  if (length === 7) return packDate(year, month, 0);
  const day = twoDigits(text, 8);
  if (text.charCodeAt(7) !== dash || day < 1 || (day > 28 && day > daysInMonth(year, month))) return -1;
  return packDate(year, month, day);
}

/** `YYYY[-MM[-DD]]`; null for anything else. */
export function parseDate(text: string): CqlDate | null {
  const { length } = text;
  if (length !== 10 && length !== 7 && length !== 4) return null;
  const date = readDate(text, length);
  return date < 0 ? null : new CqlDate(date, length === 10 ? 3 : length === 7 ? 2 : 1);
}

/**
 * `YYYY[-MM[-DD[Thh[:mm[:ss[.fff]]][Z|(+|-)hh:mm]]]]`; null for anything else. Places beyond the millisecond are cut.
 * @param offset minutes east of UTC where the text states none
 */
export function parseDateTime(text: string, offset: number): CqlDateTime | null {
  const { length } = text;
  if (length <= 10) {
    const date = parseDate(text);
    return date === null ? null : new CqlDateTime(date.date, 0, date.precision, offset);
  }
  if (text.charCodeAt(10) !== 84) return null;
  const date = readDate(text, 10);
  if (date < 0) return null;
  if (length === 11) return new CqlDateTime(date, 0, 3, offset);
  const end = offsetStart(text, 11);
  const time = readTime(text, 11, end);
  if (time < 0) return null;
  const stated = end === length ? offset : readOffset(text, end);
  return Number.isNaN(stated) ? null : new CqlDateTime(date, time, timePrecision(end - 11), stated);
}

/** `[T]hh[:mm[:ss[.fff]]]`; an offset is read over, for times have none. Null for anything else. */
export function parseTime(text: string): CqlTime | null {
  const start = text.charCodeAt(0) === 84 ? 1 : 0;
  const end = offsetStart(text, start);
  const time = readTime(text, start, end);
  if (time < 0 || (end < text.length && Number.isNaN(readOffset(text, end)))) return null;
  return new CqlTime(time, timePrecision(end - start));
}

function offsetStart(text: string, from: number): number {
  for (let at = from + 2; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 90 || code === 43 || code === dash) return at;
  }
  return text.length;
}

const timePrecision = (length: number): Precision => (length > 8 ? 7 : length === 8 ? 6 : length === 5 ? 5 : 4);

/** The packed time between two positions; -1 for no time. */
function readTime(text: string, start: number, end: number): number {
  const hour = twoDigits(text, start);
  const length = end - start;
  if (hour < 0 || hour > 23 || length < 2) return -1;
  if (length === 2) return packTime(hour, 0, 0, 0);
  const minute = twoDigits(text, start + 3);
  if (text.charCodeAt(start + 2) !== colon || minute < 0 || minute > 59 || length < 5) return -1;
  if (length === 5) return packTime(hour, minute, 0, 0);
  const second = twoDigits(text, start + 6);
  if (text.charCodeAt(start + 5) !== colon || second < 0 || second > 59 || length < 8) return -1;
  if (length === 8) return packTime(hour, minute, second, 0);
  if (text.charCodeAt(start + 8) !== 46 || length === 9) return -1;
  let milliseconds = 0;
  for (let at = start + 9; at < end; at += 1) {
    const digit = text.charCodeAt(at) - zero;
    if (digit < 0 || digit > 9) return -1;
    if (at < start + 12) milliseconds = milliseconds * 10 + digit;
  }
  for (let digits = length - 9; digits < 3; digits += 1) milliseconds *= 10;
  return packTime(hour, minute, second, milliseconds);
}

/** Minutes east of UTC; NaN for no offset. */
function readOffset(text: string, at: number): number {
  const sign = text.charCodeAt(at);
  if (sign === 90) return text.length === at + 1 ? 0 : Number.NaN;
  const hours = twoDigits(text, at + 1);
  const minutes = twoDigits(text, at + 4);
  if (
    text.length !== at + 6 ||
    text.charCodeAt(at + 3) !== colon ||
    hours < 0 ||
    hours > 14 ||
    minutes < 0 ||
    minutes > 59
  )
    return Number.NaN;
  return (hours * 60 + minutes) * (sign === dash ? -1 : 1);
}
