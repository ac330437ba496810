import type { Sql } from '../../db/database.ts';

/** A merge that is in force. */
export interface Merge {
  readonly id: string;
  readonly source: string;
  readonly target: string;
}

/** A resource that a merge wrote. */
export interface MergedResource {
  readonly type: string;
  readonly id: string;
  readonly versionBefore: number;
  readonly versionAfter: number;
}

/** A member of a Group that a merge changed, as exact JSON before and after. */
export interface MergedMember {
  readonly groupId: string;
  readonly ordinal: number;
  readonly before: string;
  readonly after: string;
}

export async function openMerge(sql: Sql, tenant: string, merge: Merge, by: string, at: Date): Promise<void> {
  await sql.query(
    'INSERT INTO patient_merge (patient, tenant, id, target, merged_at, merged_by) VALUES ($2, $1, $3, $4, $5, $6)',
    [tenant, merge.source, merge.id, merge.target, at, by],
  );
}

export async function noteResources(
  sql: Sql,
  tenant: string,
  { id, source }: Merge,
  resources: readonly MergedResource[],
): Promise<void> {
  await sql.query(
    `INSERT INTO patient_merge_resource (patient, tenant, merge, type, id, version_before, version_after)
     SELECT $2, $1, $3, * FROM unnest($4::text[], $5::text[], $6::bigint[], $7::bigint[])`,
    [
      tenant,
      source,
      id,
      resources.map((one) => one.type),
      resources.map((one) => one.id),
      resources.map((one) => one.versionBefore),
      resources.map((one) => one.versionAfter),
    ],
  );
}

export async function noteMembers(
  sql: Sql,
  tenant: string,
  { id, source }: Merge,
  members: readonly MergedMember[],
): Promise<void> {
  await sql.query(
    `INSERT INTO patient_merge_member (patient, tenant, merge, group_id, ordinal, before, after)
     SELECT $2, $1, $3, * FROM unnest($4::text[], $5::int[], $6::text[], $7::text[])`,
    [
      tenant,
      source,
      id,
      members.map((one) => one.groupId),
      members.map((one) => one.ordinal),
      members.map((one) => one.before),
      members.map((one) => one.after),
    ],
  );
}

/** The merge by which a Patient was replaced; null when none is in force. */
export async function mergeOf(sql: Sql, tenant: string, source: string): Promise<Merge | null> {
  const { rows } = await sql.query<Merge>(
    `SELECT id, patient AS source, target FROM patient_merge WHERE patient = $2 AND tenant = $1 AND undone_at IS NULL`,
    [tenant, source],
  );
  return rows[0] ?? null;
}

export async function resourcesOf(sql: Sql, tenant: string, { id, source }: Merge): Promise<readonly MergedResource[]> {
  const { rows } = await sql.query<MergedResource>(
    `SELECT type, id, version_before AS "versionBefore", version_after AS "versionAfter" FROM patient_merge_resource
      WHERE patient = $2 AND tenant = $1 AND merge = $3 ORDER BY type, id`,
    [tenant, source, id],
  );
  return rows;
}

export async function membersOf(sql: Sql, tenant: string, { id, source }: Merge): Promise<readonly MergedMember[]> {
  const { rows } = await sql.query<MergedMember>(
    `SELECT group_id AS "groupId", ordinal, before, after FROM patient_merge_member
      WHERE patient = $2 AND tenant = $1 AND merge = $3 ORDER BY group_id, ordinal`,
    [tenant, source, id],
  );
  return rows;
}

export async function closeMerge(sql: Sql, tenant: string, { id, source }: Merge, by: string, at: Date): Promise<void> {
  await sql.query(
    'UPDATE patient_merge SET undone_at = $4, undone_by = $5 WHERE patient = $2 AND tenant = $1 AND id = $3',
    [tenant, source, id, at, by],
  );
}

/** Notes under which versions the remarks of the replaced Patient are the other's once they are moved (`moveRemarks`). */
export async function noteRemarks(sql: Sql, tenant: string, { id, source, target }: Merge): Promise<void> {
  await sql.query(
    `INSERT INTO patient_merge_remark (patient, tenant, merge, measure_url, group_id, id, version_before, version_after)
     SELECT $2, $1, $3, g.measure_url, g.group_id, g.id, g.version, g.version + coalesce((
              SELECT max(o.version) FROM gap_remark AS o WHERE o.patient = $4 AND o.tenant = $1
                AND o.measure_url = g.measure_url AND o.group_id = g.group_id AND o.id = g.id), 0)
       FROM gap_remark AS g WHERE g.patient = $2 AND g.tenant = $1`,
    [tenant, source, id, target],
  );
}

/** Gives the remarks back; those that came since the merge stay with the other. */
export async function returnRemarks(sql: Sql, tenant: string, { id, source, target }: Merge): Promise<void> {
  await sql.query(
    `UPDATE gap_remark AS g SET patient = $2, version = j.version_before
       FROM patient_merge_remark AS j
      WHERE j.patient = $2 AND j.tenant = $1 AND j.merge = $3
        AND g.patient = $4 AND g.tenant = $1 AND g.measure_url = j.measure_url AND g.group_id = j.group_id
        AND g.id = j.id AND g.version = j.version_after`,
    [tenant, source, id, target],
  );
}
