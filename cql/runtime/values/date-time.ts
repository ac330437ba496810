import { dateOfDayNumber, dayNumber, timeFromMilliseconds, timeToMilliseconds } from './calendar.ts';
import type { Precision } from './precision.ts';

/** Date of CQL (2.3.3), known to the year, the month or the day. */
export class CqlDate {
  /** See packDate; 0 for the parts that are not known. */
  readonly date: number;
  /** Year, Month or Day. */
  readonly precision: Precision;
  constructor(date: number, precision: Precision) {
    this.date = date;
    this.precision = precision;
  }
}

/** Time of CQL, known to the hour, the minute, the second or the millisecond. */
export class CqlTime {
  /** See packTime; 0 for the parts that are not known. */
  readonly time: number;
  /** Hour to Millisecond. */
  readonly precision: Precision;
  constructor(time: number, precision: Precision) {
    this.time = time;
    this.precision = precision;
  }
}

/** DateTime of CQL, known to any precision from the year to the millisecond. */
export class CqlDateTime {
  /** Date in the value's own offset; see packDate. */
  readonly date: number;
  /** Time in the value's own offset; see packTime. */
  readonly time: number;
  readonly precision: Precision;
  /** Minutes east of UTC. A value that was written without an offset has that of the evaluation request. */
  readonly offset: number;
  constructor(date: number, time: number, precision: Precision, offset: number) {
    this.date = date;
    this.time = time;
    this.precision = precision;
    this.offset = offset;
  }
}

/** Minutes per day; a date-time moved to another offset never leaves the neighbouring days. */
const minutesPerDay = 1_440;

/** The same instant, written in another offset. A value without hours stays as it is: it names no instant. */
export function atOffset(value: CqlDateTime, offset: number): CqlDateTime {
  if (value.offset === offset || value.precision < 4) return value;
  const milliseconds = timeToMilliseconds(value.time) + (offset - value.offset) * 60_000;
  const days = Math.floor(milliseconds / (minutesPerDay * 60_000));
  const time = timeFromMilliseconds(milliseconds - days * minutesPerDay * 60_000);
  const kept = value.precision >= 6 ? time : value.precision === 5 ? (time >> 16) << 16 : (time >> 22) << 22;
  const date = days === 0 ? value.date : dateOfDayNumber(dayNumber(value.date) + days);
  return new CqlDateTime(date, kept, value.precision, offset);
}
