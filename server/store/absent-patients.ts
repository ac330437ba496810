import type { Sql } from '../db/database.ts';

/** Which of the ids are those of Patients that were deleted. */
export async function deletedPatients(sql: Sql, tenant: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const { rows } = await sql.query<{ id: string }>(
    `SELECT id FROM resource WHERE tenant = $1 AND type = 'Patient' AND id = ANY ($2::text[]) AND deleted`,
    [tenant, ids],
  );
  return new Set(rows.map(({ id }) => id));
}
