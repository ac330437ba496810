import { copyCell, copyRows } from '../db/copy.ts';
import type { Transaction } from '../db/database.ts';

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
  /** Nothing has this key: neither a version before nor a deletion. */
  readonly isNew: boolean;
}

const rowsPerStatement = 1_000;
/** From so many new resources on, COPY is cheaper. */
const copiedFrom = 50;

/** Writes current rows and history rows, a few statements for any number. `lastUpdated` is an ISO instant. */
export async function writeVersions(
  sql: Transaction,
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
  const added = versions.filter(({ isNew }) => isNew);
  const rest = added.length < copiedFrom ? versions : versions.filter(({ isNew }) => !isNew);
  for (let start = 0; start < rest.length; start += rowsPerStatement) {
    await writeSome(sql, tenant, lastUpdated, rest.slice(start, start + rowsPerStatement));
  }
  if (rest.length === versions.length) return;
  for (let start = 0; start < added.length; start += rowsPerStatement) {
    await copySome(sql, tenant, lastUpdated, added.slice(start, start + rowsPerStatement));
  }
}

/** New resources, which no row can stand in the way of: their compartments, or they themselves, are locked. */
async function copySome(
  sql: Transaction,
  tenant: string,
  lastUpdated: string,
  versions: readonly NewVersion[],
): Promise<void> {
  const owner = copyCell(tenant);
  let current = '';
  let history = '';
  for (const { patient, type, id, version, method, content } of versions) {
    const key = `${patient}\t${owner}\t${type}\t${id}\t${version}\t${lastUpdated}\t`;
    const text = copyCell(content);
    current += `${key}f\t${text}\n`;
    history += `${key}${method}\t${text}\n`;
  }
  const columns = 'patient, tenant, type, id, version, last_updated';
  await copyRows(sql, `resource_history (${columns}, method, content)`, history);
  await copyRows(sql, `resource (${columns}, deleted, content)`, current);
}

/**
 * The contents go as one binary value that PostgreSQL slices: quoting JSON inside a text array would cost Node more
 * than all the rest.
 */
async function writeSome(
  sql: Transaction,
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
