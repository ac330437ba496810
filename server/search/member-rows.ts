import type { Resource } from '@medplum/fhirtypes';
import type { Sql } from '../db/database.ts';
import { searchParameter } from './definitions.ts';
import { searchRows } from './rows.ts';

/**
 * Adds what `Group?member=` finds of new members to the index, and takes away who is a member no longer, without touching
 * the rows of the others. The Group lies in no compartment.
 *
 * @param members Group.member of those that came, or changed
 * @param before Patients that were members in the places that changed
 */
export async function writeMemberRows(
  sql: Sql,
  tenant: string,
  groupId: string,
  members: readonly object[],
  before: readonly string[],
  baseUrl: string | null,
): Promise<void> {
  const param = searchParameter('Group', 'member')?.id;
  if (param === undefined) throw new TypeError('R4 has the search parameter Group.member');
  const resource = JSON.parse(JSON.stringify({ resourceType: 'Group', member: members })) as Resource;
  const { reference } = searchRows([{ patient: '', type: 'Group', id: groupId, resource, replaces: null }], {
    baseUrl,
  });
  const cells = (name: string): readonly unknown[] => reference.cells[reference.columns.indexOf(name)] ?? [];
  await sql.query(
    `DELETE FROM search_reference AS s
      WHERE s.patient = '' AND s.tenant = $1 AND s.id = $2 AND s.param = $3 AND s.target_id = ANY ($4::text[])
        AND NOT EXISTS (SELECT FROM group_member AS m
          WHERE m.patient = s.target_id AND m.tenant = $1 AND m.group_id = $2 AND m.until_version IS NULL)`,
    [tenant, groupId, param, before.filter((patient) => patient !== '')],
  );
  await sql.query(
    `INSERT INTO search_reference (patient, tenant, param, id, ordinal, target_type, target_id, url, version)
     SELECT '', $1, $3, $2, last.ordinal + row_number() OVER (), n.target_type, n.target_id, n.url, n.version
       FROM (SELECT DISTINCT * FROM unnest($4::text[], $5::text[], $6::text[], $7::text[])
               AS t (target_type, target_id, url, version)) AS n,
            (SELECT coalesce(max(ordinal), -1) AS ordinal FROM search_reference
              WHERE patient = '' AND tenant = $1 AND id = $2 AND param = $3) AS last
      WHERE NOT EXISTS (SELECT FROM search_reference AS s
        WHERE s.tenant = $1 AND s.param = $3 AND s.id = $2 AND s.target_id = n.target_id AND s.url = n.url AND s.patient = '')`,
    [tenant, groupId, param, ...['target_type', 'target_id', 'url', 'version'].map(cells)],
  );
}
