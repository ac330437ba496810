/**
 * An instant as ISO date-time with the offset of a time zone at that instant: `2026-03-01T07:00:00.000-05:00`. Its first
 * ten characters are the practice's day.
 *
 * @param timezone IANA zone or offset
 */
export function instantIn(instant: Date, timezone: string): string {
  const offset = offsetMinutes(instant, timezone);
  const local = new Date(instant.getTime() + offset * 60_000).toISOString().slice(0, -1);
  const part = (minutes: number): string => String(minutes).padStart(2, '0');
  const size = Math.abs(offset);
  return `${local}${offset < 0 ? '-' : '+'}${part(Math.trunc(size / 60))}:${part(size % 60)}`;
}

/** The day (YYYY-MM-DD) that it is in a time zone. */
export function dayIn(instant: Date, timezone: string): string {
  return instantIn(instant, timezone).slice(0, 10);
}

/** A day so many days later: `dayAfter('2026-12-31', 1)` is `2027-01-01`. */
export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

function offsetMinutes(instant: Date, timezone: string): number {
  const name = new Intl.DateTimeFormat('en', { timeZone: timezone, timeZoneName: 'longOffset' })
    .formatToParts(instant)
    .find(({ type }) => type === 'timeZoneName')?.value;
  const [, sign = '+', hours = '0', minutes = '0'] = /GMT([+-])(\d\d):(\d\d)/.exec(name ?? '') ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
