import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from 'saxes';
import { isResourceType } from '../../search/definitions.ts';
import { exactNumber, maxDepth } from '../../store/exact-json.ts';
import { MalformedXml } from './errors.ts';
import { type Field, type FieldKind, fhirNamespace, type Layout, layoutOf, xhtmlNamespace } from './layout.ts';

/** An element that has begun and not ended. */
interface Open {
  readonly kind: FieldKind;
  /** Null for a resource's own element. */
  readonly field: Field | null;
  readonly path: string;
  readonly layout: Layout;
  /** Its properties so far. */
  readonly object: Record<string, unknown>;
  /** Of the primitives in it: what stands beside their values, as long as their lists. */
  readonly extras: Map<string, unknown[]>;
  /** The value of a primitive; null for none. */
  readonly value: unknown;
}

/**
 * Reads FHIR XML (R4 xml.html) to JSON text with the same content, decimals digit by digit, narrative as it is written.
 * A document type is refused, and with it every entity that is not XML's own; comments and processing instructions are
 * passed over.
 *
 * @throws MalformedXml
 */
export function readXml(text: string): string {
  return new Reader(text.replace(/^\uFEFF/, '')).read();
}

class Reader {
  readonly #text: string;
  readonly #parser = new SaxesParser({ xmlns: true });
  readonly #open: Open[] = [];
  #result: object | null = null;
  #narrative: { readonly start: number; depth: number } | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  read(): string {
    const parser = this.#parser;
    parser.on('error', ({ message }) => this.#fail(message.replace(/^\D*\d+:\d+:\s*/, '').replace(/[.:].*$/s, '')));
    parser.on('doctype', () => this.#fail('a document type is not allowed'));
    parser.on('xmldecl', ({ encoding = 'utf-8' }) => {
      if (!/^(utf-8|us-ascii)$/i.test(encoding)) this.#fail('the encoding must be UTF-8');
    });
    parser.on('text', (text) => this.#refuseText(text));
    parser.on('cdata', (text) => this.#refuseText(text));
    parser.on('opentag', (tag) => this.#begin(tag));
    parser.on('closetag', () => this.#end());
    parser.write(this.#text).close();
    if (this.#result === null) this.#fail('it has no element');
    return JSON.stringify(this.#result);
  }

  #begin(tag: SaxesTagNS): void {
    if (this.#narrative !== null) {
      this.#narrative.depth += 1;
      this.#checkXhtml(tag);
      if (this.#open.length + this.#narrative.depth > maxDepth) this.#fail('it is nested too deep');
      return;
    }
    if (this.#open.length >= maxDepth) this.#fail(`it is nested deeper than ${maxDepth} levels`);
    const parent = this.#open.at(-1);
    if (parent === undefined || parent.kind === 'resource') this.#beginResource(tag, parent);
    else this.#beginElement(tag, parent);
  }

  #beginResource(tag: SaxesTagNS, parent: Open | undefined): void {
    if (tag.uri !== fhirNamespace || !isResourceType(tag.local))
      this.#fail(`a resource of R4 in the namespace ${fhirNamespace} must stand here`);
    if (parent !== undefined && 'resource' in parent.object) this.#fail('only one resource may stand here');
    for (const attribute of attributesOf(tag))
      if (attribute.local !== 'schemaLocation') this.#fail('a resource has no attributes: its id is an element');
    this.#open.push({
      kind: 'complex',
      field: null,
      path: parent?.path ?? tag.local,
      layout: layoutOf(tag.local),
      object: { resourceType: tag.local },
      extras: new Map(),
      value: null,
    });
  }

  #beginElement(tag: SaxesTagNS, parent: Open): void {
    const field = parent.layout.get(tag.local);
    if (field === undefined || field.kind === 'attribute' || tag.uri !== namespaceOf(field))
      this.#fail('R4 does not define this element here, or not in this namespace');
    const count = Array.isArray(parent.object[field.name]) ? (parent.object[field.name] as unknown[]).length : 0;
    const path = field.repeats ? `${parent.path}.${field.name}[${count}]` : `${parent.path}.${field.name}`;
    if (!field.repeats && (field.name in parent.object || parent.extras.has(field.name)))
      this.#fail('this element may stand here once', path);
    if (field.kind === 'narrative') {
      this.#checkXhtml(tag);
      if (tag.attributes.xmlns?.value !== xhtmlNamespace)
        this.#fail(`the div must say xmlns="${xhtmlNamespace}" itself`, path);
      this.#narrative = { start: this.#text.lastIndexOf('<', this.#parser.position - 1), depth: 1 };
      return;
    }
    const object: Record<string, unknown> = {};
    const layout = field.kind === 'resource' ? new Map<string, Field>() : layoutOf(field.type);
    let value: unknown = null;
    for (const attribute of attributesOf(tag)) {
      const { local, uri } = attribute;
      if (uri === '' && local === 'value' && field.kind === 'primitive') value = this.#valueOf(field, attribute, path);
      else if (uri === '' && layout.get(local)?.kind === 'attribute') object[local] = attribute.value;
      else this.#fail('an attribute that R4 does not define here', path);
    }
    this.#open.push({ kind: field.kind, field, path, layout, object, extras: new Map(), value });
  }

  #end(): void {
    if (this.#narrative !== null) {
      this.#narrative.depth -= 1;
      if (this.#narrative.depth > 0) return;
      const raw = this.#text.slice(this.#narrative.start, this.#parser.position);
      const parent = this.#open.at(-1);
      if (parent !== undefined) parent.object.div = raw;
      this.#narrative = null;
      return;
    }
    const done = this.#open.pop();
    if (done === undefined) return;
    finish(done);
    const parent = this.#open.at(-1);
    if (parent === undefined) this.#result = done.object;
    else if (done.field === null) parent.object.resource = done.object;
    else this.#attach(done, done.field, parent);
  }

  #attach({ kind, object, value, path }: Open, field: Field, parent: Open): void {
    const isEmpty = Object.keys(object).length === 0;
    if (isEmpty && value === null) this.#fail('an element must have a value or children', path);
    if (kind !== 'primitive') {
      add(parent.object, field, kind === 'resource' ? object.resource : object);
      return;
    }
    add(parent.object, field, value);
    const extras = parent.extras.get(field.name) ?? [];
    parent.extras.set(field.name, extras);
    extras.push(isEmpty ? null : object);
  }

  #valueOf({ type }: Field, { value }: SaxesAttributeNS, path: string): unknown {
    if (type === 'boolean')
      return value === 'true' || value === 'false' ? value === 'true' : this.#fail('must be true or false', path);
    const pattern = numeric[type];
    if (pattern === undefined) return value;
    return pattern.test(value) ? exactNumber(value) : this.#fail(`is not a ${type}`, path);
  }

  #checkXhtml({ uri, prefix, attributes }: SaxesTagNS): void {
    const prefixed = Object.values(attributes).some((one) => one.prefix !== '' && !/^xml(ns)?$/.test(one.prefix));
    if (uri !== xhtmlNamespace || prefix !== '' || prefixed)
      this.#fail('a narrative holds elements and attributes of XHTML alone, without prefixes');
  }

  #refuseText(text: string): void {
    if (this.#narrative === null && /\S/.test(text)) this.#fail('text may stand in a narrative only');
  }

  #fail(reason: string, path: string | null = this.#open.at(-1)?.path ?? null): never {
    throw new MalformedXml(reason, this.#parser.line, this.#parser.column, path);
  }
}

const integer = /^(0|-?[1-9]\d*)$/;
const numeric: Readonly<Record<string, RegExp>> = {
  integer,
  positiveInt: integer,
  unsignedInt: integer,
  decimal: /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/,
};

function namespaceOf({ kind }: Field): string {
  return kind === 'narrative' ? xhtmlNamespace : fhirNamespace;
}

function attributesOf({ attributes }: SaxesTagNS): SaxesAttributeNS[] {
  return Object.values(attributes).filter(({ prefix, name }) => prefix !== 'xmlns' && name !== 'xmlns');
}

function add(object: Record<string, unknown>, { name, repeats }: Field, value: unknown): void {
  const present = object[name];
  if (!repeats) object[name] = value;
  else if (Array.isArray(present)) present.push(value);
  else object[name] = [value];
}

/** Puts the properties `_name` beside the primitives that have extensions, and takes away values that are not there. */
function finish({ object, extras, layout }: Open): void {
  for (const [name, beside] of extras) {
    const values = object[name];
    const repeats = layout.get(name)?.repeats === true;
    if (beside.some((extra) => extra !== null)) object[`_${name}`] = repeats ? beside : beside[0];
    if (repeats ? Array.isArray(values) && values.every((value) => value === null) : values === null)
      delete object[name];
  }
}
