/** A civil day, as days since 1970-01-01. Arithmetic on days needs no time zone and no clock. */
export type Day = number;

/** Thrown when an as-of date is not an ISO date. */
export class NotADate extends Error {
  override readonly name = 'NotADate';
  constructor(text: string) {
    super(`"${text}" is not a date: give it as YYYY-MM-DD`);
  }
}

/** Day of an ISO date. Throws NotADate. */
export function dayOf(date: string): Day {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date);
  if (parts === null) throw new NotADate(date);
  const day = dayFrom(Number(parts[1]), Number(parts[2]), Number(parts[3]));
  if (dateOf(day) !== date) throw new NotADate(date);
  return day;
}

/** Days from civil, by Howard Hinnant's algorithm (proleptic Gregorian). */
export function dayFrom(year: number, month: number, dayOfMonth: number): Day {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + dayOfMonth - 1;
  return era * 146097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719468;
}

function civil(day: Day): { year: number; month: number; dayOfMonth: number } {
  const z = day + 719468;
  const era = Math.floor(z / 146097);
  const dayOfEra = z - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const m = Math.floor((5 * dayOfYear + 2) / 153);
  const month = m < 10 ? m + 3 : m - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    dayOfMonth: dayOfYear - Math.floor((153 * m + 2) / 5) + 1,
  };
}

export function yearOf(day: Day): number {
  return civil(day).year;
}

/** `YYYY-MM-DD`. */
export function dateOf(day: Day): string {
  const { year, month, dayOfMonth } = civil(day);
  return `${year}-${two(month)}-${two(dayOfMonth)}`;
}

/** An instant at a minute of a day in US Eastern time, with the offset that was in force: -05:00, or -04:00 in summer. */
export function instantOf(day: Day, minute: number): string {
  const clock = `${two(Math.floor(minute / 60))}:${two(minute % 60)}:00`;
  return `${dateOf(day)}T${clock}${isDaylightSaving(day) ? '-04:00' : '-05:00'}`;
}

/** Second Sunday of March to first Sunday of November, as since 2007; the changes at 2 a.m. are rounded to the day. */
function isDaylightSaving(day: Day): boolean {
  const year = yearOf(day);
  return day >= sundayFrom(dayFrom(year, 3, 8)) && day < sundayFrom(dayFrom(year, 11, 1));
}

/** The first Sunday on or after a day; 1970-01-01 was a Thursday. */
function sundayFrom(day: Day): Day {
  return day + ((7 - ((((day + 4) % 7) + 7) % 7)) % 7);
}

/** Completed years of age on a day. */
export function ageOn(birth: Day, day: Day): number {
  const from = civil(birth);
  const to = civil(day);
  const before = to.month < from.month || (to.month === from.month && to.dayOfMonth < from.dayOfMonth);
  return to.year - from.year - (before ? 1 : 0);
}

function two(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}
