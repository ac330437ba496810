import type { Sql } from '../../../server/db/database.ts';
import type { StoredResource } from '../../../server/db/stored-resource.ts';

export interface PlainResource {
  readonly resourceType: string;
  readonly id?: string;
  readonly [element: string]: unknown;
}

/** Puts resources into the tables as the store does, without its validation and search index. */
export async function insertResources(
  sql: Sql,
  tenant: string,
  resources: readonly PlainResource[],
  patient = '',
): Promise<StoredResource[]> {
  const stored: StoredResource[] = [];
  for (const resource of resources) {
    const { rows } = await sql.query<{ version: number }>(
      `WITH written AS (
         INSERT INTO resource (patient, tenant, type, id, version, last_updated, content)
         VALUES ($1, $2, $3, $4, 1, now(), $5)
         ON CONFLICT (patient, tenant, type, id) DO UPDATE
           SET version = resource.version + 1, content = excluded.content, last_updated = now(), deleted = false
         RETURNING version)
       INSERT INTO resource_history (patient, tenant, type, id, version, last_updated, method, content)
       SELECT $1, $2, $3, $4, version, now(), 'PUT', $5 FROM written RETURNING version`,
      [patient, tenant, resource.resourceType, resource.id, JSON.stringify(resource)],
    );
    stored.push({
      patient,
      type: resource.resourceType,
      id: resource.id ?? '',
      version: rows[0]?.version ?? 0,
      lastUpdated: new Date().toISOString(),
      deleted: false,
      content: JSON.stringify(resource),
    });
  }
  return stored;
}
