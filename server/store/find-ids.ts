import type { Sql } from '../db/database.ts';
import { parseSearch } from '../search/parse.ts';
import { searchIds } from '../search/search.ts';

/**
 * Ids of all resources that a search finds, e.g. `general-practitioner=Practitioner/x`; '' finds all of the type.
 *
 * @throws UnknownSearchParameter, InvalidSearchValue, UnsupportedSearch
 */
export async function findIds(sql: Sql, tenant: string, type: string, query: string): Promise<readonly string[]> {
  const request = parseSearch(type, new URLSearchParams(query), { handling: 'strict', now: new Date() });
  return (await searchIds(sql, tenant, request, null)).map(({ id }) => id);
}
