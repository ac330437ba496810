import type { Sql } from '../db/database.ts';
import type { LivePlan } from './live-plan.ts';
import { type RateCounts, summedCounts } from './rate.ts';

/**
 * A point of a trend. `rolling`: the twelve months that end on `date`, a month's last day, evaluated from the data as it
 * is known now. `snapshot`: what the live state said of the measurement period on `date`.
 */
export interface TrendPoint {
  readonly date: string;
  readonly kind: 'rolling' | 'snapshot';
  /** Between 0 and 1; null when nobody was in the denominator. */
  readonly rate: number | null;
  /** Without exclusions and exceptions. */
  readonly numerator: number;
  readonly denominator: number;
}

export interface StoredPoint {
  readonly measureUrl: string;
  readonly measureVersion: string;
  readonly groupId: string;
  readonly date: string;
  readonly kind: TrendPoint['kind'];
  readonly counts: RateCounts;
}

interface PointRow extends RateCounts {
  readonly measureUrl: string;
  readonly measureVersion: string;
  readonly groupId: string;
  readonly date: string;
  readonly kind: TrendPoint['kind'];
}

/** Rolling points of all measures, oldest first. Snapshots are another series: `snapshots`. */
export function trends(sql: Sql, tenant: string): Promise<StoredPoint[]> {
  return points(sql, tenant, 'rolling');
}

/** Daily snapshots of the live state, oldest first. */
export function snapshots(sql: Sql, tenant: string): Promise<StoredPoint[]> {
  return points(sql, tenant, 'snapshot');
}

async function points(sql: Sql, tenant: string, kind: TrendPoint['kind']): Promise<StoredPoint[]> {
  const { rows } = await sql.query<PointRow>(
    `SELECT measure_url AS "measureUrl", measure_version AS "measureVersion", group_id AS "groupId", date::text, kind,
            initial_population AS "initialPopulation", denominator, denominator_exclusion AS "denominatorExclusion",
            denominator_exception AS "denominatorException", numerator, numerator_exclusion AS "numeratorExclusion"
     FROM measure_rate WHERE tenant = $1 AND kind = $2 ORDER BY date`,
    [tenant, kind],
  );
  return rows.map(({ measureUrl, measureVersion, groupId, date, kind: of, ...counts }) => ({
    measureUrl,
    measureVersion,
    groupId,
    date,
    kind: of,
    counts,
  }));
}

/** A point to be stored. */
export interface NewPoint extends StoredPoint {
  readonly periodStart: string;
  readonly periodEnd: string;
  readonly contentHash: string;
}

export async function storePoints(sql: Sql, tenant: string, added: readonly NewPoint[]): Promise<void> {
  for (const { counts, ...point } of added) {
    await sql.query(
      `INSERT INTO measure_rate (tenant, measure_url, measure_version, group_id, kind, date, period_start, period_end,
         initial_population, denominator, denominator_exclusion, denominator_exception, numerator, numerator_exclusion,
         content_hash)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
       ON CONFLICT (tenant, measure_url, measure_version, group_id, kind, date) DO UPDATE SET
         period_start = excluded.period_start, period_end = excluded.period_end,
         initial_population = excluded.initial_population, denominator = excluded.denominator,
         denominator_exclusion = excluded.denominator_exclusion,
         denominator_exception = excluded.denominator_exception, numerator = excluded.numerator,
         numerator_exclusion = excluded.numerator_exclusion, content_hash = excluded.content_hash, computed_at = now()`,
      [
        tenant,
        point.measureUrl,
        point.measureVersion,
        point.groupId,
        point.kind,
        point.date,
        point.periodStart,
        point.periodEnd,
        counts.initialPopulation,
        counts.denominator,
        counts.denominatorExclusion,
        counts.denominatorException,
        counts.numerator,
        counts.numeratorExclusion,
        point.contentHash,
      ],
    );
  }
}

/** Keeps what the live state says today of every current period: one snapshot a day, the last one counts. */
export async function takeSnapshot(
  sql: Sql,
  tenant: string,
  { measures, date: today }: Pick<LivePlan, 'measures' | 'date'>,
): Promise<void> {
  const { rows } = await sql.query<PointRow & { periodStart: string; periodEnd: string; contentHash: string }>(
    `SELECT measure_url AS "measureUrl", measure_version AS "measureVersion", group_id AS "groupId",
            period_start::text AS "periodStart", period_end::text AS "periodEnd", max(content_hash) AS "contentHash",
            ${summedCounts}
     FROM gap_state WHERE tenant = $1 AND live AND $2::date BETWEEN period_start AND period_end GROUP BY 1, 2, 3, 4, 5`,
    [tenant, today],
  );
  const isCurrent = ({ measureUrl, periodStart }: { measureUrl: string; periodStart: string }): boolean =>
    measures.some(({ measure, period }) => measure.url === measureUrl && period.start === periodStart);
  await storePoints(
    sql,
    tenant,
    rows
      .filter(isCurrent)
      .map(({ measureUrl, measureVersion, groupId, periodStart, periodEnd, contentHash, ...counts }) => ({
        measureUrl,
        measureVersion,
        groupId,
        periodStart,
        periodEnd,
        contentHash,
        date: today,
        kind: 'snapshot',
        counts,
      })),
  );
}

/**
 * Which rolling points are there, by `url|version|date|hash`. Those that were computed more than a day ago, before
 * patients were evaluated for the measure, are left out: history that was loaded since may have changed any of them.
 */
export async function knownRollingPoints(sql: Sql, tenant: string): Promise<Set<string>> {
  const { rows } = await sql.query<{ key: string }>(
    `SELECT concat_ws('|', measure_url, measure_version, date, content_hash) AS key
     FROM measure_rate AS r WHERE tenant = $1 AND kind = 'rolling'
       AND (computed_at > now() - interval '1 day'
         OR NOT EXISTS (SELECT FROM gap_state AS s WHERE s.tenant = $1 AND s.measure_url = r.measure_url
                        AND s.live AND s.evaluated_at > r.computed_at))`,
    [tenant],
  );
  return new Set(rows.map(({ key }) => key));
}
