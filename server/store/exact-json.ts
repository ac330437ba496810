import type { Resource } from '@medplum/fhirtypes';
import type { FhirResource } from '../../cql/index.ts';
import { InvalidRequest, MalformedJson } from './errors.ts';

/** `JSON.rawJSON` and the reviver's `context.source` (ES2026; in Node 24, not yet in TypeScript's library). */
interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): object;
  isRawJSON(value: unknown): boolean;
}
const json = JSON as unknown as ExactJson;

/** A number where JSON may have one. Also finds some inside strings, which only costs time. */
const numbers = /[:,[]\s*(-?\d[\d.eE+-]*)(?=\s*[,}\]])/g;

/**
 * Parses JSON so that JSON.stringify gives every number as it was written: `1.10` and `1e3` become raw JSON values,
 * all others plain numbers. Most texts have no such number, and cost no more than JSON.parse.
 *
 * @throws MalformedJson with line and column; InvalidRequest for JSON that is nested too deep, or that names a property
 *   as every JavaScript object has it (`__proto__`, `constructor`)
 */
export function parseExact(text: string): unknown {
  const value = parse(text);
  if (typeof value === 'object' && value !== null) checkTree(value, 1);
  if (!hasRawNumbers(text)) return value;
  return json.parse(text, (_key, item, { source }) =>
    typeof item === 'number' && source !== undefined && String(item) !== source ? json.rawJSON(source) : item,
  );
}

/** Far more than any resource needs, far less than what exhausts the stack of those who walk it. */
export const maxDepth = 250;

/** No element of FHIR has such a name, and code that looks elements up by name would find what is not in the text. */
const inherited = new Set(Object.getOwnPropertyNames(Object.prototype));

function checkTree(node: object, depth: number): void {
  if (depth > maxDepth) throw new InvalidRequest(`The JSON is nested deeper than ${maxDepth} levels`);
  const isList = Array.isArray(node);
  for (const key in node) {
    if (!isList && inherited.has(key)) throw new InvalidRequest(`FHIR has no property "${key}"`);
    const value: unknown = Reflect.get(node, key);
    if (typeof value === 'object' && value !== null) checkTree(value, depth + 1);
  }
}

/** A number that JSON.stringify gives as it is written here. `source` must be a number as JSON writes one. */
export function exactNumber(source: string): unknown {
  return String(Number(source)) === source ? Number(source) : json.rawJSON(source);
}

/** Is it a number that keeps its text? */
export function isRaw(value: unknown): boolean {
  return json.isRawJSON(value);
}

/**
 * The same tree with ordinary numbers, as a resource that FHIRPath and validation can read; the tree itself when it has
 * no others. Not to be changed.
 */
export function plain(tree: FhirResource): Resource {
  const resource: unknown = holdsRaw(tree) ? JSON.parse(JSON.stringify(tree)) : tree;
  return resource as Resource;
}

/** The tree itself, for whoever reads no numbers of it. */
export function withoutNumbers(tree: FhirResource): Resource {
  return tree as unknown as Resource;
}

function holdsRaw(node: object): boolean {
  for (const key in node) {
    const value: unknown = Reflect.get(node, key);
    if (typeof value === 'object' && value !== null && (isRaw(value) || holdsRaw(value))) return true;
  }
  return false;
}

function hasRawNumbers(text: string): boolean {
  for (const [, source] of text.matchAll(numbers)) if (String(Number(source)) !== source) return true;
  return false;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(text, error);
  }
}

/** The engine's message quotes the text, which may be patient data, and not always has the position: we find it. */
function malformed(text: string, cause: unknown): MalformedJson {
  const position = statedPosition(cause) ?? (endsTooEarly(text) ? text.length : firstWrong(text));
  const before = text.slice(0, position).split('\n');
  const reason =
    text.trim() === '' ? 'it is empty' : position >= text.length ? 'it ends too early' : 'unexpected character';
  return new MalformedJson(reason, before.length, (before.at(-1)?.length ?? 0) + 1);
}

function statedPosition(error: unknown): number | null {
  const stated = error instanceof Error ? /at position (\d+)/.exec(error.message)?.[1] : undefined;
  return stated === undefined ? null : Number(stated);
}

/** Could the text be the beginning of a JSON text? */
function endsTooEarly(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const position = statedPosition(error);
    if (position !== null) return position >= text.length;
    return error instanceof Error && /end of JSON input|Unterminated/.test(error.message);
  }
}

/** Bisects for the longest beginning that could still become JSON; runs only on malformed bodies. */
function firstWrong(text: string): number {
  let good = 0;
  let bad = text.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (endsTooEarly(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

/** Makes raw numbers again of those that a copy has turned into objects like `{rawJSON: "1.10"}`. */
export function restoreRaw<T extends object>(tree: T): T {
  for (const key in tree) {
    const value: unknown = tree[key];
    if (typeof value !== 'object' || value === null || isRaw(value)) continue;
    const text: unknown = Reflect.get(value, 'rawJSON');
    if (typeof text === 'string' && Object.keys(value).length === 1) Reflect.set(tree, key, json.rawJSON(text));
    else restoreRaw(value);
  }
  return tree;
}
