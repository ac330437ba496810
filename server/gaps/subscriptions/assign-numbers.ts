import { type EventSource, topicOf } from '../../connectors/subscription-topics.ts';
import type { Database, Sql } from '../../db/database.ts';
import { eventsAfter } from '../gap-events.ts';
import { type FilteredEvent, matchingEvents } from './matching.ts';
import { lastOf, rowColumns, type SubscriptionRow } from './subscription-row.ts';

/** Events looked at in one transaction, and subscriptions. */
const eventsAtOnce = 500;
const subscriptionsAtOnce = 50;

/** Subscriptions that stand at the same place in the same source. */
export interface Behind {
  readonly tenant: string;
  readonly source: EventSource;
  readonly position: number;
  readonly ids: readonly string[];
}

/** Subscriptions of which the source has events that were not looked at yet. */
export async function behind(sql: Sql): Promise<Behind[]> {
  const { rows } = await sql.query<Behind>(
    `SELECT s.tenant, s.source, s.position, array_agg(s.id ORDER BY s.id) AS ids FROM subscription AS s
     WHERE s.status <> 'off' AND s.position < ${lastOf('s.tenant', 's.source')}
     GROUP BY s.tenant, s.source, s.position`,
  );
  return rows.flatMap(({ ids, ...place }) =>
    Array.from({ length: Math.ceil(ids.length / subscriptionsAtOnce) }, (_, part) => ({
      ...place,
      ids: ids.slice(part * subscriptionsAtOnce, (part + 1) * subscriptionsAtOnce),
    })),
  );
}

/**
 * Gives numbers to the next events that concern the subscriptions: numbers, events and the position in the source are
 * written in one transaction that holds their rows, so every event gets one number, once, whoever dies when.
 *
 * @returns false when others hold the rows, or there was nothing to look at
 */
export async function assignNumbers(database: Database, { tenant, source, position, ids }: Behind): Promise<boolean> {
  return database.transaction(async (sql) => {
    const { rows } = await sql.query<SubscriptionRow>(
      `SELECT ${rowColumns} FROM subscription
       WHERE tenant = $1 AND id = ANY ($2) AND source = $3 AND position = $4 AND status <> 'off'
       ORDER BY id FOR UPDATE SKIP LOCKED`,
      [tenant, ids, source, position],
    );
    if (rows.length === 0) return false;
    const read = source === 'gap' ? gapEvents : groupEvents;
    const events = await read(sql, tenant, position);
    const last = events.at(-1);
    if (last === undefined) return false;
    const numbered: NumberedEvent[] = [];
    for (const row of rows) {
      const { kind = null } = topicOf(row.topic) ?? {};
      const ofTopic = events.filter((event) => kind === null || event.kind === kind);
      const matching = await matchingEvents(sql, tenant, ofTopic, row.terms.filters);
      for (const [index, { number, at }] of matching.entries())
        numbered.push({ id: row.id, number: row.lastNumber + index + 1, sourceNumber: number, at });
    }
    await writeNumbers(sql, tenant, numbered);
    await sql.query(
      `UPDATE subscription AS s
       SET position = $3, last_number = s.last_number + n.count,
           due_at = CASE WHEN n.count > 0 AND s.status = 'active' AND s.failures = 0 THEN LEAST(s.due_at, now())
                         ELSE s.due_at END
       FROM (SELECT id, (SELECT count(*) FROM unnest($4::text[]) AS c (id) WHERE c.id = i.id) AS count
             FROM unnest($2::text[]) AS i (id)) AS n
       WHERE s.tenant = $1 AND s.id = n.id`,
      [tenant, rows.map(({ id }) => id), last.number, numbered.map(({ id }) => id)],
    );
    return true;
  });
}

interface NumberedEvent {
  readonly id: string;
  readonly number: number;
  readonly sourceNumber: number;
  readonly at: string;
}

async function writeNumbers(sql: Sql, tenant: string, events: readonly NumberedEvent[]): Promise<void> {
  if (events.length === 0) return;
  await sql.query(
    `INSERT INTO subscription_event (tenant, subscription, number, source_number, at)
     SELECT $1, id, number, source_number, at
     FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::timestamptz[]) AS e (id, number, source_number, at)`,
    [
      tenant,
      events.map(({ id }) => id),
      events.map(({ number }) => number),
      events.map(({ sourceNumber }) => sourceNumber),
      events.map(({ at }) => at),
    ],
  );
}

interface SourceEvent extends FilteredEvent {
  readonly kind: string;
  readonly at: string;
}

async function gapEvents(sql: Sql, tenant: string, position: number): Promise<SourceEvent[]> {
  const events = await eventsAfter(sql, tenant, position, eventsAtOnce);
  return events.map((event) => ({ ...event, group: null }));
}

async function groupEvents(sql: Sql, tenant: string, position: number): Promise<SourceEvent[]> {
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
