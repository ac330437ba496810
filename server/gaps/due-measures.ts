import type { Sql } from '../db/database.ts';
import type { Claim } from './change-feed.ts';
import type { LiveMeasure } from './live-plan.ts';
import type { CauseKind } from './patient-outcome.ts';
import type { Reaches } from './reach.ts';

/** A measure that is to be evaluated for a patient, and why. */
export interface DueMeasure {
  readonly live: LiveMeasure;
  readonly cause: CauseKind;
}

/** What the state has of one patient, measure and period. */
export interface KnownMeasure {
  readonly patient: string;
  readonly measureUrl: string;
  readonly measureVersion: string;
  readonly periodStart: string;
  readonly periodEnd: string;
  readonly groups: readonly string[];
  readonly hashes: readonly string[];
  readonly failed: boolean;
  readonly validFrom: string | null;
  readonly validUntil: string | null;
  readonly offsets: readonly string[];
}

/** By patient: of which measures, content and days the state is. */
export async function knownMeasures(
  sql: Sql,
  tenant: string,
  patients: readonly string[],
): Promise<ReadonlyMap<string, readonly KnownMeasure[]>> {
  const { rows } = await sql.query<KnownMeasure>(
    `SELECT patient, measure_url AS "measureUrl", measure_version AS "measureVersion", period_start::text AS "periodStart",
            max(period_end)::text AS "periodEnd", array_agg(group_id) AS groups, array_agg(DISTINCT content_hash) AS hashes,
            bool_or(status IS NOT DISTINCT FROM 'error') AS failed, max(valid_from)::text AS "validFrom",
            min(valid_until)::text AS "validUntil", array_agg(DISTINCT utc_offset) AS offsets
     FROM gap_state WHERE patient = ANY ($2) AND tenant = $1 AND live GROUP BY 1, 2, 3, 4`,
    [tenant, patients],
  );
  return Map.groupBy(rows, ({ patient }) => patient);
}

/**
 * The measures to evaluate for a claimed patient: those that what changed can touch, and those whose state is not there,
 * not of this content or day, or failed. Whatever brought the patient onto the feed, the state is right afterwards.
 *
 * @param now ISO date-time with offset, in the timezone of the practice
 */
export function dueMeasures(
  claim: Claim,
  planned: readonly LiveMeasure[],
  known: readonly KnownMeasure[],
  reaches: Reaches,
  now: string,
): DueMeasure[] {
  return planned.flatMap((live): DueMeasure[] => {
    const cause = causeOf(claim, live, known, reaches, now);
    return cause === null ? [] : [{ live, cause }];
  });
}

function causeOf(
  claim: Claim,
  { measure, period, packed, groups }: LiveMeasure,
  known: readonly KnownMeasure[],
  reaches: Reaches,
  now: string,
): CauseKind | null {
  const stored = known.find(
    ({ measureUrl, measureVersion, periodStart }) =>
      measureUrl === measure.url && measureVersion === (measure.version ?? '') && periodStart === period.start,
  );
  const touched = reaches.of(packed).touchedBy(claim.changed);
  const ofData = touched && claim.resourceTypes.length > 0;
  if (stored === undefined) return ofData ? 'data' : 'measures';
  const sameGroups =
    stored.groups.length === groups.length && groups.every(({ id }) => stored.groups.includes(id ?? ''));
  const sameContent = stored.hashes.every((hash) => hash === packed.hash) && stored.periodEnd === period.end;
  if (!sameGroups || !sameContent) return 'measures';
  if (ofData) return 'data';
  if (touched) return 'measures';
  const today = now.slice(0, 10);
  const holds =
    (stored.validFrom === null || stored.validFrom <= today) &&
    (stored.validUntil === null || stored.validUntil >= today) &&
    stored.offsets.every((offset) => offset === now.slice(-6));
  if (!holds) return 'time';
  if (!stored.failed) return null;
  return claim.resourceTypes.length > 0 ? 'data' : 'time';
}

/**
 * Queues patients whose state is not of today: a period ended, a window opened or passed, a measure reads the clock, the
 * clock was set back, the offset changed with summer time. Any number of workers may call it: a patient waits once.
 *
 * @param limit rows of the state to look at, of each kind
 * @returns how many were queued
 */
export async function queueDuePatients(sql: Sql, tenant: string, now: string, limit: number): Promise<number> {
  const { rowCount } = await sql.query(
    `INSERT INTO change_feed (patient, tenant, background)
     SELECT patient, $1, true FROM (
       (SELECT patient FROM gap_state WHERE tenant = $1 AND live AND valid_until < $2::date ORDER BY valid_until LIMIT $4)
       UNION (SELECT patient FROM gap_state WHERE tenant = $1 AND live AND valid_from > $2::date LIMIT $4)
       UNION (SELECT patient FROM gap_state WHERE tenant = $1 AND live AND utc_offset < $3 LIMIT $4)
       UNION (SELECT patient FROM gap_state WHERE tenant = $1 AND live AND utc_offset > $3 LIMIT $4)
     ) AS due ORDER BY patient COLLATE "C"
     ON CONFLICT (patient, tenant) DO NOTHING`,
    [tenant, now.slice(0, 10), now.slice(-6), limit],
  );
  return rowCount ?? 0;
}
