import type { Sql } from '../db/database.ts';
import type { PatientChange } from './feed-notes.ts';

const maxResources = 20;

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
