import type { Sql } from '../db/database.ts';

export async function countPatients(sql: Sql, tenant: string): Promise<number> {
  const { rows } = await sql.query<{ n: number }>(
    `SELECT count(*) AS n FROM resource WHERE tenant = $1 AND type = 'Patient' AND NOT deleted`,
    [tenant],
  );
  return rows[0]?.n ?? 0;
}

/** Logical ids of all Patients of a tenant, in batches. */
export async function* allPatients(sql: Sql, tenant: string, batchSize: number): AsyncGenerator<string[]> {
  for (let after = ''; ; ) {
    const { rows } = await sql.query<{ id: string }>(
      `SELECT id FROM resource WHERE tenant = $1 AND type = 'Patient' AND NOT deleted AND id > $2 ORDER BY id LIMIT $3`,
      [tenant, after, batchSize],
    );
    if (rows.length === 0) return;
    yield rows.map(({ id }) => id);
    after = rows.at(-1)?.id ?? '';
  }
}
