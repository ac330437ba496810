import type { CqlValue } from '../../cql/index.ts';
import { InvalidPeriod } from '../errors.ts';
import type { MeasurementPeriod } from './result.ts';

/**
 * The dates of a period: both ends inclusive, at any precision of FHIR's dateTime (`2026`, `2026-02`, `2026-02-03`, or
 * with a time, of which the day is kept: reports show days, deqm-1).
 * @throws InvalidPeriod when an end is no date, or the period ends before it starts
 */
export function measurementPeriod(start: string, end: string): MeasurementPeriod {
  const period = { start: day(start, 'first'), end: day(end, 'last') };
  if (period.end < period.start) throw new InvalidPeriod(`The period ends (${end}) before it starts (${start})`);
  return period;
}

function day(written: string, edge: 'first' | 'last'): string {
  const parts = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:T|$)/.exec(written);
  if (parts === null) throw new InvalidPeriod(`"${written}" is not a date: write it as 2026, 2026-01 or 2026-01-31`);
  const [, year = '', month = edge === 'first' ? '01' : '12', given] = parts;
  const lastOfMonth = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  const date = `${year}-${month}-${given ?? (edge === 'first' ? '01' : String(lastOfMonth).padStart(2, '0'))}`;
  const midnight = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== date)
    throw new InvalidPeriod(`"${written}" is not a date of the calendar`);
  return date;
}

/**
 * "Measurement Period" as CQL sees it: Interval<DateTime>, closed, from the first to the last millisecond of the period
 * in the request's timezone. Official content gives the parameter no default; its expected results hold for this one.
 * @param offset timezone as `+00:00`
 */
export function periodParameter(period: MeasurementPeriod, offset: string): CqlValue {
  return {
    type: 'Interval',
    low: { type: 'DateTime', value: `${period.start}T00:00:00.000${offset}` },
    high: { type: 'DateTime', value: `${period.end}T23:59:59.999${offset}` },
    lowClosed: true,
    highClosed: true,
  };
}

/** Offset of an ISO date-time (`+00:00` for `Z`). @throws InvalidPeriod when it has none */
export function offsetOf(now: string): string {
  const offset = /(Z|[+-]\d\d:\d\d)$/.exec(now)?.[1];
  if (offset === undefined) throw new InvalidPeriod(`"${now}" has no timezone offset`);
  return offset === 'Z' ? '+00:00' : offset;
}
