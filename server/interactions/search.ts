import { allows } from '../auth/scopes.ts';
import type { RequestContext } from '../context.ts';
import type { StoredResource } from '../db/stored-resource.ts';
import { parseSearch } from '../search/parse.ts';
import type { SearchIssue, SearchRequest } from '../search/request.ts';
import { search } from '../search/search.ts';
import { isShaped, shapeResource } from '../search/shape.ts';
import { parseExact } from '../store/exact-json.ts';
import { checkType } from '../store/validate.ts';
import { bundleText, type TextEntry } from './bundle-text.ts';
import type { AddressedRequest, FhirResponse, Interaction, InteractionServices } from './interaction.ts';

/** R4 http.html#search, on a type. */
export const typeSearch: Interaction = {
  codes: ['search-type'],
  level: 'type',
  method: 'GET',
  path: [':type'],
  conditional: false,
  scope: 's',
  run: runSearch,
};

/** The same with the parameters in a form (R4 search.html#Introduction). */
export const postedTypeSearch: Interaction = { ...typeSearch, method: 'POST', path: [':type', '_search'] };

/** All types, or those of `_type`. */
export const systemSearch: Interaction = { ...typeSearch, codes: ['search-system'], level: 'system', path: [] };

export const postedSystemSearch: Interaction = { ...systemSearch, method: 'POST', path: ['_search'] };

/** Resources of a type in a compartment: `Patient/1/Observation` (R4 compartmentdefinition.html). */
export const compartmentSearch: Interaction = { ...typeSearch, path: [':compartment', ':id', ':type'] };

async function runSearch(
  request: AddressedRequest,
  context: RequestContext,
  { database, audit, terminology }: InteractionServices,
): Promise<FhirResponse> {
  const query = new URLSearchParams(request.query);
  if (request.method === 'POST')
    for (const [name, value] of new URLSearchParams(request.body ?? '')) query.append(name, value);
  const wanted = parseSearch(request.type || null, query, {
    handling: /\bhandling=strict\b/.test(request.headers.prefer ?? '') ? 'strict' : 'lenient',
    baseUrl: context.baseUrl,
    now: context.now,
    compartment: request.compartment === '' ? null : { type: request.compartment, id: request.id },
  });
  const found = await search(database, context.tenant, wanted, terminology?.(context) ?? null);
  const included = found.included.filter(({ type }) => allows(context.scopes, type, 'r'));
  const path = request.path.filter((segment) => segment !== '_search').join('/');
  const applied = new URLSearchParams(
    wanted.applied.map(([name, value]): [string, string] => [name, value]),
  ).toString();
  await audit.record(context, {
    action: 'E',
    interaction: request.type === '' ? 'search-system' : 'search-type',
    resources: [...found.matches, ...included],
    query: `${path}?${applied}`,
  });
  const url = (cursor: string | null): string => {
    const format = query.get('_format');
    const parameters = [
      applied,
      cursor === null ? '' : `_cursor=${encodeURIComponent(cursor)}`,
      format === null ? '' : `_format=${encodeURIComponent(format)}`,
    ]
      .filter(Boolean)
      .join('&');
    return `${context.baseUrl}${path === '' ? '' : `/${path}`}${parameters === '' ? '' : `?${parameters}`}`;
  };
  const link = [{ relation: 'self', url: url(query.get('_cursor')) }];
  if (found.nextCursor !== null) link.push({ relation: 'next', url: url(found.nextCursor) });
  if (found.previousCursor !== null) link.push({ relation: 'previous', url: url(found.previousCursor) });
  const entry = [
    ...found.matches.map((stored) => entryOf(stored, 'match', wanted, context.baseUrl)),
    ...included.map((stored) => entryOf(stored, 'include', wanted, context.baseUrl)),
    ...(found.issues.length === 0 ? [] : [outcomeOf(found.issues)]),
  ];
  return { status: 200, headers: {}, body: bundleText({ type: 'searchset', total: found.total, link, entry }) };
}

function entryOf(
  { type, id, content }: StoredResource,
  mode: 'match' | 'include',
  request: SearchRequest,
  baseUrl: string,
): TextEntry {
  return {
    fullUrl: `${baseUrl}/${type}/${id}`,
    resource: content === null || !isShaped(request) ? content : shaped(content, request),
    search: { mode },
  };
}

function shaped(content: string, request: SearchRequest): string {
  const tree = parseExact(content);
  checkType(tree, null);
  return JSON.stringify(shapeResource(tree, request));
}

/** What the client should know, as an entry of its own (R4 search.html#entry). */
function outcomeOf(issue: readonly SearchIssue[]): TextEntry {
  return { resource: JSON.stringify({ resourceType: 'OperationOutcome', issue }), search: { mode: 'outcome' } };
}
