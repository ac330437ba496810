/** The proleptic Gregorian calendar in small integers. */

/** `year << 9 | month << 5 | day`: whole dates compare as numbers, months as `>> 5`, years as `>> 9`. */
export function packDate(year: number, month: number, day: number): number {
  return (year << 9) | (month << 5) | day;
}

export const yearOf = (date: number): number => date >> 9;
export const monthOf = (date: number): number => (date >> 5) & 15;
export const dayOf = (date: number): number => date & 31;

/** `hour << 22 | minute << 16 | second << 10 | millisecond`. */
export function packTime(hour: number, minute: number, second: number, millisecond: number): number {
  return (hour << 22) | (minute << 16) | (second << 10) | millisecond;
}

export const hourOf = (time: number): number => time >> 22;
export const minuteOf = (time: number): number => (time >> 16) & 63;
export const secondOf = (time: number): number => (time >> 10) & 63;
export const millisecondOf = (time: number): number => time & 1023;

export const millisecondsPerDay = 86_400_000;

export function timeToMilliseconds(time: number): number {
  return hourOf(time) * 3_600_000 + minuteOf(time) * 60_000 + secondOf(time) * 1_000 + millisecondOf(time);
}

/** @param milliseconds of the day, 0 to 86,399,999 */
export function timeFromMilliseconds(milliseconds: number): number {
  const seconds = Math.trunc(milliseconds / 1_000);
  const minutes = Math.trunc(seconds / 60);
  return packTime(Math.trunc(minutes / 60), minutes % 60, seconds % 60, milliseconds % 1_000);
}

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days since 1970-01-01 of a whole date, by counting years from March. */
export function dayNumber(date: number): number {
  const month = monthOf(date);
  const year = month <= 2 ? yearOf(date) - 1 : yearOf(date);
  const century = Math.floor(year / 400);
  const yearOfCentury = year - century * 400;
  const dayOfYear = Math.trunc((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + dayOf(date) - 1;
  const dayOfCentury = yearOfCentury * 365 + (yearOfCentury >> 2) - Math.trunc(yearOfCentury / 100) + dayOfYear;
  return century * 146_097 + dayOfCentury - 719_468;
}

/** The whole date of a day number; years outside 1 to 9999 give a year that `inRange` refuses. */
export function dateOfDayNumber(days: number): number {
  const shifted = days + 719_468;
  const century = Math.floor(shifted / 146_097);
  const dayOfCentury = shifted - century * 146_097;
  const yearOfCentury = Math.trunc(
    (dayOfCentury -
      Math.trunc(dayOfCentury / 1_460) +
      Math.trunc(dayOfCentury / 36_524) -
      Math.trunc(dayOfCentury / 146_096)) /
      365,
  );
  const dayOfYear = dayOfCentury - (365 * yearOfCentury + (yearOfCentury >> 2) - Math.trunc(yearOfCentury / 100));
  const shiftedMonth = Math.trunc((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.trunc((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return packDate(yearOfCentury + century * 400 + (month <= 2 ? 1 : 0), month, day);
}

/** CQL's dates run from year 1 to year 9999. */
export function isYearInRange(year: number): boolean {
  return year >= 1 && year <= 9999;
}
