import { dateRange, timestamp } from './dates.ts';
import type { SearchDefinition, SearchKind } from './definitions.ts';
import { InvalidSearchValue } from './errors.ts';
import { parseReference, type Target } from './references.ts';
import { splitUnescaped, unescapeValue } from './text.ts';
import { indexable, normalize } from './values.ts';

export type Prefix = 'eq' | 'ne' | 'gt' | 'lt' | 'ge' | 'le' | 'sa' | 'eb' | 'ap';

/** What one value of a criterion asks of one indexed value. */
export type Predicate =
  /** Null: anything. A system of '' asks for values without one. */
  | { readonly kind: 'token'; readonly system: string | null; readonly code: string | null }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'valueSet'; readonly url: string }
  | {
      readonly kind: 'hierarchy';
      readonly system: string;
      readonly code: string;
      readonly direction: 'above' | 'below';
    }
  | { readonly kind: 'string'; readonly match: 'starts' | 'contains' | 'exact'; readonly text: string }
  /** [low, high) as timestamptz reads them; widened by a tenth of the distance to now for `ap`. */
  | { readonly kind: 'date'; readonly prefix: Prefix; readonly low: string; readonly high: string }
  /** Decimals as text. `half` is half of the last digit that was given: 100 means [99.5, 100.5). */
  | {
      readonly kind: 'quantity';
      readonly prefix: Prefix;
      readonly value: string;
      readonly half: string;
      readonly system: string | null;
      readonly code: string | null;
    }
  | { readonly kind: 'reference'; readonly types: readonly string[]; readonly target: Target }
  | { readonly kind: 'uri'; readonly match: 'exact' | 'above' | 'below'; readonly uri: string }
  | { readonly kind: 'composite'; readonly parts: readonly Predicate[] };

export interface Reading {
  readonly definition: SearchDefinition;
  /** The name that the client wrote, for messages. */
  readonly name: string;
  readonly now: Date;
  readonly baseUrl: string | null;
  /** Do the parameter's elements carry codes without a system? Then the system of the search is implied. */
  readonly bareCodes: boolean;
}

/** @throws InvalidSearchValue naming what is expected */
export function parsePredicate(kind: SearchKind, text: string, reading: Reading): Predicate {
  switch (kind) {
    case 'token':
      return parseToken(text, reading);
    case 'string':
      return { kind: 'string', match: 'starts', text: required(unescapeValue(text), text, reading, 'a text') };
    case 'date':
      return parseDate(text, reading);
    case 'number':
    case 'quantity':
      return parseQuantity(kind, text, reading);
    case 'reference':
      return parseReferenceValue(text, reading, []);
    case 'uri':
      return { kind: 'uri', match: 'exact', uri: required(unescapeValue(text), text, reading, 'a URI') };
    case 'composite':
      return parseComposite(text, reading);
    case 'special':
      throw new InvalidSearchValue(reading.name, text, 'nothing: the parameter is not supported');
  }
}

export function parseToken(text: string, reading: Reading): Predicate & { kind: 'token' } {
  const expected = 'a token: code, system|code, |code or system|';
  const [first = '', second, ...more] = splitUnescaped(text, '|').map(unescapeValue);
  if (more.length > 0 || (first === '' && (second ?? '') === ''))
    throw new InvalidSearchValue(reading.name, text, expected);
  if (second === undefined) return { kind: 'token', system: null, code: indexable(first) };
  const system = reading.bareCodes ? null : indexable(first);
  return { kind: 'token', system, code: second === '' ? null : indexable(second) };
}

const prefixed = /^(eq|ne|gt|lt|ge|le|sa|eb|ap)?(.*)$/s;

function parseDate(text: string, { name, now }: Reading): Predicate {
  const [, prefix = 'eq', value = ''] = prefixed.exec(text) ?? [];
  const range = dateRange(value.replace(' ', '+')); // an unencoded + of an offset arrives as a space
  if (range === null) {
    const expected =
      'a date such as 2026, 2026-01, 2026-01-31 or 2026-01-31T10:00:00Z, after eq ne gt lt ge le sa eb ap or nothing';
    throw new InvalidSearchValue(name, text, expected);
  }
  const slack = prefix === 'ap' ? Math.abs(now.getTime() - range.low) / 10 : 0;
  const low = timestamp(range.low - slack);
  return { kind: 'date', prefix: prefix as Prefix, low, high: timestamp(range.high + slack) };
}

const decimal = /^[+-]?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/;

function parseQuantity(kind: 'number' | 'quantity', text: string, { name }: Reading): Predicate {
  const [number = '', ...unit] = splitUnescaped(text, '|').map(unescapeValue);
  const [, prefix = 'eq', value = ''] = prefixed.exec(number) ?? [];
  const match = decimal.exec(value);
  const parts = unit.length === 0 || (kind === 'quantity' && unit.length === 2);
  if (match === null || !parts || value.length > 60) {
    const expected = kind === 'number' ? 'a number' : 'a quantity: number, number|system|code or number||code';
    throw new InvalidSearchValue(name, text, `${expected}, after eq ne gt lt ge le sa eb ap or nothing`);
  }
  const half = `5e${Number(match[3] ?? 0) - (match[2]?.length ?? 0) - 1}`;
  const [system = '', code = ''] = unit;
  return {
    kind: 'quantity',
    prefix: prefix as Prefix,
    value,
    half,
    system: system === '' ? null : indexable(system),
    code: code === '' ? null : indexable(code),
  };
}

/** @param types what the modifier `:Type` allows; empty for all that the parameter may point to */
export function parseReferenceValue(text: string, reading: Reading, types: readonly string[]): Predicate {
  const { definition, name, baseUrl } = reading;
  const allowed = types.length > 0 ? types : definition.targets;
  const value = unescapeValue(text);
  if (/^[A-Za-z0-9\-.]{1,64}$/.test(value)) {
    return { kind: 'reference', types: allowed, target: { type: '', id: value, url: '', version: '' } };
  }
  const bar = value.lastIndexOf('|');
  const target = parseReference(bar === -1 ? value : value.slice(0, bar), baseUrl);
  if (target === null || (target.url !== '' && !/^[a-z][a-z0-9+.-]*:/i.test(target.url))) {
    throw new InvalidSearchValue(name, text, 'a reference: id, Type/id, an absolute URL or a canonical');
  }
  const version = bar === -1 ? target.version : value.slice(bar + 1);
  return {
    kind: 'reference',
    types: allowed,
    target: { ...target, url: indexable(target.url), version: indexable(version) },
  };
}

function parseComposite(text: string, reading: Reading): Predicate {
  const { components } = reading.definition;
  const values = splitUnescaped(text, '$');
  if (values.length !== components.length) {
    const expected = `${components.length} values joined by $: ${components.map(({ kind }) => kind).join('$')}`;
    throw new InvalidSearchValue(reading.name, text, expected);
  }
  const part = { ...reading, bareCodes: false };
  return { kind: 'composite', parts: components.map(({ kind }, i) => parsePredicate(kind, values[i] ?? '', part)) };
}

function required(value: string, text: string, { name }: Reading, expected: string): string {
  if (normalize(value) === '') throw new InvalidSearchValue(name, text, expected);
  return value.replaceAll('\u0000', '');
}
