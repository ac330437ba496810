import { UnsupportedSearch } from './errors.ts';
import type { Predicate } from './predicates.ts';
import type { Statement } from './statement.ts';
import { likeLiteral } from './text.ts';
import { normalize } from './values.ts';

/** Columns of the row that a predicate looks at; the tables' own, or those of a component of a composite. */
export interface Columns {
  readonly system: string;
  readonly code: string;
  readonly low: string;
  readonly high: string;
  readonly dateLow: string;
  readonly dateHigh: string;
}

export function ownColumns(t: string): Columns {
  const [low, high] = [`${t}.low`, `${t}.high`];
  return { system: `${t}.system`, code: `${t}.code`, low, high, dateLow: low, dateHigh: high };
}

/** The SQL condition on a row `t` of the index table of the predicate's kind. */
export function predicateSql(predicate: Predicate, t: string, on: Columns, to: Statement): string {
  switch (predicate.kind) {
    case 'token':
      return tokenSql(predicate, on, to);
    case 'text': {
      const text = likeLiteral(normalize(predicate.text));
      return `${t}.display LIKE ${to.bind(`%\n${text}%`)}`;
    }
    case 'valueSet':
    case 'hierarchy':
      return conceptsSql(predicate, on, to);
    case 'string':
      return stringSql(predicate, t, to);
    case 'date':
      return dateSql(predicate, on, to);
    case 'quantity':
      return quantitySql(predicate, t, on, to);
    case 'reference':
      return referenceSql(predicate, t, to);
    case 'uri':
      return uriSql(predicate, t, to);
    case 'composite':
      return compositeSql(predicate, t, to);
  }
}

type Of<Kind extends Predicate['kind']> = Predicate & { kind: Kind };

function tokenSql({ system, code }: Of<'token'>, on: Columns, to: Statement): string {
  const conditions = [
    ...(code === null ? [] : [`${on.code} = ${to.bind(code)}`]),
    ...(system === null ? [] : [`${on.system} = ${to.bind(system)}`]),
  ];
  return conditions.join(' AND ');
}

function conceptsSql(predicate: Of<'valueSet' | 'hierarchy'>, on: Columns, to: Statement): string {
  const concepts = to.concepts.get(predicate);
  if (concepts === undefined) throw new UnsupportedSearch(predicate.kind, 'no terminology is at hand for it');
  const systems = to.bind(concepts.map(({ system }) => system));
  const codes = to.bind(concepts.map(({ code }) => code));
  return `(${on.system}, ${on.code}) IN (SELECT * FROM unnest(${systems}::text[], ${codes}::text[]))`;
}

/** As long as the index's expression takes. */
const indexed = 200;

function stringSql({ match, text }: Of<'string'>, t: string, to: Statement): string {
  const wanted = normalize(text);
  const start = `"left"(${t}.value, ${indexed})`;
  if (match === 'contains') return `${t}.value LIKE ${to.bind(`%${likeLiteral(wanted)}%`)}`;
  if (match === 'exact') {
    return `${start} = ${to.bind(wanted.slice(0, indexed))} AND coalesce(${t}.exact, ${t}.value) = ${to.bind(text)}`;
  }
  const prefix = `${start} LIKE ${to.bind(`${likeLiteral(wanted.slice(0, indexed))}%`)}`;
  return wanted.length <= indexed ? prefix : `${prefix} AND ${t}.value LIKE ${to.bind(`${likeLiteral(wanted)}%`)}`;
}

/** FHIR R4, 3.1.1.4.6: the range of the search value against that of the target. */
function dateSql({ prefix, low, high }: Of<'date'>, on: Columns, to: Statement): string {
  const from = (): string => `${to.bind(low)}::timestamptz`;
  const until = (): string => `${to.bind(high)}::timestamptz`;
  const within = (): string => `(${on.dateLow} >= ${from()} AND ${on.dateHigh} <= ${until()})`;
  switch (prefix) {
    case 'eq':
      return within();
    case 'ne':
      return `NOT ${within()}`;
    case 'gt':
      return `${on.dateHigh} > ${until()}`;
    case 'lt':
      return `${on.dateLow} < ${from()}`;
    case 'ge':
      return `(${on.dateHigh} > ${until()} OR ${within()})`;
    case 'le':
      return `(${on.dateLow} < ${from()} OR ${within()})`;
    case 'sa':
      return `${on.dateLow} >= ${until()}`;
    case 'eb':
      return `${on.dateHigh} <= ${from()}`;
    case 'ap':
      return `(${on.dateLow} < ${until()} AND ${on.dateHigh} > ${from()})`;
  }
}

/** FHIR R4, 3.1.1.4.5 and 3.1.1.4.13: `eq` and `ne` go by the precision of the search value, the others by the value. */
function quantitySql(predicate: Of<'quantity'>, t: string, on: Columns, to: Statement): string {
  const { prefix, system, code } = predicate;
  const value = (): string => `${to.bind(predicate.value)}::numeric`;
  const half = (): string => `${to.bind(predicate.half)}::numeric`;
  const within = (): string => `(${on.low} >= ${value()} - ${half()} AND ${on.high} < ${value()} + ${half()})`;
  const compare: Readonly<Record<typeof prefix, () => string>> = {
    eq: within,
    ne: () => `NOT ${within()}`,
    gt: () => `${on.high} > ${value()}`,
    lt: () => `${on.low} < ${value()}`,
    ge: () => `${on.high} >= ${value()}`,
    le: () => `${on.low} <= ${value()}`,
    sa: () => `${on.low} > ${value()}`,
    eb: () => `${on.high} < ${value()}`,
    ap: () => `(${on.low} <= ${value()} + abs(${value()}) * 0.1 AND ${on.high} >= ${value()} - abs(${value()}) * 0.1)`,
  };
  const conditions = [compare[prefix]()];
  if (system !== null) conditions.push(`${on.system} = ${to.bind(system)}`);
  if (code !== null && system !== null) conditions.push(`${on.code} = ${to.bind(code)}`);
  if (code !== null && system === null) conditions.push(`${to.bind(code)} IN (${on.code}, ${t}.unit)`);
  return conditions.join(' AND ');
}

function referenceSql({ target, types }: Of<'reference'>, t: string, to: Statement): string {
  const version = target.version === '' ? '' : ` AND ${t}.version = ${to.bind(target.version)}`;
  if (target.url !== '') return `${t}.url = ${to.bind(target.url)} AND ${t}.url <> ''${version}`;
  const id = `${t}.target_id = ${to.bind(target.id)} AND ${t}.target_id <> ''`;
  if (target.type !== '') return `${id} AND ${t}.target_type = ${to.bind(target.type)}${version}`;
  return types.length === 0 ? id : `${id} AND ${t}.target_type = ANY (${to.bind(types)}::text[])`;
}

function uriSql({ match, uri }: Of<'uri'>, t: string, to: Statement): string {
  if (match === 'exact') return `${t}.value = ${to.bind(uri)}`;
  const path = uri.replace(/\/$/, '');
  if (match === 'below')
    return `(${t}.value = ${to.bind(uri)} OR ${t}.value LIKE ${to.bind(`${likeLiteral(path)}/%`)})`;
  const segments = path.split('/');
  const above = segments.map((_, i) => segments.slice(0, i + 1).join('/'));
  return `${t}.value = ANY (${to.bind([...above, ...above.map((part) => `${part}/`)])}::text[])`;
}

function compositeSql({ parts }: Of<'composite'>, t: string, to: Statement): string {
  const [first, second, third] = parts;
  const conditions: string[] = [];
  if (first !== undefined) conditions.push(predicateSql(first, t, ownColumns(t), to));
  const others: Columns = {
    ...ownColumns(t),
    system: `${t}.second_system`,
    code: `${t}.second_code`,
    dateLow: `${t}.date_low`,
    dateHigh: `${t}.date_high`,
  };
  if (second?.kind === 'string')
    conditions.push(`${t}.value LIKE ${to.bind(`${likeLiteral(normalize(second.text))}%`)}`);
  else if (second !== undefined) conditions.push(predicateSql(second, t, others, to));
  if (third !== undefined) {
    conditions.push(predicateSql(third, t, { ...others, low: `${t}.third_low`, high: `${t}.third_high` }, to));
  }
  return conditions.map((condition) => `(${condition})`).join(' AND ');
}
