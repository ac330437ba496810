import type { Sql } from '../db/database.ts';
import { type StoredResource, wholeContent } from '../db/stored-resource.ts';

/** A version with the method that made it. */
export interface HistoryVersion extends StoredResource {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
}

export interface HistoryRequest {
  /** Null: of all types (`history-system`). */
  readonly type: string | null;
  /** Null: of all resources of the type. */
  readonly id: string | null;
  /** ISO instant: only versions made at or after it. */
  readonly since: string | null;
  /** ISO instants: only versions that were current at some time between the two. */
  readonly at: { readonly start: string; readonly end: string } | null;
  readonly count: number;
  /** Where the page before ended. */
  readonly after: HistoryPosition | null;
}

export interface HistoryPosition {
  readonly lastUpdated: string;
  readonly type: string;
  readonly id: string;
  readonly version: number;
}

const matching = `
    FROM resource_history AS h
   WHERE tenant = $1
     AND ($2::text IS NULL OR type = $2) AND ($3::text IS NULL OR id = $3)
     AND ($4::timestamptz IS NULL OR last_updated >= $4)
     AND ($5::timestamptz IS NULL OR last_updated <= $6 AND NOT EXISTS (
       SELECT FROM resource_history AS newer
        WHERE newer.tenant = $1 AND newer.type = h.type AND newer.id = h.id AND newer.version > h.version
          AND newer.last_updated <= $5))`;

const bound = (tenant: string, { type, id, since, at }: HistoryRequest): unknown[] => [
  tenant,
  type,
  id,
  since,
  at?.start ?? null,
  at?.end ?? null,
];

/** Newest first (R4 http.html#history); one more than `count` when there is a next page. */
export async function readHistory(
  sql: Sql,
  tenant: string,
  request: HistoryRequest,
): Promise<readonly HistoryVersion[]> {
  const { count, after } = request;
  const { rows } = await sql.query<Omit<HistoryVersion, 'lastUpdated' | 'deleted'> & { last_updated: Date }>(
    `SELECT patient, type, id, version, last_updated, method, ${wholeContent('h')} AS content ${matching}
        AND ($7::timestamptz IS NULL OR (last_updated, type, id, version) < ($7, $8, $9, $10::bigint))
      ORDER BY last_updated DESC, type DESC, id DESC, version DESC
      LIMIT $11`,
    [
      ...bound(tenant, request),
      after?.lastUpdated ?? null,
      after?.type ?? null,
      after?.id ?? null,
      after?.version ?? null,
      count + 1,
    ],
  );
  return rows.map(({ last_updated, ...row }) => ({
    ...row,
    lastUpdated: last_updated.toISOString(),
    deleted: row.content === null,
  }));
}

/** Number of versions, without regard to pages. */
export async function countHistory(sql: Sql, tenant: string, request: HistoryRequest): Promise<number> {
  const { rows } = await sql.query<{ n: number }>(`SELECT count(*) AS n ${matching}`, bound(tenant, request));
  return rows[0]?.n ?? 0;
}
