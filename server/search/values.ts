import { parseCanonical } from './canonical.ts';
import { dateRange, timestamp } from './dates.ts';
import type { SearchKind } from './definitions.ts';
import type { Collector, Walk } from './fhirpath.ts';
import { parseReference, type Target } from './references.ts';

export interface TokenValue {
  readonly system: string;
  readonly code: string;
  /** Normalised texts, each after a line feed; null for none. */
  readonly display: string | null;
}
export interface StringValue {
  readonly value: string;
  readonly exact: string | null;
}
/** Both as timestamptz reads them; [low, high). */
export interface DateValue {
  readonly low: string;
  readonly high: string;
}
/** Both as numeric reads them; [low, high]. */
export interface QuantityValue {
  readonly low: string;
  readonly high: string;
  readonly system: string;
  readonly code: string;
  readonly unit: string;
}

/** Collects what one parameter finds in one resource. */
export interface Values extends Collector {
  /** Our own FHIR base; absolute references below it are local. */
  readonly baseUrl: string | null;
  readonly tokens: TokenValue[];
  readonly strings: StringValue[];
  readonly dates: DateValue[];
  readonly quantities: QuantityValue[];
  readonly references: Target[];
  readonly uris: string[];
  /** Identifiers of references, for `:identifier`. */
  readonly identifiers: TokenValue[];
  /** System, type and value of identifiers that have a type, for `:of-type`. */
  readonly typed: TokenValue[];
}

/** How values of a FHIR type are indexed for a kind of parameter (FHIR R4, 3.1.1.4); null when they aren't. */
export function sinkFor(kind: SearchKind, type: string): Walk<Values> | null {
  switch (kind) {
    case 'token':
      return tokenSinks[type] ?? (primitives.has(type) ? primitiveToken : null);
    case 'string':
      return stringSinks[type] ?? (primitives.has(type) ? primitiveString : null);
    case 'date':
      return dateSinks[type] ?? null;
    case 'number':
    case 'quantity':
      return quantitySinks[type] ?? (numbers.has(type) ? numberSink : null);
    case 'reference':
      if (type === 'Resource') return entrySink;
      return type === 'Reference' ? referenceSink : uris.has(type) ? canonicalSink : null;
    case 'uri':
      return uris.has(type) || type === 'string' ? uriSink : null;
    default:
      return null;
  }
}

const uris = new Set(['uri', 'url', 'canonical', 'oid', 'uuid']);
const numbers = new Set(['integer', 'positiveInt', 'unsignedInt', 'decimal']);
const primitives = new Set([
  ...uris,
  ...numbers,
  ...['code', 'string', 'id', 'boolean', 'markdown', 'date', 'dateTime', 'instant', 'time'],
]);

interface Concept {
  readonly system?: string;
  readonly code?: string;
  readonly display?: string;
  readonly coding?: readonly Concept[];
  readonly text?: string;
}
interface Identifying {
  readonly system?: string;
  readonly value?: string;
  readonly type?: Concept;
}

const tokenSinks: Readonly<Record<string, Walk<Values>>> = {
  Coding: (value, { tokens }) => addCoding(value as Concept, '', tokens),
  CodeableConcept: (value, { tokens }) => {
    const { coding, text } = value as Concept;
    for (const one of coding ?? []) addCoding(one, displayOf(text), tokens);
    if (coding === undefined && text !== undefined) tokens.push({ system: '', code: '', display: displayOf(text) });
  },
  Identifier: (value, { tokens, typed }) => addIdentifier(value as Identifying, tokens, typed),
  ContactPoint: (value, { tokens }) => {
    const { value: code } = value as Identifying;
    if (code !== undefined) tokens.push({ system: '', code: indexable(code), display: null });
  },
};

function addCoding({ system = '', code = '', display }: Concept, texts: string, tokens: TokenValue[]): void {
  const all = displayOf(display) + texts;
  if (system === '' && code === '' && all === '') return;
  tokens.push({ system: indexable(system), code: indexable(code), display: all === '' ? null : all });
}

function addIdentifier({ system, value, type }: Identifying, tokens: TokenValue[], typed: TokenValue[]): void {
  const text = displayOf(type?.text);
  if (system === undefined && value === undefined && text === '') return;
  tokens.push({ system: indexable(system ?? ''), code: indexable(value ?? ''), display: text === '' ? null : text });
  for (const coding of type?.coding ?? []) {
    const code = `${coding.code ?? ''}|${value ?? ''}`;
    typed.push({ system: indexable(coding.system ?? ''), code: indexable(code), display: null });
  }
}

function primitiveToken(value: unknown, { tokens }: Values): void {
  tokens.push({ system: '', code: indexable(String(value)), display: null });
}

function displayOf(text: string | undefined): string {
  return text === undefined || text === '' ? '' : `\n${normalize(text)}`;
}

const nameParts = ['text', 'family', 'given', 'prefix', 'suffix'];
const addressParts = ['text', 'line', 'city', 'district', 'state', 'postalCode', 'country'];
const stringSinks: Readonly<Record<string, Walk<Values>>> = {
  HumanName: (value, into) => addParts(value, nameParts, into),
  Address: (value, into) => addParts(value, addressParts, into),
};

function addParts(value: unknown, parts: readonly string[], into: Values): void {
  for (const part of parts) {
    const found = (value as Record<string, unknown>)[part];
    if (Array.isArray(found)) for (const one of found) primitiveString(one, into);
    else primitiveString(found, into);
  }
}

function primitiveString(value: unknown, { strings }: Values): void {
  if (value === undefined || value === null) return;
  const exact = String(value).replaceAll('\u0000', '');
  const normalized = normalize(exact);
  strings.push({ value: normalized, exact: exact === normalized ? null : exact });
}

const dateSinks: Readonly<Record<string, Walk<Values>>> = {
  date: addDate,
  dateTime: addDate,
  instant: addDate,
  Period: (value, { dates }) => {
    const { start, end } = value as { start?: string; end?: string };
    const low = start === undefined ? Number.NEGATIVE_INFINITY : dateRange(start)?.low;
    const high = end === undefined ? Number.POSITIVE_INFINITY : dateRange(end)?.high;
    if (low !== undefined && high !== undefined) dates.push({ low: timestamp(low), high: timestamp(high) });
  },
  // Only the outer limits of a schedule count (3.1.1.4.6).
  Timing: (value, into) => {
    const { event = [], repeat } = value as { event?: string[]; repeat?: { boundsPeriod?: unknown } };
    const ranges = event.flatMap((at) => dateRange(at) ?? []);
    if (ranges.length > 0) {
      const low = timestamp(Math.min(...ranges.map((range) => range.low)));
      into.dates.push({ low, high: timestamp(Math.max(...ranges.map((range) => range.high))) });
    } else if (repeat?.boundsPeriod !== undefined) dateSinks.Period?.(repeat.boundsPeriod, into);
  },
};

function addDate(value: unknown, { dates }: Values): void {
  const range = typeof value === 'string' ? dateRange(value) : null;
  if (range !== null) dates.push({ low: timestamp(range.low), high: timestamp(range.high) });
}

interface Measured {
  readonly value?: number;
  readonly comparator?: string;
  readonly unit?: string;
  readonly system?: string;
  readonly code?: string;
}

const quantitySinks: Readonly<Record<string, Walk<Values>>> = {
  ...Object.fromEntries(['Quantity', 'Age', 'Duration', 'Distance', 'Count'].map((type) => [type, addQuantity])),
  Money: (value, into) => {
    const { value: amount, currency: code } = value as { value?: number; currency?: string };
    addQuantity({ value: amount, code, system: 'urn:iso:std:iso:4217', unit: code }, into);
  },
  SampledData: (value, into) => addQuantity((value as { origin?: Measured }).origin ?? {}, into),
  Range: (value, { quantities }) => {
    const { low, high } = value as { low?: Measured; high?: Measured };
    const { system, code, unit } = low ?? high ?? {};
    if (low?.value === undefined && high?.value === undefined) return;
    const bounds = { low: String(low?.value ?? '-Infinity'), high: String(high?.value ?? 'Infinity') };
    quantities.push({ ...bounds, ...unitOf(system, code, unit) });
  },
};

/** A comparator makes an open range: "<5" is anything below 5. */
function addQuantity(measured: unknown, { quantities }: Values): void {
  const { value, comparator = '', unit, system, code } = measured as Measured;
  if (value === undefined) return;
  const low = comparator.startsWith('<') ? '-Infinity' : String(value);
  const high = comparator.startsWith('>') ? 'Infinity' : String(value);
  quantities.push({ low, high, ...unitOf(system, code, unit) });
}

function unitOf(system = '', code = '', unit = ''): { system: string; code: string; unit: string } {
  return { system: indexable(system), code: indexable(code), unit: indexable(unit) };
}

function numberSink(value: unknown, { quantities }: Values): void {
  if (typeof value === 'number') quantities.push({ low: String(value), high: String(value), ...unitOf() });
}

function referenceSink(value: unknown, { references, identifiers, typed, baseUrl }: Values): void {
  const { reference, identifier } = value as { reference?: unknown; identifier?: Identifying };
  const target = typeof reference === 'string' ? parseReference(reference, baseUrl) : null;
  if (target !== null) references.push({ ...target, url: indexable(target.url), version: indexable(target.version) });
  if (identifier !== undefined) addIdentifier(identifier, identifiers, typed);
}

/** The resource itself stands where others have a reference: the first entry of a document or message Bundle. */
function entrySink(value: unknown, { references }: Values): void {
  const { resourceType: type, id } = value as { resourceType?: string; id?: string };
  if (type !== undefined && id !== undefined) references.push({ type, id, url: '', version: '' });
}

function canonicalSink(value: unknown, { references }: Values): void {
  const { url, version } = parseCanonical(String(value));
  if (url !== '') references.push({ type: '', id: '', url: indexable(url), version: indexable(version ?? '') });
}

function uriSink(value: unknown, into: Values): void {
  into.uris.push(indexable(String(value)));
}

/** Case, accents and white space don't count in string searches (3.1.1.4.8). */
export function normalize(text: string): string {
  const lower = text.trim().toLowerCase();
  const plain = /^[ -~]*$/.test(lower) ? lower : lower.normalize('NFD').replace(/\p{M}/gu, '').replaceAll('\u0000', '');
  return plain.replace(/\s+/g, ' ');
}

/** What fits in an index entry: a long value is cut and told apart by a hash. PostgreSQL's text can't hold NUL. */
export function indexable(text: string): string {
  const clean = text.includes('\u0000') ? text.replaceAll('\u0000', '') : text;
  return clean.length <= 500 ? clean : `${clean.slice(0, 400)}#${fingerprint(clean)}`;
}

function fingerprint(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x1000193;
  for (let i = 0; i < text.length; i += 1) {
    a = Math.imul(a ^ text.charCodeAt(i), 0x01000193);
    b = Math.imul(b ^ text.charCodeAt(i), 0x85ebca6b) + i;
  }
  return `${(a >>> 0).toString(16)}${(b >>> 0).toString(16)}`;
}
