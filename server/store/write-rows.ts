import type { Sql } from '../db/database.ts';
import type { PatientChange } from './feed-notes.ts';

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

const maxResources = 20;
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

/**
 * Puts patients on the change feed with what changed, in the order of their ids so that two writers cannot wait for each
 * other, and keeps what their resources refer to. What is noted is bounded: beyond, codes are forgotten and types stay.
 */
export async function feedChanges(
  sql: Sql,
  tenant: string,
  lastUpdated: string,
  changes: ReadonlyMap<string, PatientChange>,
): Promise<void> {
  const patients = [...changes].sort(([a], [b]) => (a < b ? -1 : 1));
  if (patients.length === 0) return;
  const lines = (of: (change: PatientChange) => Iterable<string>): string[] =>
    patients.map(([, change]) => [...of(change)].join('\n'));
  await sql.query({
    name: 'store.feedChanges',
    text: `WITH change AS MATERIALIZED (
        SELECT * FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
          WITH ORDINALITY AS t (patient, types, changed, resources, refs, position)
      ), reference AS (
        INSERT INTO record_reference (patient, tenant, type, id)
        SELECT patient, $1, split_part(ref, '/', 1), split_part(ref, '/', 2)
          FROM change, unnest(string_to_array(nullif(refs, ''), E'\\n')) AS ref ORDER BY 1, 3, 4
        ON CONFLICT DO NOTHING
      )
      INSERT INTO change_feed (patient, tenant, changed_at, resource_types, changed, resources)
      SELECT patient, $1, $2::timestamptz, string_to_array(types, E'\\n'), string_to_array(changed, E'\\n'),
             string_to_array(resources, E'\\n')
        FROM change ORDER BY position
      ON CONFLICT (patient, tenant) DO UPDATE
        SET sequence = nextval('change_sequence'), changed_at = excluded.changed_at, background = false,
            resource_types = ARRAY(SELECT DISTINCT unnest(change_feed.resource_types || excluded.resource_types) ORDER BY 1),
            changed = merged_changes(change_feed.changed, excluded.changed),
            resources = (ARRAY(SELECT DISTINCT unnest(change_feed.resources || excluded.resources) ORDER BY 1))[:${maxResources}]`,
    values: [
      tenant,
      lastUpdated,
      patients.map(([patient]) => patient),
      lines(({ types }) => types),
      lines(({ changed }) => changed),
      lines(({ resources }) => resources),
      lines(({ references }) => references),
    ],
  });
}
