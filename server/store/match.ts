import type { Sql } from '../db/database.ts';
import type { StoredResource } from '../db/stored-resource.ts';

export async function matchCriteria(
  sql: Sql,
  tenant: string,
  type: string,
  criteria: string,
): Promise<readonly StoredResource[]> {
  throw new Error(`${sql} ${tenant} ${type} ${criteria}`);
}
