import { createHash } from 'node:crypto';
import { elementsOf } from '../search/elements.ts';
import { parseExact } from '../store/exact-json.ts';

/**
 * What becomes of the ids of another system. `keep`: they stay, and one that is taken is refused. `adopt`: as keep, and
 * what is stored under the id already, from no other source, is taken over. `map`: each gets an id of our own, which
 * names the source, and the original becomes an identifier.
 */
export type IdMode = 'keep' | 'adopt' | 'map';

export interface IdMapping {
  readonly mode: IdMode;
  /** Name of the source, which begins the ids of `map`. */
  readonly source: string;
  /** FHIR base of the source, without a slash at the end. */
  readonly base: string;
}

/** The id under which a resource of the source is stored. The same whenever it comes. */
export function localId({ mode, source }: IdMapping, id: string): string {
  if (mode !== 'map') return id;
  const whole = `${source}-${id}`;
  return whole.length <= 64 ? whole : `${source}-${createHash('sha256').update(id).digest('hex').slice(0, 32)}`;
}

/**
 * A line of the source as it is stored: references to it become local ones. A line that cannot be read stays as it is:
 * who stores it says what is wrong.
 */
export function localLine(mapping: IdMapping, line: string): string {
  if (mapping.mode !== 'map') return line.replaceAll(`"reference":"${mapping.base}/`, '"reference":"');
  let tree: unknown;
  try {
    tree = parseExact(line);
  } catch {
    return line;
  }
  if (!isObject(tree) || typeof tree['resourceType'] !== 'string' || typeof tree['id'] !== 'string') return line;
  const { resourceType: type, id } = tree;
  mapReferences(tree, mapping);
  const meta = isObject(tree['meta']) ? tree['meta'] : {};
  tree['id'] = localId(mapping, id);
  tree['meta'] = { ...meta, source: meta['source'] ?? `${mapping.base}/${type}/${id}` };
  if (elementsOf(type).get('identifier')?.repeats === true) {
    const given = Array.isArray(tree['identifier']) ? tree['identifier'] : [];
    tree['identifier'] = [...given, { system: `${mapping.base}/${type}`, value: id }];
  }
  return JSON.stringify(tree);
}

function mapReferences(node: unknown, mapping: IdMapping): void {
  if (Array.isArray(node)) for (const item of node) mapReferences(item, mapping);
  else if (isObject(node))
    for (const [key, value] of Object.entries(node)) {
      if (key === 'reference' && typeof value === 'string') node[key] = localReference(mapping, value);
      else mapReferences(value, mapping);
    }
}

/** A reference to the source's own; a version of it is another one here, and is not named. */
function localReference(mapping: IdMapping, reference: string): string {
  const { base } = mapping;
  const relative = reference.startsWith(`${base}/`) ? reference.slice(base.length + 1) : reference;
  const [, type, id] = /^([A-Z][A-Za-z]+)\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[^/]+)?$/.exec(relative) ?? [];
  return type === undefined || id === undefined ? reference : `${type}/${localId(mapping, id)}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
