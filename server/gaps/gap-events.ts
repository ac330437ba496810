import type { Sql } from '../db/database.ts';
import type { GapChange } from './transitions.ts';

/** A gap that opened or closed, as subscribers are told. */
export interface GapEvent {
  /** Counts up by one per tenant without holes, in the order in which the changes were committed. */
  readonly number: number;
  readonly patient: string;
  readonly measureUrl: string;
  /** '' when the measure has none; so with `groupId`. */
  readonly measureVersion: string;
  readonly groupId: string;
  readonly periodStart: string;
  readonly periodEnd: string;
  /** `gap-opened` as well when a prospective gap is open once its period is over. */
  readonly kind: 'gap-opened' | 'gap-closed';
  /** Codes of deqm-gaps-status; null where there was no answer before, or is none any more. */
  readonly from: string | null;
  readonly to: string | null;
  /** Instant of the evaluation. */
  readonly at: string;
  /** With `kind` (`data`, `measures`, `time`) and, for data, `resources`: `Type/id/_history/version`. */
  readonly cause: { readonly kind: string; readonly resources: readonly string[] };
}

interface EventRow extends Omit<GapEvent, 'at'> {
  readonly at: Date;
}

/**
 * The events after a number, oldest first: keep the last number that was delivered, and ask again. What is read once
 * stays so: no event with a lower number is committed later.
 */
export async function eventsAfter(sql: Sql, tenant: string, number: number, limit: number): Promise<GapEvent[]> {
  const { rows } = await sql.query<EventRow>(
    `SELECT number, patient, measure_url AS "measureUrl", measure_version AS "measureVersion", group_id AS "groupId",
            period_start::text AS "periodStart", period_end::text AS "periodEnd", kind, from_status AS "from",
            to_status AS "to", at, cause
     FROM gap_event WHERE tenant = $1 AND number > $2 ORDER BY number LIMIT $3`,
    [tenant, number, limit],
  );
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

/** Number of the latest event; 0 before the first. */
export async function lastEventNumber(sql: Sql, tenant: string): Promise<number> {
  const { rows } = await sql.query<{ last: number }>('SELECT last FROM gap_event_number WHERE tenant = $1', [tenant]);
  return rows[0]?.last ?? 0;
}

/**
 * Numbers and keeps events in the caller's transaction. To be called last in it: until it ends, the tenant's other
 * writers of events wait, which is what makes the order of numbers that of commits.
 */
export async function appendEvents(sql: Sql, tenant: string, events: readonly GapChange[], at: Date): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map(({ cause: { kind, resources }, ...event }) => ({ ...event, cause: { kind, resources } }));
  await sql.query(
    `WITH counter AS (
       INSERT INTO gap_event_number (tenant, last) VALUES ($1, $2::bigint)
       ON CONFLICT (tenant) DO UPDATE SET last = gap_event_number.last + $2::bigint RETURNING last - $2::bigint AS before)
     INSERT INTO gap_event (tenant, number, patient, measure_url, measure_version, group_id, period_start, period_end, kind,
                            from_status, to_status, at, cause)
     SELECT $1, before + position, patient, "measureUrl", "measureVersion", "groupId", "periodStart", "periodEnd", kind,
            "from", "to", $4, cause
     FROM counter, ROWS FROM (jsonb_to_recordset($3::jsonb) AS (patient text, "measureUrl" text, "measureVersion" text,
       "groupId" text, "periodStart" date, "periodEnd" date, kind text, "from" text, "to" text, cause jsonb))
       WITH ORDINALITY AS e (patient, "measureUrl", "measureVersion", "groupId", "periodStart", "periodEnd", kind, "from",
                             "to", cause, position)`,
    [tenant, rows.length, JSON.stringify(rows), at],
  );
}
