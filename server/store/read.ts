import type { Sql } from '../db/database.ts';
import { type StoredResource, wholeContent } from '../db/stored-resource.ts';
import { ResourceDeleted, ResourceNotFound } from './errors.ts';

interface Row {
  readonly patient: string;
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly last_updated: Date;
  readonly content: string | null;
}

export function fromRow({ last_updated, ...row }: Row): StoredResource {
  return { ...row, lastUpdated: last_updated.toISOString(), deleted: row.content === null };
}

/**
 * The current version.
 *
 * @throws ResourceNotFound, ResourceDeleted
 */
export async function readResource(sql: Sql, tenant: string, type: string, id: string): Promise<StoredResource> {
  const { rows } = await sql.query<Row>({
    name: 'store.read',
    text: `SELECT patient, type, id, version, last_updated, ${wholeContent('resource')} AS content FROM resource
            WHERE tenant = $1 AND type = $2 AND id = $3`,
    values: [tenant, type, id],
  });
  return present(rows[0], `${type}/${id}`);
}

/**
 * A certain version, current or not.
 *
 * @throws ResourceNotFound; ResourceDeleted when the version is a deletion
 */
export async function readVersion(
  sql: Sql,
  tenant: string,
  type: string,
  id: string,
  version: string,
): Promise<StoredResource> {
  const key = `${type}/${id}/_history/${version}`;
  if (!/^\d{1,15}$/.test(version)) throw new ResourceNotFound(`${key} does not exist`);
  const { rows } = await sql.query<Row>(
    `SELECT patient, type, id, version, last_updated, ${wholeContent('resource_history')} AS content FROM resource_history
      WHERE tenant = $1 AND type = $2 AND id = $3 AND version = $4`,
    [tenant, type, id, Number(version)],
  );
  return present(rows[0], key);
}

function present(row: Row | undefined, key: string): StoredResource {
  if (row === undefined) throw new ResourceNotFound(`${key} does not exist`);
  if (row.content === null) throw new ResourceDeleted(key, row.version);
  return fromRow(row);
}
