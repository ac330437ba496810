import {
  CqlDate,
  CqlDateTime,
  CqlTime,
  decimalFromNumber,
  type Precision,
  parseDecimal,
  type Value,
} from '../../runtime/index.ts';
import { daysInMonth, packDate, packTime } from '../../runtime/values/calendar.ts';

/** System values of FHIR primitives (FHIR 4.0.1, 2.24.0.1), read from their JSON. What is no such value gives null. */

const date = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/;
const dateTime =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2})(?::(\d{2})(?::(\d{2})(?:\.(\d+))?)?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$/;
const time = /^(\d{2})(?::(\d{2})(?::(\d{2})(?:\.(\d+))?)?)?$/;

export function dateOf(text: string): CqlDate | null {
  const match = date.exec(text.length > 10 ? text.slice(0, 10) : text);
  if (match === null) return null;
  const [, year, month, day] = match;
  const known: Precision = month === undefined ? 1 : day === undefined ? 2 : 3;
  return isDate(Number(year), Number(month ?? 1), Number(day ?? 1))
    ? new CqlDate(packDate(Number(year), Number(month ?? 0), Number(day ?? 0)), known)
    : null;
}

/** @param offset minutes east of UTC for a date-time that states none */
export function dateTimeOf(text: string, offset: number): CqlDateTime | null {
  const match = dateTime.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  if (!isDate(Number(year), Number(month ?? 1), Number(day ?? 1))) return null;
  if (Number(hour ?? 0) > 24 || Number(minute ?? 0) > 59 || Number(second ?? 0) > 60) return null;
  const known = [year, month, day, hour, minute, second, fraction].indexOf(undefined);
  return new CqlDateTime(
    packDate(Number(year), Number(month ?? 0), Number(day ?? 0)),
    packTime(Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0), milliseconds(fraction)),
    (known === -1 ? 7 : known) as Precision,
    zone === undefined ? offset : minutesOf(zone),
  );
}

export function timeOf(text: string): CqlTime | null {
  const match = time.exec(text);
  if (match === null) return null;
  const [, hour, minute, second, fraction] = match;
  if (Number(hour) > 23 || Number(minute ?? 0) > 59 || Number(second ?? 0) > 59) return null;
  const known = [hour, minute, second, fraction].indexOf(undefined);
  return new CqlTime(
    packTime(Number(hour), Number(minute ?? 0), Number(second ?? 0), milliseconds(fraction)),
    (known === -1 ? 7 : known + 3) as Precision,
  );
}

function isDate(year: number, month: number, day: number): boolean {
  return year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
}

function milliseconds(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Number(fraction.slice(0, 3).padEnd(3, '0'));
}

function minutesOf(zone: string): number {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));
  return zone.startsWith('-') ? -minutes : minutes;
}

/** Dates repeat in a record and are read again for every measure; parsed ones are kept, up to a bound. */
export class Dates {
  static readonly #limit = 20_000;
  readonly #dates = new Map<string, CqlDate | null>();
  readonly #dateTimes = new Map<number, Map<string, CqlDateTime | null>>();

  date(json: unknown): CqlDate | null {
    if (typeof json !== 'string') return null;
    const known = this.#dates.get(json);
    if (known !== undefined) return known;
    const made = dateOf(json);
    if (this.#dates.size >= Dates.#limit) this.#dates.clear();
    this.#dates.set(json, made);
    return made;
  }

  dateTime(json: unknown, offset: number): CqlDateTime | null {
    if (typeof json !== 'string') return null;
    let ofOffset = this.#dateTimes.get(offset);
    if (ofOffset === undefined) {
      ofOffset = new Map();
      this.#dateTimes.set(offset, ofOffset);
    }
    const known = ofOffset.get(json);
    if (known !== undefined) return known;
    const made = dateTimeOf(json, offset);
    if (ofOffset.size >= Dates.#limit) ofOffset.clear();
    ofOffset.set(json, made);
    return made;
  }
}

/** @param system `String`, `Decimal`, ... as the model info names the type of a primitive's `value` */
export function systemValue(json: unknown, system: string, offset: number, dates: Dates): Value {
  if (json === undefined || json === null) return null;
  switch (system) {
    case 'DateTime':
      return dates.dateTime(json, offset);
    case 'Date':
      return dates.date(json);
    case 'Time':
      return typeof json === 'string' ? timeOf(json) : null;
    case 'Decimal':
      return typeof json === 'number' ? decimalFromNumber(json) : typeof json === 'string' ? parseDecimal(json) : null;
    case 'Integer':
      return typeof json === 'number' && Number.isInteger(json) ? json : null;
    case 'Boolean':
      return typeof json === 'boolean' ? json : null;
    default:
      return typeof json === 'string' ? json : typeof json === 'number' ? String(json) : null;
  }
}
