import type { Sql } from '../db/database.ts';

/** Types that are found by canonical url through the table canonical_resource. */
export type CanonicalType = 'ValueSet' | 'CodeSystem' | 'Library' | 'Measure';

/** Current resources of a canonical type by url, oldest change first. */
export async function readByUrl<T>(
  sql: Sql,
  tenant: string,
  type: CanonicalType,
  urls: readonly string[],
): Promise<T[]> {
  const { rows } = await sql.query<{ id: string }>(
    'SELECT id FROM canonical_resource WHERE url = ANY($3) AND type = $2 AND tenant = $1',
    [tenant, type, urls],
  );
  return readByIds(sql, tenant, type, rows);
}

/** Libraries by the name that CQL knows them by. */
export async function readLibrariesByName<T>(sql: Sql, tenant: string, names: readonly string[]): Promise<T[]> {
  const { rows } = await sql.query<{ id: string }>(
    `SELECT id FROM canonical_resource WHERE name = ANY($2) AND tenant = $1 AND type = 'Library'`,
    [tenant, names],
  );
  return readByIds(sql, tenant, 'Library', rows);
}

/** Libraries of type model-definition. */
export async function readModelInfos<T>(sql: Sql, tenant: string): Promise<T[]> {
  const { rows } = await sql.query<{ id: string }>('SELECT id FROM canonical_resource WHERE tenant = $1 AND is_model', [
    tenant,
  ]);
  return readByIds(sql, tenant, 'Library', rows);
}

/** In a query of its own: a join would leave it to the planner to read every other content, too. */
async function readByIds<T>(
  sql: Sql,
  tenant: string,
  type: CanonicalType,
  found: readonly { readonly id: string }[],
): Promise<T[]> {
  if (found.length === 0) return [];
  const { rows } = await sql.query<{ content: string }>(
    `SELECT content FROM resource
     WHERE patient = '' AND tenant = $1 AND type = $2 AND id = ANY($3) AND NOT deleted ORDER BY last_updated, id`,
    [tenant, type, found.map(({ id }) => id)],
  );
  return rows.map(({ content }) => JSON.parse(content) as T);
}
