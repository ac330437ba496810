import type { Sql } from '../db/database.ts';

/** @returns null when it was never set */
export async function readSetting<T>(sql: Sql, tenant: string, name: string): Promise<T | null> {
  const query = 'SELECT value FROM setting WHERE tenant = $1 AND name = $2';
  const { rows } = await sql.query<{ value: T }>(query, [tenant, name]);
  return rows[0]?.value ?? null;
}

/** @param value anything that JSON can hold */
export async function writeSetting(sql: Sql, tenant: string, name: string, value: unknown): Promise<void> {
  await sql.query(
    `INSERT INTO setting (tenant, name, value) VALUES ($1, $2, $3)
     ON CONFLICT (tenant, name) DO UPDATE SET value = excluded.value`,
    [tenant, name, JSON.stringify(value)],
  );
}

/** True when the tenant has no resources at all. */
export async function isEmpty(sql: Sql, tenant: string): Promise<boolean> {
  const { rows } = await sql.query('SELECT 1 FROM resource WHERE tenant = $1 LIMIT 1', [tenant]);
  return rows.length === 0;
}
