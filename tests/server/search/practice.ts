import type { Resource } from '@medplum/fhirtypes';
import type { Database } from '../../../server/db/database.ts';
import { patientOf } from '../../../server/search/compartment.ts';
import { parseSearch, type SearchOptions } from '../../../server/search/parse.ts';
import { writeSearchRows } from '../../../server/search/rows.ts';
import { type SearchResult, search } from '../../../server/search/search.ts';
import type { SearchTerminology } from '../../../server/search/terminology.ts';

export const now = new Date('2026-06-30T00:00:00Z');
export const baseUrl = 'http://localhost/fhir';

/** Stores resources as the store does: the current row and its rows in the index. */
export async function put(database: Database, tenant: string, ...resources: Resource[]): Promise<void> {
  await database.transaction(async (sql) => {
    const entries = [];
    for (const resource of resources) {
      const { resourceType: type, id = '' } = resource;
      const patient = patientOf(resource, baseUrl);
      const { rows } = await sql.query<{ patient: string }>(
        'DELETE FROM resource WHERE tenant = $1 AND type = $2 AND id = $3 RETURNING patient',
        [tenant, type, id],
      );
      await sql.query(
        `INSERT INTO resource (patient, tenant, type, id, version, last_updated, content)
         VALUES ($1, $2, $3, $4, 1, $5, $6)`,
        [patient, tenant, type, id, resource.meta?.lastUpdated ?? now, JSON.stringify(resource)],
      );
      entries.push({ patient, type, id, resource, replaces: rows[0]?.patient ?? null });
    }
    await writeSearchRows(sql, tenant, entries, { baseUrl });
  });
}

export interface Finding extends Partial<SearchOptions> {
  readonly tenant?: string;
  readonly terminology?: SearchTerminology;
}

/** Searches as a client would write it: `Patient?name=smith`; `?_id=1` at system level. */
export async function find(database: Database, url: string, options: Finding = {}): Promise<SearchResult> {
  const { tenant = 'demo', terminology = null, ...rest } = options;
  const [type = '', query = ''] = url.split(/\?(.*)/s);
  const request = parseSearch(type === '' ? null : type, new URLSearchParams(query), { now, baseUrl, ...rest });
  return search(database, tenant, request, terminology);
}

export async function findIds(database: Database, url: string, options: Finding = {}): Promise<string[]> {
  return (await find(database, url, options)).matches.map(({ id }) => id);
}
