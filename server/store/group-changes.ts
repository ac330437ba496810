import type { Sql } from '../db/database.ts';
import type { Applied } from './entry.ts';

/**
 * Numbers and keeps changes of Groups, for subscribers, in the caller's transaction. To be called last in it: until it
 * ends, the tenant's other writers of Groups wait, which is what makes the order of numbers that of commits.
 */
export async function noteGroupChanges(
  sql: Sql,
  tenant: string,
  applied: readonly Applied[],
  at: string,
): Promise<void> {
  const changes = applied.flatMap(({ outcome, type, stored }) =>
    type === 'Group' && stored !== null && outcome !== 'unchanged'
      ? [{ group: stored.id, version: stored.version, change: outcome }]
      : [],
  );
  if (changes.length === 0) return;
  await sql.query(
    `WITH counter AS (
       INSERT INTO group_event_number (tenant, last) VALUES ($1, $2::bigint)
       ON CONFLICT (tenant) DO UPDATE SET last = group_event_number.last + $2::bigint
       RETURNING last - $2::bigint AS before)
     INSERT INTO group_event (tenant, number, group_id, version, change, at)
     SELECT $1, before + position, "group", version, change, $4
     FROM counter, ROWS FROM (jsonb_to_recordset($3::jsonb) AS ("group" text, version bigint, change text))
       WITH ORDINALITY AS e ("group", version, change, position)`,
    [tenant, changes.length, JSON.stringify(changes), at],
  );
}
