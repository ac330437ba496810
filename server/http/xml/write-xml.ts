import { isRaw } from '../../store/exact-json.ts';
import { NotAcceptable } from './errors.ts';
import { type Field, fhirNamespace, type Layout, layoutOf } from './layout.ts';
import { narrativeXml } from './narrative.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * A resource as FHIR XML (R4 xml.html): elements in the order of their definitions, numbers as JSON writes them.
 *
 * @param resource a tree as `parseExact` gives it, so that decimals keep their digits
 * @throws NotAcceptable when it holds what XML cannot carry: a property that R4 does not define, a control character
 */
export function writeXml(resource: Json): string {
  const parts = ['<?xml version="1.0" encoding="UTF-8"?>\n'];
  writeResource(parts, resource, typeOf(resource), ` xmlns="${fhirNamespace}"`);
  return parts.join('');
}

function writeResource(parts: string[], resource: Json, path: string, attributes = ''): void {
  const type = typeOf(resource);
  const layout = layoutOf(type);
  if (layout.size === 0) throw new NotAcceptable('The answer holds a resource of a type that R4 does not define', path);
  parts.push(`<${type}${attributes}>`);
  writeFields(parts, resource, layout, path);
  parts.push(`</${type}>`);
}

function writeFields(parts: string[], owner: Json, layout: Layout, path: string): void {
  for (const key in owner) {
    const known = key === 'resourceType' || layout.has(key.startsWith('_') ? key.slice(1) : key);
    if (!known) throw new NotAcceptable('XML has no place for what R4 does not define: ask for JSON', `${path}.${key}`);
  }
  for (const field of layout.values()) {
    if (field.kind === 'attribute') continue;
    const values = listOf(owner[field.name]);
    const extras = field.kind === 'primitive' ? listOf(owner[`_${field.name}`]) : [];
    for (let index = 0; index < Math.max(values.length, extras.length); index += 1) {
      const at = field.repeats ? `${path}.${field.name}[${index}]` : `${path}.${field.name}`;
      writeItem(parts, field, values[index], extras[index], at);
    }
  }
}

function writeItem(parts: string[], field: Field, value: unknown, extra: unknown, path: string): void {
  const { name, type, kind } = field;
  if (kind === 'primitive') {
    const beside = isObject(extra) ? extra : {};
    writeElement(parts, name, beside, layoutOf(type), path, value === null || value === undefined ? null : value);
  } else if (kind === 'narrative') parts.push(narrativeXml(String(value)));
  else if (!isObject(value)) throw new NotAcceptable('XML cannot carry this value', path);
  else if (kind === 'resource') {
    parts.push(`<${name}>`);
    writeResource(parts, value, path);
    parts.push(`</${name}>`);
  } else writeElement(parts, name, value, layoutOf(type), path, null);
}

function writeElement(parts: string[], name: string, owner: Json, layout: Layout, path: string, value: unknown): void {
  parts.push(`<${name}`);
  for (const { name: attribute, kind } of layout.values()) {
    const text = kind === 'attribute' ? owner[attribute] : undefined;
    if (text !== undefined) parts.push(` ${attribute}="${escaped(text, path)}"`);
  }
  if (value !== null) parts.push(` value="${escaped(value, path)}"`);
  const before = parts.push('>');
  writeFields(parts, owner, layout, path);
  if (parts.length > before) parts.push(`</${name}>`);
  else parts[before - 1] = '/>';
}

const special = /[&<>"\t\n\r]/g;
const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};
/** What XML 1.0 has no way to write, not even escaped. */
const unwritable = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

function escaped(value: unknown, path: string): string {
  const text = typeof value === 'string' ? value : isRaw(value) ? JSON.stringify(value) : String(value);
  if (unwritable.test(text)) throw new NotAcceptable('XML cannot carry a control character: ask for JSON', path);
  return text.replace(special, (character) => entities[character] ?? character);
}

function typeOf({ resourceType }: Json): string {
  return typeof resourceType === 'string' ? resourceType : '';
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
