import type { Sql } from '../db/database.ts';
import type { StoredResource } from '../db/stored-resource.ts';
import { scopeOfAnySql } from './conditions.ts';
import { resourceTypes, type SearchDefinition, searchParametersOf } from './definitions.ts';
import { once } from './once.ts';
import type { Inclusion, SearchIssue, SearchRequest } from './request.ts';
import { Statement } from './statement.ts';
import { type ResourceRow, resourceColumns, stored } from './stored.ts';

/** More would make a page that no client can use. */
const maxIncluded = 5000;

/**
 * What _include and _revinclude add to a page (FHIR R4, 3.1.1.6): first for the matches, then, with `:iterate`, for what
 * was added, until nothing is new.
 */
export async function include(
  sql: Sql,
  tenant: string,
  request: SearchRequest,
  matches: readonly StoredResource[],
): Promise<{ readonly included: readonly StoredResource[]; readonly issues: readonly SearchIssue[] }> {
  const seen = new Set(matches.map(nameOf));
  const included: StoredResource[] = [];
  let frontier = matches;
  for (let round = 0; frontier.length > 0; round += 1) {
    const added: StoredResource[] = [];
    for (const inclusion of request.inclusions) {
      if (round > 0 && !inclusion.iterate) continue;
      for (const row of await follow(sql, tenant, request.patient, inclusion, frontier)) {
        const resource = stored(row);
        if (seen.has(nameOf(resource))) continue;
        if (included.length + added.length === maxIncluded)
          return { included: [...included, ...added], issues: [truncated] };
        seen.add(nameOf(resource));
        added.push(resource);
      }
    }
    included.push(...added);
    frontier = added;
  }
  return { included, issues: [] };
}

const truncated: SearchIssue = {
  severity: 'warning',
  code: 'incomplete',
  diagnostics: `Only the first ${maxIncluded} included resources are here: ask for smaller pages with _count`,
};

function nameOf({ type, id }: StoredResource): string {
  return `${type}/${id}`;
}

async function follow(
  sql: Sql,
  tenant: string,
  patient: string | null,
  inclusion: Inclusion,
  from: readonly StoredResource[],
): Promise<readonly ResourceRow[]> {
  const definitions = definitionsOf(inclusion, from);
  if (definitions.length === 0) return [];
  const to = new Statement(tenant, patient, new Map());
  const patients = to.bind(from.map((resource) => resource.patient));
  const types = to.bind(from.map((resource) => resource.type));
  const ids = to.bind(from.map((resource) => resource.id));
  const params = to.bind(definitions.map(({ id }) => id));
  const sources = to.bind(definitions.map(({ type }) => type));
  const followed = `unnest(${params}::int4[], ${sources}::text[]) AS p (param, type)`;
  const known = `unnest(${patients}::text[], ${types}::text[], ${ids}::text[]) AS f (patient, type, id)`;
  const target = inclusion.target === null ? '' : ` AND t.target_type = ${to.bind(inclusion.target)}`;
  const scope = patient === null ? '' : ` AND ${scopeOfAnySql('x', to)}`;
  const text = inclusion.reverse
    ? `SELECT DISTINCT ON (x.type, x.id) ${resourceColumns('x')} FROM ${known} CROSS JOIN ${followed}
       JOIN search_reference t ON ${to.ofTenant('t')} AND t.param = p.param AND t.target_id = f.id AND t.target_id <> ''
         AND t.target_type = f.type${target}
       JOIN resource x ON x.patient = t.patient AND ${to.ofTenant('x')} AND x.type = p.type AND x.id = t.id
       WHERE NOT x.deleted${scope} ORDER BY x.type, x.id LIMIT ${maxIncluded + 1}`
    : `SELECT DISTINCT ON (x.type, x.id) ${resourceColumns('x')} FROM ${known} JOIN ${followed} ON p.type = f.type
       JOIN search_reference t ON t.patient = f.patient AND ${to.ofTenant('t')} AND t.id = f.id AND t.param = p.param
         AND t.target_id <> ''${target}
       JOIN resource x ON ${to.ofTenant('x')} AND x.type = t.target_type AND x.id = t.target_id
       WHERE NOT x.deleted${scope} ORDER BY x.type, x.id LIMIT ${maxIncluded + 1}`;
  return (await sql.query<ResourceRow>(text, to.values)).rows;
}

function definitionsOf(
  { reverse, source, definition }: Inclusion,
  from: readonly StoredResource[],
): readonly SearchDefinition[] {
  if (definition !== null) return [definition];
  const sources = source !== null ? [source] : reverse ? null : [...new Set(from.map(({ type }) => type))];
  return sources === null ? allReferences() : sources.flatMap(referencesOf);
}

function referencesOf(type: string): SearchDefinition[] {
  return [...searchParametersOf(type).values()].filter(({ kind }) => kind === 'reference');
}

const allReferences = once(() => resourceTypes().flatMap(referencesOf));
