import type { Sql } from '../db/database.ts';

/** A version to be written. `content` null: a deletion. */
export interface NewVersion {
  readonly patient: string;
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly content: string | null;
  /** The compartment that it leaves; null when it stays or is new. */
  readonly leaves: string | null;
}

const rowsPerStatement = 1_000;

/** Writes current rows and history rows, a few statements for any number. `lastUpdated` is an ISO instant. */
export async function writeVersions(
  sql: Sql,
  tenant: string,
  lastUpdated: string,
  versions: readonly NewVersion[],
): Promise<void> {
  const leaving = versions.filter(({ leaves }) => leaves !== null);
  if (leaving.length > 0) {
    await sql.query(
      `DELETE FROM resource AS r USING unnest($2::text[], $3::text[], $4::text[]) AS t (patient, type, id)
        WHERE r.tenant = $1 AND r.patient = t.patient AND r.type = t.type AND r.id = t.id`,
      [tenant, leaving.map((v) => v.leaves), leaving.map((v) => v.type), leaving.map((v) => v.id)],
    );
  }
  for (let start = 0; start < versions.length; start += rowsPerStatement) {
    await writeSome(sql, tenant, lastUpdated, versions.slice(start, start + rowsPerStatement));
  }
}

/**
 * The contents go as one binary value that PostgreSQL slices: quoting JSON inside a text array would cost Node more
 * than all the rest.
 */
async function writeSome(
  sql: Sql,
  tenant: string,
  lastUpdated: string,
  versions: readonly NewVersion[],
): Promise<void> {
  const contents = versions.map(({ content }) => (content === null ? null : Buffer.from(content)));
  const starts: number[] = [];
  let position = 1;
  for (const content of contents) {
    starts.push(position);
    position += content?.length ?? 0;
  }
  await sql.query({
    name: 'store.writeVersions',
    text: `WITH row AS MATERIALIZED (
        SELECT t.patient, t.type, t.id, t.version, t.method,
               CASE WHEN t.length IS NOT NULL
                    THEN convert_from(substring($8::bytea FROM t.start FOR t.length), 'UTF8') END AS content
          FROM unnest($3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $9::int[], $10::int[])
            AS t (patient, type, id, version, method, start, length)
      ), history AS (
        INSERT INTO resource_history (patient, tenant, type, id, version, last_updated, method, content)
        SELECT patient, $1, type, id, version, $2::timestamptz, method, content FROM row
      )
      INSERT INTO resource (patient, tenant, type, id, version, last_updated, deleted, content)
      SELECT patient, $1, type, id, version, $2::timestamptz, content IS NULL, content FROM row
      ON CONFLICT (patient, tenant, type, id) DO UPDATE
        SET version = excluded.version, last_updated = excluded.last_updated,
            deleted = excluded.deleted, content = excluded.content`,
    values: [
      tenant,
      lastUpdated,
      versions.map((v) => v.patient),
      versions.map((v) => v.type),
      versions.map((v) => v.id),
      versions.map((v) => v.version),
      versions.map((v) => v.method),
      Buffer.concat(contents.filter((content) => content !== null)),
      starts,
      contents.map((content) => content?.length ?? null),
    ],
  });
}
