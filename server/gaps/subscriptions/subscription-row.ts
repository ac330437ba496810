import { randomUUID } from 'node:crypto';
import type { SubscriptionStatus } from '../../connectors/subscription-states.ts';
import type { SubscriptionTerms } from '../../connectors/subscription-terms.ts';
import type { EventSource } from '../../connectors/subscription-topics.ts';
import type { Sql } from '../../db/database.ts';

/** The terms as they are kept: the topic by its canonical. */
export type KeptTerms = Omit<SubscriptionTerms, 'topic'>;

/** A subscription at work, without its headers: only the deliverer reads those. */
export interface SubscriptionRow {
  readonly tenant: string;
  readonly id: string;
  readonly version: number;
  readonly status: SubscriptionStatus;
  readonly topic: string;
  readonly terms: KeptTerms;
  readonly baseUrl: string;
  readonly source: EventSource;
  readonly position: number;
  readonly lastNumber: number;
  readonly delivered: number;
  readonly failures: number;
  readonly error: string | null;
}

export const rowColumns = `tenant, id, version, status, topic, terms, base_url AS "baseUrl", source, position,
  last_number AS "lastNumber", delivered, failures, error`;

/** @param ids null for all of the tenant. @returns in the order of the ids */
export async function subscriptionRows(
  sql: Sql,
  tenant: string,
  ids: readonly string[] | null,
): Promise<SubscriptionRow[]> {
  const { rows } = await sql.query<SubscriptionRow>(
    `SELECT ${rowColumns} FROM subscription WHERE tenant = $1 AND ($2::text[] IS NULL OR id = ANY ($2)) ORDER BY id`,
    [tenant, ids],
  );
  return rows;
}

/** Locks the row until the transaction ends. @returns with its headers; null when there is none */
export async function lockSubscription(
  sql: Sql,
  tenant: string,
  id: string,
): Promise<{ readonly status: SubscriptionStatus; readonly source: EventSource; readonly headers: string[] } | null> {
  const { rows } = await sql.query<{ status: SubscriptionStatus; source: EventSource; headers: string[] }>(
    'SELECT status, source, headers FROM subscription WHERE tenant = $1 AND id = $2 FOR UPDATE',
    [tenant, id],
  );
  return rows[0] ?? null;
}

export interface NewTerms {
  readonly id: string;
  readonly version: number;
  readonly status: SubscriptionStatus;
  readonly terms: SubscriptionTerms;
  readonly headers: readonly string[];
  readonly baseUrl: string;
  /** Events before now are none of its: it is new, was off, or asks for another source. */
  readonly fromNow: boolean;
}

/**
 * Writes what a client asked for, in the client's transaction. Numbers go on where they were. Whoever delivers by the
 * terms before loses its claim.
 */
export async function writeTerms(sql: Sql, tenant: string, asked: NewTerms): Promise<void> {
  const { id, version, status, headers, baseUrl, fromNow } = asked;
  const { topic, ...terms } = asked.terms;
  await sql.query(
    `INSERT INTO subscription (tenant, id, version, status, topic, terms, headers, base_url, ends_at, source, position,
                               due_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, ${lastOf('$1', '$10')},
             CASE WHEN $4 = 'requested' THEN now() END)
     ON CONFLICT (tenant, id) DO UPDATE SET
       version = excluded.version, status = excluded.status, topic = excluded.topic, terms = excluded.terms,
       headers = excluded.headers, base_url = excluded.base_url, ends_at = excluded.ends_at, source = excluded.source,
       position = CASE WHEN $11 THEN excluded.position ELSE subscription.position END,
       failures = 0, error = NULL, slow = false, due_at = excluded.due_at, claimed_by = NULL, claimed_until = NULL`,
    [
      tenant,
      id,
      version,
      status,
      topic.canonical,
      JSON.stringify(terms),
      headers,
      baseUrl,
      terms.end,
      topic.source,
      fromNow,
    ],
  );
}

/** The number of the latest event of a source, as SQL. */
export function lastOf(tenant: string, source: string): string {
  return `CASE ${source}::text
    WHEN 'gap' THEN coalesce((SELECT last FROM gap_event_number AS n WHERE n.tenant = ${tenant}), 0)
    ELSE coalesce((SELECT last FROM group_event_number AS n WHERE n.tenant = ${tenant}), 0) END`;
}

/** With its events; a notification that is under way is the last. */
export async function removeSubscription(sql: Sql, tenant: string, id: string): Promise<void> {
  await sql.query('DELETE FROM subscription WHERE tenant = $1 AND id = $2', [tenant, id]);
}

/** Name of one who claims subscriptions. */
export function claimant(): string {
  return randomUUID();
}
