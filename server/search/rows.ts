import type { Resource } from '@medplum/fhirtypes';
import { copyRows, isTransaction } from '../db/copy.ts';
import type { Sql } from '../db/database.ts';
import { type Collected, type Extractor, emptyCollection, extractorsOf } from './extract.ts';
import { once, perKey } from './once.ts';
import {
  compositeCells,
  dateCells,
  emptyTables,
  quantityCells,
  type RowOwner,
  referenceCells,
  stringCells,
  type Table,
  type Tables,
  tokenCells,
  uriCells,
} from './tables.ts';

/** A resource whose rows in the search index are to be written. */
export interface IndexedResource {
  /** Patient key of the version to be indexed (compartment.ts); '' for none. */
  readonly patient: string;
  readonly type: string;
  readonly id: string;
  /** Null when the resource is deleted: then its rows are only removed. */
  readonly resource: Resource | null;
  /** Patient key under which the version before was indexed; null when the resource is new, which spares a deletion. */
  readonly replaces: string | null;
}

export interface IndexOptions {
  /** Our own FHIR base without a slash at the end: absolute references below it are local. */
  readonly baseUrl?: string | null;
}

/** From so many rows on, seven COPYs are cheaper than one INSERT. */
const copiedFrom = 200;

/**
 * Replaces all rows of the resources in the search index: one statement to remove those of versions before, if any
 * has one, and one to insert. Takes part in the caller's transaction. Each resource may occur once.
 */
export async function writeSearchRows(
  sql: Sql,
  tenant: string,
  resources: readonly IndexedResource[],
  options: IndexOptions = {},
): Promise<void> {
  await removeRows(sql, tenant, resources);
  const tables = Object.values(searchRows(resources, options));
  const count = tables.reduce((sum, { length }) => sum + length, 0);
  if (count === 0) return;
  if (count >= copiedFrom && isTransaction(sql)) {
    for (const table of tables) {
      await copyRows(sql, `${table.name} (tenant, ${table.columns.join(', ')})`, table.copyText(tenant));
    }
    return;
  }
  await sql.query({
    name: 'search-write',
    text: insertStatement(),
    values: [tenant, ...tables.flatMap(({ cells }) => cells)],
  });
}

/** The rows of the resources, by table. */
export function searchRows(resources: readonly IndexedResource[], { baseUrl = null }: IndexOptions = {}): Tables {
  const tables = emptyTables();
  for (const entry of resources) {
    if (entry.resource === null) continue;
    const found = emptyCollection(entry.resource, baseUrl);
    for (const extractor of extractorsOf(entry.type)) {
      extractor.walk(entry.resource, found);
      flush(found, extractor, entry, tables);
    }
  }
  return tables;
}

function flush(
  found: Collected,
  { definition: { id }, identifierId, typedId }: Extractor,
  owner: RowOwner,
  to: Tables,
): void {
  if (found.tokens.length > 0) add(to.token, owner, id, found.tokens, tokenCells);
  if (found.strings.length > 0) add(to.string, owner, id, found.strings, stringCells);
  if (found.dates.length > 0) add(to.date, owner, id, found.dates, dateCells);
  if (found.quantities.length > 0) add(to.quantity, owner, id, found.quantities, quantityCells);
  if (found.references.length > 0) add(to.reference, owner, id, found.references, referenceCells);
  if (found.uris.length > 0) add(to.uri, owner, id, found.uris, uriCells);
  if (found.identifiers.length > 0) add(to.token, owner, identifierId, found.identifiers, tokenCells);
  if (found.typed.length > 0) add(to.token, owner, typedId, found.typed, tokenCells);
  if (found.composites.length > 0) add(to.composite, owner, id, found.composites, compositeCells);
}

type Cells = Parameters<Table['add']>[3];

/** Ordinals are smallint, but for references, as rosters have more; values beyond so many of one parameter in one resource can't be found. */
const maxValues = ({ types }: Table): number => (types[3] === 'int2' ? 32_767 : 2_147_483_647);

/** Adds what is in `values` once each, and empties it. */
function add<T>(table: Table, owner: RowOwner, param: number, values: T[], cellsOf: (value: T) => Cells): void {
  const [first] = values;
  if (values.length === 1 && first !== undefined) table.add(owner, param, 0, cellsOf(first));
  else {
    const seen = new Set<string>();
    const most = maxValues(table);
    for (const value of values) {
      const cells = cellsOf(value);
      const key = cells.join('\u0001');
      if (seen.has(key) || seen.size === most) continue;
      table.add(owner, param, seen.size, cells);
      seen.add(key);
    }
  }
  values.length = 0;
}

async function removeRows(sql: Sql, tenant: string, resources: readonly IndexedResource[]): Promise<void> {
  const old = resources.filter(({ replaces }) => replaces !== null);
  for (const [type, some] of Map.groupBy(old, (resource) => resource.type)) {
    const values = [tenant, some.map(({ replaces }) => replaces), some.map(({ id }) => id), ...numbersByTable(type)];
    await sql.query({ name: 'search-remove', text: removeStatement, values });
  }
}

const removeStatement = `SELECT search_remove($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`;

/** The numbers of a type's parameters that have rows in each table, in the order of search_remove. */
const numbersByTable = perKey((type: string): readonly number[][] => {
  const extractors = extractorsOf(type);
  const of = (...kinds: string[]): number[] =>
    extractors.flatMap(({ definition: { id, kind } }) => (kinds.includes(kind) ? id : []));
  const identifiers = extractors.flatMap(({ definition: { kind }, identifierId, typedId }) =>
    kind === 'reference' ? [identifierId, typedId] : kind === 'token' ? typedId : [],
  );
  const tokens = [...of('token'), ...identifiers];
  return [tokens, of('string'), of('date'), of('number', 'quantity'), of('reference'), of('uri'), of('composite')];
});

const tableList = Object.values(emptyTables());

const insertStatement = once(() => {
  let next = 2;
  const inserts = tableList.map(({ name, columns, types }) => {
    const source = types.map((type) => `$${next++}::${type}[]`).join(', ');
    const names = columns.join(', ');
    return `${name}_rows AS (INSERT INTO ${name} (tenant, ${names})
      SELECT $1, ${names} FROM unnest(${source}) AS r (${names}))`;
  });
  return `WITH ${inserts.join(', ')} SELECT 1`;
});
