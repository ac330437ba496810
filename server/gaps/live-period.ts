import { type MeasurementPeriod, measurementPeriod } from '../../measures/index.ts';
import type { Sql } from '../db/database.ts';

/** A period that is kept live beside the current one: of a contract, of an operator, of the year that has just ended. */
export interface LivePeriod {
  /** '' stands for every live measure. */
  readonly measureUrl: string;
  readonly start: string;
  readonly end: string;
  /** Who asks for it, for people: `operator`, `run-out`, the name of a contract. */
  readonly source: string;
  /** Last day (YYYY-MM-DD) on which it is kept; null: until it is removed. */
  readonly until: string | null;
}

/** A state is kept by the day on which its period starts, so that two periods of a measure cannot start together. */
export class InvalidLivePeriod extends Error {
  override readonly name = 'InvalidLivePeriod';
}

/** The period that a measure has by itself. */
export interface OwnPeriod {
  readonly measureUrl: string;
  readonly start: string;
  readonly end: string;
}

/**
 * Keeps the gaps of a period live from now on. Adding what is there changes its end.
 * @param ownPeriods what the tenant's measures have by themselves on the day on which the period starts
 * @throws InvalidPeriod when the dates are none
 * @throws InvalidLivePeriod when a period that starts on the same day and ends on another is kept already, or is a
 *   measure's own: then, before, or when its year comes
 */
export async function addLivePeriod(
  sql: Sql,
  tenant: string,
  period: LivePeriod,
  ownPeriods: (day: string) => Promise<readonly OwnPeriod[]>,
): Promise<LivePeriod> {
  const { start, end } = measurementPeriod(period.start, period.end);
  const own = (await ownPeriods(start)).find(
    (other) =>
      other.start === start &&
      other.end !== end &&
      (period.measureUrl === '' || period.measureUrl === other.measureUrl),
  );
  if (own !== undefined)
    throw new InvalidLivePeriod(
      `${own.measureUrl} has a period of its own from ${start} to ${own.end}: another that starts on the same day cannot be kept beside it. ` +
        `Keep that one, or begin on another day`,
    );
  const others = (await livePeriods(sql, tenant)).filter(
    (other) =>
      other.start === start &&
      other.end !== end &&
      !(other.measureUrl === period.measureUrl && other.source === period.source) &&
      (other.measureUrl === period.measureUrl || other.measureUrl === '' || period.measureUrl === ''),
  );
  if (others[0] !== undefined)
    throw new InvalidLivePeriod(
      `${others[0].source} keeps the period from ${start} to ${others[0].end}: another that starts on the same day cannot be kept beside it`,
    );
  await sql.query(
    `INSERT INTO live_period (tenant, measure_url, period_start, period_end, source, until)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (tenant, measure_url, period_start, source) DO UPDATE
       SET period_end = excluded.period_end, until = excluded.until`,
    [tenant, period.measureUrl, start, end, period.source, period.until],
  );
  return { ...period, start, end };
}

/** @returns whether there was one */
export async function removeLivePeriod(
  sql: Sql,
  tenant: string,
  { measureUrl, start, source }: Pick<LivePeriod, 'measureUrl' | 'start' | 'source'>,
): Promise<boolean> {
  const { rowCount } = await sql.query(
    'DELETE FROM live_period WHERE tenant = $1 AND measure_url = $2 AND period_start = $3 AND source = $4',
    [tenant, measureUrl, measurementPeriod(start, '9999-12-31').start, source],
  );
  return rowCount !== 0;
}

/** All that are kept or were, in the order of their start. */
export async function livePeriods(sql: Sql, tenant: string): Promise<LivePeriod[]> {
  const { rows } = await sql.query<LivePeriod>(
    `SELECT measure_url AS "measureUrl", period_start::text AS start, period_end::text AS "end", source, until::text
     FROM live_period WHERE tenant = $1 ORDER BY period_start, measure_url, source`,
    [tenant],
  );
  return rows;
}

/** Whether a measure's period is asked for on a day. */
export function isKept(period: LivePeriod, measureUrl: string, day: string): boolean {
  return (
    (period.measureUrl === '' || period.measureUrl === measureUrl) && (period.until === null || period.until >= day)
  );
}

/** The period as a MeasurementPeriod. */
export function periodOf({ start, end }: LivePeriod): MeasurementPeriod {
  return { start, end };
}
