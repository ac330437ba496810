import type { Sql } from '../../db/database.ts';
import { rowColumns, type SubscriptionRow } from './subscription-row.ts';

/** A subscription that one delivers to, with its secrets. */
export interface ClaimedSubscription extends SubscriptionRow {
  readonly headers: readonly string[];
  readonly claimedBy: string;
  /** The end that was asked for has come. */
  readonly ended: boolean;
  /** A heartbeat is to be sent unless there are events. */
  readonly heartbeat: boolean;
}

const claimedColumns = `${rowColumns}, headers, claimed_by AS "claimedBy", coalesce(ends_at <= now(), false) AS ended,
  coalesce(last_sent_at + (terms ->> 'heartbeatSeconds')::int * interval '1 s' <= now(), false) AS heartbeat`;

/** Whoever waits for slow or failing endpoints must not keep the others waiting, so these have turns of their own. */
export type Turn = 'healthy' | 'troubled';

const turns: Readonly<Record<Turn, string>> = {
  healthy: 'failures = 0 AND NOT slow',
  troubled: '(failures > 0 OR slow)',
};

/** Beyond the timeout of the endpoint, so long has a deliverer to write down what came of it. */
export interface ClaimLength {
  readonly claimMs: number;
}

/** Claims subscriptions that are due. A claim lasts for the endpoint's timeout and `claimMs`. */
export async function claimDue(
  sql: Sql,
  claimant: string,
  turn: Turn,
  limit: number,
  { claimMs }: ClaimLength,
): Promise<ClaimedSubscription[]> {
  const { rows } = await sql.query<ClaimedSubscription>(
    `UPDATE subscription AS s
     SET claimed_by = $1, claimed_until = ${claimEnd('s', '$3')}
     FROM (SELECT tenant AS t, id AS i FROM subscription
           WHERE status IN ('requested', 'active', 'error') AND ${turns[turn]}
             AND (due_at <= now() OR ends_at <= now()) AND (claimed_until IS NULL OR claimed_until < now())
           ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED) AS due
     WHERE s.tenant = due.t AND s.id = due.i
     RETURNING ${claimedColumns}`,
    [claimant, limit, claimMs],
  );
  return rows;
}

function claimEnd(row: string, claimMs: string): string {
  return `now() + ((${row}.terms ->> 'timeoutSeconds')::int * 1000 + ${claimMs}::bigint) * interval '1 ms'`;
}

/** When there is something to do again: at once while anything waits, else when the next heartbeat is to be sent, if any. */
function nextDue(delivered: string, lastSent: string): string {
  return `CASE WHEN status = 'requested' OR (status = 'active' AND last_number > ${delivered}) THEN now()
    WHEN status = 'active' THEN ${lastSent} + (terms ->> 'heartbeatSeconds')::int * interval '1 s' END`;
}

/**
 * Notes that the endpoint accepted what was sent, up to event `delivered`, and keeps the claim.
 *
 * @returns the subscription as it is now; null when the claim is lost: another sends the same again
 */
export async function noteAccepted(
  sql: Sql,
  { tenant, id, claimedBy, version }: ClaimedSubscription,
  delivered: number,
  tookMs: number,
  { claimMs }: ClaimLength,
): Promise<ClaimedSubscription | null> {
  const { rows } = await sql.query<ClaimedSubscription>(
    `UPDATE subscription AS s
     SET delivered = $4, failures = 0, error = NULL, last_sent_at = now(), slow = $5, due_at = ${nextDue('$4::bigint', 'now()')},
         claimed_until = ${claimEnd('s', '$6')}
     WHERE tenant = $1 AND id = $2 AND claimed_by = $3 AND version = $7
     RETURNING ${claimedColumns}`,
    [tenant, id, claimedBy, delivered, tookMs > slowMs, claimMs, version],
  );
  return rows[0] ?? null;
}

const slowMs = 1_000;

/** Notes a failure, and ends the claim: it is due again after a while. */
export async function noteFailure(
  sql: Sql,
  { tenant, id, claimedBy }: ClaimedSubscription,
  error: string,
  retryMs: number,
): Promise<void> {
  await sql.query(
    `UPDATE subscription SET failures = failures + 1, error = $4, due_at = now() + $5::bigint * interval '1 ms',
            claimed_by = NULL, claimed_until = NULL
     WHERE tenant = $1 AND id = $2 AND claimed_by = $3`,
    [tenant, id, claimedBy, error, Math.round(retryMs)],
  );
}

/** Ends the claim when there is nothing more to do, unless something came up meanwhile. */
export async function noteIdle(sql: Sql, { tenant, id, claimedBy }: ClaimedSubscription): Promise<void> {
  await sql.query(
    `UPDATE subscription SET due_at = ${nextDue('delivered', 'last_sent_at')}, claimed_by = NULL, claimed_until = NULL
     WHERE tenant = $1 AND id = $2 AND claimed_by = $3`,
    [tenant, id, claimedBy],
  );
}

/** Ends the claim; what is due stays so. */
export async function releaseClaim(sql: Sql, { tenant, id, claimedBy }: ClaimedSubscription): Promise<void> {
  await sql.query(
    `UPDATE subscription SET claimed_by = NULL, claimed_until = NULL WHERE tenant = $1 AND id = $2 AND claimed_by = $3`,
    [tenant, id, claimedBy],
  );
}
