/** Milliseconds since 1970, [low, high): all instants that a FHIR date of some precision may mean. */
export interface DateRange {
  readonly low: number;
  readonly high: number;
}

const pattern = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$/;

/** The range of a date, dateTime or instant; a time without an offset is read as UTC. Null when it is none. */
export function dateRange(text: string): DateRange | null {
  const match = pattern.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction, offset] = match;
  const start = (y: number, m: number, d: number): number => {
    const at = new Date(0);
    at.setUTCFullYear(y, m, d);
    return at.getTime();
  };
  const y = Number(year);
  const m = Number(month ?? 1) - 1;
  const d = Number(day ?? 1);
  const low = start(y, m, d);
  if (m > 11 || m < 0 || new Date(low).getUTCDate() !== d) return null;
  if (month === undefined) return { low, high: start(y + 1, 0, 1) };
  if (day === undefined) return { low, high: start(y, m + 1, 1) };
  if (hour === undefined) return { low, high: low + 86_400_000 };
  if (Number(hour) > 24 || Number(minute) > 59 || Number(second ?? 0) > 60) return null;
  const milliseconds = fraction === undefined ? 0 : Math.trunc(Number(`0.${fraction}`) * 1000 + 1e-6);
  const time = (Number(hour) * 60 + Number(minute) - offsetMinutes(offset)) * 60_000 + Number(second ?? 0) * 1000;
  const precision = second === undefined ? 60_000 : fraction === undefined ? 1000 : 1;
  return { low: low + time + milliseconds, high: low + time + milliseconds + precision };
}

function offsetMinutes(offset: string | undefined): number {
  if (offset === undefined || offset === 'Z') return 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6));
  return offset.startsWith('-') ? -minutes : minutes;
}

/** As PostgreSQL's timestamptz reads it, infinities included. */
export function timestamp(milliseconds: number): string {
  if (milliseconds === Number.NEGATIVE_INFINITY) return '-infinity';
  if (milliseconds === Number.POSITIVE_INFINITY) return 'infinity';
  const year = new Date(milliseconds).getUTCFullYear();
  return year >= 1 && year <= 9999 ? new Date(milliseconds).toISOString() : year < 1 ? '-infinity' : 'infinity';
}
