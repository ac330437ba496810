import { topicOf } from '../../connectors/subscription-topics.ts';
import type { Database, Sql } from '../../db/database.ts';
import { eventsAfter } from '../gap-events.ts';
import { type FilteredEvent, matchingEvents } from './matching.ts';
import { lastOf, rowColumns, type SubscriptionRow } from './subscription-row.ts';

/** Events looked at in one transaction. */
const eventsAtOnce = 500;

export interface SubscriptionKey {
  readonly tenant: string;
  readonly id: string;
}

/** Subscriptions of which the source has events that were not looked at yet. */
export async function behind(sql: Sql, limit: number): Promise<SubscriptionKey[]> {
  const { rows } = await sql.query<SubscriptionKey>(
    `SELECT s.tenant, s.id FROM subscription AS s
     WHERE s.status <> 'off' AND s.position < ${lastOf('s.tenant', 's.source')} ORDER BY random() LIMIT $1`,
    [limit],
  );
  return rows;
}

/**
 * Gives numbers to the next events that concern a subscription: numbers, events and the position in the source are
 * written in one transaction that holds the subscription's row, so every event gets one number, once, whoever dies when.
 *
 * @returns false when another holds the row, or there was nothing to look at
 */
export async function assignNumbers(database: Database, { tenant, id }: SubscriptionKey): Promise<boolean> {
  return database.transaction(async (sql) => {
    const { rows } = await sql.query<SubscriptionRow>(
      `SELECT ${rowColumns} FROM subscription WHERE tenant = $1 AND id = $2 AND status <> 'off' FOR UPDATE SKIP LOCKED`,
      [tenant, id],
    );
    const [row] = rows;
    if (row === undefined) return false;
    const { kind = null } = topicOf(row.topic) ?? {};
    const events = row.source === 'gap' ? await gapEvents(sql, row) : await groupEvents(sql, row);
    const last = events.at(-1);
    if (last === undefined) return false;
    const ofTopic = events.filter((event) => kind === null || event.kind === kind);
    const matching = await matchingEvents(sql, tenant, ofTopic, row.terms.filters);
    if (matching.length > 0)
      await sql.query(
        `INSERT INTO subscription_event (tenant, subscription, number, source_number, at)
         SELECT $1, $2, $3::bigint + position, source_number, at
         FROM unnest($4::bigint[], $5::timestamptz[]) WITH ORDINALITY AS e (source_number, at, position)`,
        [tenant, id, row.lastNumber, matching.map(({ number }) => number), matching.map(({ at }) => at)],
      );
    await sql.query(
      `UPDATE subscription SET position = $3, last_number = last_number + $4::bigint,
              due_at = CASE WHEN $4::bigint > 0 AND status = 'active' AND failures = 0 THEN LEAST(due_at, now())
                            ELSE due_at END
       WHERE tenant = $1 AND id = $2`,
      [tenant, id, last.number, matching.length],
    );
    return true;
  });
}

interface SourceEvent extends FilteredEvent {
  readonly kind: string;
  readonly at: string;
}

async function gapEvents(sql: Sql, { tenant, position }: SubscriptionRow): Promise<SourceEvent[]> {
  const events = await eventsAfter(sql, tenant, position, eventsAtOnce);
  return events.map((event) => ({ ...event, group: null }));
}

async function groupEvents(sql: Sql, { tenant, position }: SubscriptionRow): Promise<SourceEvent[]> {
  const { rows } = await sql.query<{ number: number; group: string; change: string; at: Date }>(
    `SELECT number, group_id AS "group", change, at FROM group_event
     WHERE tenant = $1 AND number > $2 ORDER BY number LIMIT $3`,
    [tenant, position, eventsAtOnce],
  );
  return rows.map(({ number, group, change, at }) => ({
    number,
    group,
    kind: change,
    at: at.toISOString(),
    patient: null,
    measureUrl: null,
    measureVersion: null,
  }));
}
