import type { Sql } from '../db/database.ts';
import type { StoredResource } from '../db/stored-resource.ts';
import { parseSearch } from '../search/parse.ts';
import { search } from '../search/search.ts';
import { InvalidRequest } from './errors.ts';

/**
 * What the criteria of a conditional interaction match: two at most, which is enough to tell one from several. Every
 * parameter must be known, since one that is ignored would match too much.
 *
 * @param criteria a search without the question mark: `identifier=urn:x|1`
 * @param baseUrl our own FHIR base: absolute references below it are local
 * @throws InvalidRequest when there are no criteria; UnknownSearchParameter, InvalidSearchValue, UnsupportedSearch
 */
export async function matchCriteria(
  sql: Sql,
  tenant: string,
  type: string,
  criteria: string,
  baseUrl: string | null,
): Promise<readonly StoredResource[]> {
  const query = new URLSearchParams(criteria.replace(/^[A-Za-z]*\?/, ''));
  const request = parseSearch(type, query, { handling: 'strict', now: new Date(), baseUrl });
  if ((request.criteria.get(type)?.length ?? 0) === 0) {
    throw new InvalidRequest(`A conditional interaction on ${type} needs criteria, such as identifier=system|value`);
  }
  const few = {
    ...request,
    count: 2,
    total: 'none',
    summary: 'false',
    inclusions: [],
    sort: [],
    cursor: null,
  } as const;
  return (await search(sql, tenant, few)).matches;
}
