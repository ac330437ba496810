import type { FhirResource } from '../../cql/index.ts';
import { elementType } from './element-type.ts';

/** What a link inside a Bundle became: from a fullUrl or a conditional reference to `Type/id`. */
export type Links = ReadonlyMap<string, string>;

const restful = /^(https?:\/\/.+\/|)([A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64})$/;

/**
 * Replaces the links of a transaction Bundle in a resource (R4 http.html#trules): references, elements of type uri, url,
 * oid and uuid, and links in the narrative; never canonicals or strings. A relative reference is read against the base
 * of the entry's own fullUrl (R4 bundle.html#references).
 *
 * @returns a copy that shares what did not change; the resource itself when nothing did
 */
export function replaceLinks(resource: FhirResource, fullUrl: string | null, links: Links): FhirResource {
  if (links.size === 0) return resource;
  const base = fullUrl === null ? null : (restful.exec(fullUrl)?.[1] ?? null);
  const target = (reference: string): string | undefined =>
    links.get(reference) ?? (base !== null && !reference.includes(':') ? links.get(base + reference) : undefined);
  return map(resource, [resource.resourceType], (value, path, key) => {
    if (key === 'reference') return target(value) ?? value;
    if (key === 'div') return value.replace(/(?<=\b(?:href|src)=")[^"#]+/g, (link) => links.get(link) ?? link);
    const found = links.get(value);
    return found !== undefined && linkTypes.has(elementType(path) ?? '') ? found : value;
  });
}

const linkTypes = new Set(['uri', 'url', 'oid', 'uuid']);

/** Every Reference.reference of the resource for which `wanted` is true. */
export function referencesOf(resource: FhirResource, wanted: (reference: string) => boolean): string[] {
  const found: string[] = [];
  map(resource, [], (value, _path, key) => {
    if (key === 'reference' && wanted(value)) found.push(value);
    return value;
  });
  return found;
}

/** `path` is the resource type and the element names down to the value; list positions are left out. */
type Replace = (value: string, path: readonly string[], key: string) => string;

function map<T extends object>(node: T, path: string[], replace: Replace): T {
  let copy: T | null = null;
  const isList = Array.isArray(node);
  for (const key in node) {
    const value: unknown = node[key];
    if (!isList) path.push(key);
    const mapped = mapValue(value, path, replace);
    if (!isList) path.pop();
    if (mapped === value) continue;
    copy ??= (isList ? [...node] : { ...node }) as T;
    Reflect.set(copy, key, mapped);
  }
  return copy ?? node;
}

function mapValue(value: unknown, path: string[], replace: Replace): unknown {
  if (typeof value === 'string') return replace(value, path, path.at(-1) ?? '');
  return typeof value === 'object' && value !== null ? map(value, path, replace) : value;
}
