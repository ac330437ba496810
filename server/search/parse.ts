import { compartmentParameters } from './compartment.ts';
import { type Criterion, mayTarget, parseCriterion } from './criteria.ts';
import { parseCursor } from './cursor.ts';
import {
  isResourceType,
  resourceTypes,
  type SearchDefinition,
  searchParameter,
  searchParametersOf,
} from './definitions.ts';
import { InvalidSearchValue, UnknownResourceType, UnknownSearchParameter, UnsupportedSearch } from './errors.ts';
import type { Inclusion, SearchIssue, SearchRequest, SortKey, SummaryMode } from './request.ts';

export interface SearchOptions {
  /** `Prefer: handling=strict` refuses unknown parameters; otherwise they are left out and reported. */
  readonly handling?: 'strict' | 'lenient';
  /** Our own FHIR base without a slash at the end. */
  readonly baseUrl?: string | null;
  /** The instant that `ap` counts from. */
  readonly now: Date;
  readonly compartment?: { readonly type: string; readonly id: string } | null;
  /** Binds the search, chains and inclusions to one Patient's compartment. */
  readonly patient?: string | null;
  /** Resources a page where the client names no _count; 20 unless told. */
  readonly defaultCount?: number;
  /** Resources a page at most; 1000 unless told. */
  readonly maxCount?: number;
}

/** Parameters that say how to answer; the HTTP layer deals with the last three. */
const formatting = new Set(['_format', '_pretty', '_method']);
const resultParameters = new Set(
  '_sort _count _total _summary _elements _include _revinclude _cursor _type _contained _containedType'.split(' '),
);

/**
 * Reads a search (FHIR R4, 3.1).
 *
 * @param type the type that is searched; null at system level, with `_type` or for all types
 * @throws UnknownResourceType, UnknownSearchParameter (strict only), InvalidSearchValue, UnsupportedSearch, InvalidCursor
 */
export function parseSearch(type: string | null, query: URLSearchParams, options: SearchOptions): SearchRequest {
  const { now, baseUrl = null, compartment = null, patient = null } = options;
  const types = type === null ? typesOf(query.getAll('_type')) : [type];
  for (const one of types) if (!isResourceType(one)) throw new UnknownResourceType(one);
  const issues: SearchIssue[] = [];
  const applied: [string, string][] = [];
  const criteria = new Map(types.map((one) => [one, [] as Criterion[]]));
  const context: ParseContext = { types, issues, strict: options.handling === 'strict' };
  for (const [name, value] of query) {
    if (formatting.has(name) || value === '') continue;
    if (resultParameters.has(name.split(':')[0] ?? '')) {
      if (name !== '_cursor') applied.push([name, value]);
      continue;
    }
    const parsed = types.map((one) => [one, parseCriterion(one, name, value, { now, baseUrl })] as const);
    if (parsed.some(([, criterion]) => criterion === null)) refuse(name, context);
    else {
      for (const [one, criterion] of parsed) if (criterion !== null) criteria.get(one)?.push(criterion);
      applied.push([name, value]);
    }
  }
  checkSize(query);
  checkContained(query);
  if (compartment !== null) checkCompartment(compartment.type, types);
  const sort = query.getAll('_sort').flatMap((value) => parseSort(value, context));
  const order = sort
    .map(({ by, descending }) => `${descending ? '-' : ''}${typeof by === 'string' ? by : by.code}`)
    .join();
  const cursor = query.get('_cursor');
  return {
    types,
    criteria,
    compartment,
    patient,
    inclusions: parseInclusions(query, context),
    sort,
    count: parseCount(query.get('_count'), options),
    total: oneOf('_total', query.get('_total'), ['none', 'estimate', 'accurate']),
    summary:
      oneOf<SummaryMode>('_summary', query.get('_summary'), ['true', 'text', 'data', 'count', 'false']) ?? 'false',
    elements: query
      .getAll('_elements')
      .flatMap((value) => value.split(','))
      .filter((element) => element !== ''),
    cursor: cursor === null ? null : parseCursor(cursor, order, sort.length),
    issues,
    applied,
  };
}

interface ParseContext {
  readonly types: readonly string[];
  readonly issues: SearchIssue[];
  readonly strict: boolean;
}

function refuse(name: string, { types, issues, strict }: ParseContext): void {
  const [type = ''] = types;
  if (strict) throw new UnknownSearchParameter(type, name, [...searchParametersOf(type).keys()]);
  const where = types.length === 1 ? type : 'all the types';
  const diagnostics = `The search parameter "${name}" is unknown for ${where} and was ignored`;
  issues.push({ severity: 'warning', code: 'not-supported', diagnostics });
}

function typesOf(values: readonly string[]): readonly string[] {
  const named = [...new Set(values.flatMap((value) => value.split(',')).filter((one) => one !== ''))];
  return named.length > 0 ? named : resourceTypes();
}

function oneOf<T extends string>(name: string, value: string | null, allowed: readonly T[]): T | null {
  if (value === null || value === '') return null;
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new InvalidSearchValue(name, value, `one of ${allowed.join(', ')}`);
  return found;
}

function parseCount(value: string | null, { defaultCount = 20, maxCount = 1000 }: SearchOptions): number {
  if (value === null || value === '') return defaultCount;
  if (!/^\d{1,9}$/.test(value)) throw new InvalidSearchValue('_count', value, 'a whole number, 0 or more');
  return Math.min(Number(value), maxCount);
}

/** Each parameter is a subquery, each of its values a condition: a statement of thousands takes PostgreSQL minutes to plan. */
export const maxParameters = 64;
export const maxValues = 2_000;

function checkSize(query: URLSearchParams): void {
  const criteria = [...query].filter(([name]) => name !== '_id' && name !== '_cursor');
  if (criteria.length > maxParameters)
    throw new UnsupportedSearch(criteria[maxParameters]?.[0] ?? '', `a search has at most ${maxParameters} parameters`);
  const values = criteria.reduce((sum, [, value]) => sum + value.split(',').length, 0);
  if (values > maxValues)
    throw new UnsupportedSearch(
      criteria.find(([, value]) => value.includes(','))?.[0] ?? '',
      `a search has at most ${maxValues} values: send several searches, or look up resources by _id`,
    );
}

function checkContained(query: URLSearchParams): void {
  const value = query.get('_contained');
  if (value !== null && value !== 'false')
    throw new UnsupportedSearch('_contained', 'contained resources are not searched');
}

function checkCompartment(compartment: string, types: readonly string[]): void {
  for (const type of types) {
    if (type !== compartment && compartmentParameters(compartment, type).length === 0) {
      throw new UnsupportedSearch(type, `a ${type} can't be in the ${compartment} compartment`);
    }
  }
}

function parseSort(value: string, context: ParseContext): SortKey[] {
  return value
    .split(',')
    .filter((key) => key !== '')
    .flatMap((key): SortKey[] => {
      const descending = key.startsWith('-');
      const code = descending ? key.slice(1) : key;
      if (code === '_id' || code === '_lastUpdated') return [{ by: code, descending }];
      const [type = ''] = context.types;
      const definition = context.types.length === 1 ? searchParameter(type, code) : null;
      if (definition === null) {
        refuse(`_sort=${key}`, context);
        return [];
      }
      if (definition.kind === 'composite' || definition.kind === 'special' || definition.expression === '') {
        throw new UnsupportedSearch('_sort', `"${code}" has no order`);
      }
      return [{ by: definition, descending }];
    });
}

function parseInclusions(query: URLSearchParams, context: ParseContext): Inclusion[] {
  return [...query].flatMap(([name, value]) => {
    const [parameter, modifier = '', ...more] = name.split(':');
    if (parameter !== '_include' && parameter !== '_revinclude') return [];
    const iterate = modifier === 'iterate' || modifier === 'recurse';
    if ((modifier !== '' && !iterate) || more.length > 0) throw new UnsupportedSearch(name, `no modifier but :iterate`);
    return parseInclusion(name, value, parameter === '_revinclude', iterate, context);
  });
}

function parseInclusion(
  name: string,
  value: string,
  reverse: boolean,
  iterate: boolean,
  context: ParseContext,
): Inclusion[] {
  if (value === '*') return [{ reverse, iterate, source: null, definition: null, target: null }];
  const [source = '', code, target = null, ...more] = value.split(':');
  const wrong = source === '' || code === undefined || more.length > 0 || !isResourceType(source);
  if (wrong || (target !== null && !isResourceType(target))) {
    throw new InvalidSearchValue(name, value, 'Type:parameter, Type:parameter:TargetType, Type:* or *');
  }
  if (code === '*') return [{ reverse, iterate, source, definition: null, target }];
  const definition: SearchDefinition | null = searchParameter(source, code);
  if (definition === null || definition.kind !== 'reference' || (target !== null && !mayTarget(definition, target))) {
    refuse(`${name}=${value}`, context);
    return [];
  }
  return [{ reverse, iterate, source, definition, target }];
}
