import type { Sql } from '../db/database.ts';
import type { StoredResource } from '../db/stored-resource.ts';
import { compartmentSql, criterionSql, isOpen, scopeSql, tableOf } from './conditions.ts';
import { type Cursor, formatCursor } from './cursor.ts';
import { InvalidCursor } from './errors.ts';
import { include } from './include.ts';
import { patientKeys } from './patient-keys.ts';
import type { Predicate } from './predicates.ts';
import type { SearchIssue, SearchRequest, SortKey } from './request.ts';
import { type Concept, Statement } from './statement.ts';
import { type ResourceRow, resourceColumns, stored } from './stored.ts';
import { resolveConcepts, type SearchTerminology } from './terminology.ts';

export interface SearchResult {
  /** The page, in order; empty for `_summary=count`. */
  readonly matches: readonly StoredResource[];
  /** What `_include` and `_revinclude` add, without the matches. */
  readonly included: readonly StoredResource[];
  /** Null when it was not asked for and is not known for free. */
  readonly total: number | null;
  /** Values for `_cursor` of the pages after and before this one; null when there is none. */
  readonly nextCursor: string | null;
  readonly previousCursor: string | null;
  readonly issues: readonly SearchIssue[];
}

/**
 * Answers a search for one tenant. Pages hang on the last resource's sort values and name, not on its position: what is
 * written before or after it doesn't shift them.
 *
 * @param terminology for `:in`, `:not-in`, and `:above`, `:below` on tokens
 * @throws UnsupportedSearch when terminology is needed and not given
 */
export async function search(
  sql: Sql,
  tenant: string,
  request: SearchRequest,
  terminology: SearchTerminology | null = null,
): Promise<SearchResult> {
  const concepts = await resolveConcepts(request, terminology);
  if (request.summary === 'count' || request.count === 0) {
    const total = await count(sql, tenant, request, concepts);
    return { matches: [], included: [], total, nextCursor: null, previousCursor: null, issues: request.issues };
  }
  const { rows, more } = await page(sql, tenant, request, concepts);
  const back = request.cursor?.direction === 'previous';
  const hasNext = back || more;
  const hasPrevious = back ? more : request.cursor !== null;
  const matches = rows.map(stored);
  const { included, issues } = await include(sql, tenant, request, matches);
  return {
    matches,
    included,
    total: await totalOf(sql, tenant, request, concepts, hasNext || hasPrevious ? null : matches.length),
    nextCursor: hasNext ? cursorAt(request, rows.at(-1), 'next') : null,
    previousCursor: hasPrevious ? cursorAt(request, rows[0], 'previous') : null,
    issues: [...request.issues, ...issues],
  };
}

/** Names of the matches without their content, in no order; `limit` null for all of them. */
export async function searchIds(
  sql: Sql,
  tenant: string,
  request: SearchRequest,
  limit: number | null,
  terminology: SearchTerminology | null = null,
): Promise<readonly { readonly patient: string; readonly type: string; readonly id: string }[]> {
  const to = new Statement(tenant, request.patient, await resolveConcepts(request, terminology));
  const text = `SELECT r.patient, r.type, r.id FROM resource r WHERE ${whereSql(request, to)} LIMIT ${to.bind(limit)}`;
  return (await sql.query<{ patient: string; type: string; id: string }>(text, to.values)).rows;
}

type Concepts = ReadonlyMap<Predicate, readonly Concept[]>;

async function page(
  sql: Sql,
  tenant: string,
  request: SearchRequest,
  concepts: Concepts,
): Promise<{ rows: SortedRow[]; more: boolean }> {
  const to = new Statement(tenant, request.patient, concepts);
  const keys = request.sort.map((key, i) => ({ ...key, name: `s${i}` }));
  const selected = ['r.*', ...keys.map((key) => `${sortSql(key, to)} AS ${key.name}`)];
  const matches = matchesSql(request, to, selected.join(', '));
  const back = request.cursor?.direction === 'previous';
  const after = request.cursor === null ? '' : `WHERE ${afterSql(request.cursor, keys, to)}`;
  const order = keys.map(
    ({ name, descending }) => `r.${name} ${descending === back ? 'ASC' : 'DESC'} NULLS ${back ? 'FIRST' : 'LAST'}`,
  );
  const ties = request.types.length === 1 ? ['id'] : ['type', 'id'];
  const ordered = [...order, ...ties.map((column) => `r.${column} ${back ? 'DESC' : 'ASC'}`)].join(', ');
  const texts = keys.map(({ name }) => `, r.${name}::text AS ${name}`).join('');
  const text = `SELECT ${resourceColumns('r')}${texts}
    FROM (${matches}) r ${after}
    ORDER BY ${ordered} LIMIT ${to.bind(request.count + 1)}`;
  const { rows } = await sql.query<SortedRow>(text, to.values).catch((error: { code?: string }) => {
    // Data exceptions: a cursor that someone made up holds what is no date or number.
    throw request.cursor !== null && error.code?.startsWith('22') ? new InvalidCursor() : error;
  });
  const more = rows.length > request.count;
  if (more) rows.pop();
  return { rows: back ? rows.reverse() : rows, more };
}

type SortedRow = ResourceRow & { readonly [key: `s${number}`]: string | null };

/** More patients than this are looked for in one branch. */
const maxBranches = 4;

/**
 * The matches, with what `columns` adds. Where the search says which patient keys they have there is a branch for each
 * key: from one constant, unlike from several, the planner infers the key of the index rows too.
 */
function matchesSql(request: SearchRequest, to: Statement, columns: string): string {
  const [only = ''] = request.types;
  const keys = request.types.length === 1 ? patientKeys(request, only, isOpen(only)) : null;
  const distinct = [...new Set(keys)];
  const confined =
    keys === null
      ? ['']
      : distinct.length > maxBranches
        ? [`r.patient = ANY (${to.bind(distinct)}::text[]) AND `]
        : distinct.map((key) => `r.patient = ${to.bind(key)} AND `);
  return confined
    .map((condition) => `SELECT ${columns} FROM resource r WHERE ${condition}${whereSql(request, to)}`)
    .join(' UNION ALL ');
}

function whereSql(request: SearchRequest, to: Statement): string {
  const { types, criteria, compartment } = request;
  const conditions = (type: string): string[] => [
    ...scopeSql('r', type, to),
    ...(compartment === null ? [] : [compartmentSql(compartment.type, compartment.id, 'r', type, to)]),
    ...(criteria.get(type) ?? []).map((criterion) => criterionSql(criterion, 'r', type, to)),
  ];
  const branches = types.map((type) => ({ type, all: conditions(type) }));
  const live = `${to.ofTenant('r')} AND NOT r.deleted`;
  const free = branches.filter(({ all }) => all.length === 0).map(({ type }) => type);
  const alternatives = [
    ...(free.length === 1 ? [`r.type = ${to.bind(free[0])}`] : []),
    ...(free.length > 1 ? [`r.type = ANY (${to.bind(free)}::text[])`] : []),
    ...branches.flatMap(({ type, all }) =>
      all.length === 0 ? [] : [[`r.type = ${to.bind(type)}`, ...all].join(' AND ')],
    ),
  ];
  if (alternatives.length === 1) return `${live} AND ${alternatives[0]}`;
  return `${live} AND (${alternatives.map((one) => `(${one})`).join(' OR ')})`;
}

const sortColumns: Readonly<Record<string, string>> = {
  token: 'code',
  string: 'value',
  date: 'low',
  number: 'low',
  quantity: 'low',
  uri: 'value',
};

/** The value that a resource is sorted by: its least when ascending, its greatest when descending (3.1.1.5.1). */
function sortSql({ by, descending }: SortKey, to: Statement): string {
  if (by === '_id') return 'r.id';
  if (by === '_lastUpdated') return 'r.last_updated';
  const t = to.alias();
  const value =
    by.kind === 'reference'
      ? `${t}.target_type || '/' || ${t}.target_id || ${t}.url`
      : `${t}.${sortColumns[by.kind] ?? 'ordinal'}`;
  return `(SELECT ${descending ? 'max' : 'min'}(${value}) FROM ${tableOf(by.kind)} ${t}
    WHERE ${t}.patient = r.patient AND ${to.ofTenant(t)} AND ${t}.id = r.id AND ${t}.param = ${to.bind(by.id)})`;
}

function castOf({ by }: SortKey): string {
  if (by === '_lastUpdated') return 'timestamptz';
  if (by === '_id') return 'text';
  return by.kind === 'date' ? 'timestamptz' : by.kind === 'number' || by.kind === 'quantity' ? 'numeric' : 'text';
}

/** The rows beyond the cursor, lexicographically; resources without a value come last, whichever the direction. */
function afterSql(cursor: Cursor, keys: readonly (SortKey & { readonly name: string })[], to: Statement): string {
  const back = cursor.direction === 'previous';
  const tie = `(r.type, r.id) ${back ? '<' : '>'} (${to.bind(cursor.type)}, ${to.bind(cursor.id)})`;
  return keys.reduceRight((rest, key, i) => {
    const value = cursor.keys[i] ?? null;
    const column = `r.${key.name}`;
    if (value === null)
      return back ? `(${column} IS NOT NULL OR (${column} IS NULL AND ${rest}))` : `(${column} IS NULL AND ${rest})`;
    const bound = `${to.bind(value)}::${castOf(key)}`;
    const beyond = `${column} ${key.descending === back ? '>' : '<'} ${bound}`;
    return `(${beyond}${back ? '' : ` OR ${column} IS NULL`} OR (${column} = ${bound} AND ${rest}))`;
  }, tie);
}

function cursorAt(request: SearchRequest, row: SortedRow | undefined, direction: Cursor['direction']): string | null {
  if (row === undefined) return null;
  const order = request.sort
    .map(({ by, descending }) => `${descending ? '-' : ''}${typeof by === 'string' ? by : by.code}`)
    .join();
  const keys = request.sort.map((_, i) => row[`s${i}`] ?? null);
  return formatCursor({ direction, keys, type: row.type, id: row.id, order });
}

async function totalOf(
  sql: Sql,
  tenant: string,
  request: SearchRequest,
  concepts: Concepts,
  known: number | null,
): Promise<number | null> {
  if (request.total === 'none') return null;
  if (known !== null || request.total === null) return known;
  if (request.total === 'accurate') return count(sql, tenant, request, concepts);
  const to = new Statement(tenant, request.patient, concepts);
  const text = `EXPLAIN (FORMAT JSON) ${matchesSql(request, to, '1')}`;
  const { rows } = await sql.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(text, to.values);
  return rows[0]?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? null;
}

async function count(sql: Sql, tenant: string, request: SearchRequest, concepts: Concepts): Promise<number> {
  const to = new Statement(tenant, request.patient, concepts);
  const text = `SELECT count(*)::int AS total FROM (${matchesSql(request, to, '1')}) r`;
  const { rows } = await sql.query<{ total: number }>(text, to.values);
  return rows[0]?.total ?? 0;
}
