import cql from 'cql-execution';
import comparison from 'cql-execution/lib/util/comparison.js';
import type { FhirModel, FhirProperty, FhirType } from './fhir-model.ts';

type Json = { readonly [property: string]: unknown };

/**
 * FHIR JSON as cql-execution reads it: what FHIRObject of cql-exec-fhir is, with the same results, but getters live on
 * one prototype per class, every read is kept, and equality and distinct keys come from the JSON. That is nearly all of
 * the time that cql-exec-fhir costs.
 */
export class FhirObject {
  static readonly #keys = new WeakMap<Json, string>();
  readonly #reads = new Map<string, unknown>();
  readonly #json: Json;
  readonly #type: FhirType;
  readonly #wrap: FhirWrap;

  constructor(json: Json, type: FhirType, wrap: FhirWrap) {
    this.#json = json;
    this.#type = type;
    this.#wrap = wrap;
  }

  /** The JSON behind the object; for a primitive `{ value, id?, extension? }`. */
  static jsonOf(object: FhirObject): Json {
    return object.#json;
  }

  static typeOf(object: FhirObject): FhirType {
    return object.#type;
  }

  /** The same for objects that CQL holds to be equal: the key by which lists are made distinct. */
  static keyOf(object: FhirObject): string {
    const known = FhirObject.#keys.get(object.#json);
    if (known !== undefined) return known;
    const key = `${object.#type.name} ${canonicalJson(object.#json)}`;
    FhirObject.#keys.set(object.#json, key);
    return key;
  }

  get(field: string): unknown {
    if (this.#reads.has(field)) return this.#reads.get(field);
    const value = this.#read(field);
    this.#reads.set(field, value);
    return value;
  }

  #read(field: string): unknown {
    const dot = field.indexOf('.');
    if (dot !== -1) {
      const first = this.get(field.slice(0, dot));
      return first instanceof FhirObject ? first.get(field.slice(dot + 1)) : undefined;
    }
    for (const property of this.#type.properties(field))
      if (this.#json[property.json] != null || this.#json[`_${property.json}`] != null)
        return this.#wrap.property(this.#json, property);
    return undefined;
  }

  getId(): unknown {
    return this.#json['id'];
  }

  getCode(field: string): unknown {
    const value = this.get(field);
    return value instanceof cql.Code ? value : toCode(value);
  }

  getDate(field: string): unknown {
    return this.getDateOrInterval(field);
  }

  getInterval(field: string): unknown {
    return this.getDateOrInterval(field);
  }

  getDateOrInterval(field: string): unknown {
    const value = this.get(field);
    return value instanceof FhirObject ? (value.get('value') ?? value) : value;
  }

  _is(specifier: { type: string; name?: string }): boolean {
    return specifier.type === 'NamedTypeSpecifier' && this.#type.ancestors.has(specifier.name ?? '');
  }

  _typeHierarchy(): { type: string; name: string }[] {
    return [...this.#type.ancestors].map((name) => ({ type: 'NamedTypeSpecifier', name }));
  }

  /** Element by element (CQL 1.5, Appendix B, Equal): null when an element's comparison is unknown. */
  equals(other: unknown): boolean | null {
    return this.#compare(other, comparison.equals);
  }

  equivalent(other: unknown): boolean | null {
    return this.#compare(other, comparison.equivalent);
  }

  #compare(other: unknown, compare: (a: unknown, b: unknown) => boolean | null | undefined): boolean | null {
    if (!(other instanceof FhirObject)) return false;
    if (this.#type !== other.#type) return false;
    if (this.#json === other.#json || FhirObject.keyOf(this) === FhirObject.keyOf(other)) return true;
    let unknown = false;
    for (const element of this.#type.elements) {
      const [a, b] = [this.get(element), other.get(element)];
      if (a == null && b == null) continue;
      const result = compare(a, b);
      if (result === false) return false;
      if (result == null) unknown = true;
    }
    return unknown ? null : true;
  }
}

/** Wraps FHIR JSON for one offset: date-times without one take it (CQL 1.5, 5.2.4). */
export class FhirWrap {
  readonly model: FhirModel;
  readonly #offset: number;
  readonly #classes: Map<FhirType, typeof FhirObject>;

  /** @param offset hours from UTC; `classes` may be handed from wrap to wrap */
  constructor(model: FhirModel, offset: number, classes: Map<FhirType, typeof FhirObject>) {
    this.model = model;
    this.#offset = offset;
    this.#classes = classes;
  }

  object(json: Json, type: FhirType): FhirObject {
    return new (this.#classOf(this.#actual(json, type)))(json, this.#actual(json, type), this);
  }

  property(json: Json, { json: name, system, type, list }: FhirProperty): unknown {
    const value = json[name];
    if (system !== null) return list && Array.isArray(value) ? value : this.#system(value, system);
    if (type === null) return undefined;
    if (!type.primitive) {
      if (!list) return isJson(value) ? this.object(value, type) : undefined;
      return Array.isArray(value) ? value.map((item) => (isJson(item) ? this.object(item, type) : item)) : undefined;
    }
    const extra = json[`_${name}`];
    if (!list) return this.#primitive(value, extra, type);
    const values: readonly unknown[] = Array.isArray(value) ? value : [];
    const extras: readonly unknown[] = Array.isArray(extra) ? extra : [];
    return Array.from({ length: Math.max(values.length, extras.length) }, (_, i) =>
      this.#primitive(values[i], extras[i], type),
    );
  }

  #primitive(value: unknown, extra: unknown, type: FhirType): unknown {
    if (value == null && extra == null) return value;
    return this.object({ ...(value === undefined ? {} : { value }), ...(isJson(extra) ? extra : {}) }, type);
  }

  #system(value: unknown, name: string): unknown {
    if (value == null) return value;
    if (name === 'DateTime' || name === 'Date' || name === 'Time') {
      if (typeof value !== 'string') return undefined;
      if (name === 'Time') return timeOf(value);
      const parsed = cql.DateTime.parse(value.replace('Z', '+00:00'));
      if (parsed === null) return name === 'Date' ? undefined : null;
      if (name === 'Date') return parsed.getDate();
      if (!/T.*([+-]\d{2}:?\d{2}|Z)$/.test(value)) parsed.timezoneOffset = this.#offset;
      return parsed;
    }
    return value;
  }

  /** A resource inside a resource is of its own type, whatever the element says. */
  #actual(json: Json, type: FhirType): FhirType {
    const resourceType = json['resourceType'];
    if (typeof resourceType !== 'string' || resourceType === type.name) return type;
    return this.model.type(resourceType) ?? type;
  }

  #classOf(type: FhirType): typeof FhirObject {
    const known = this.#classes.get(type);
    if (known !== undefined) return known;
    const made = class extends FhirObject {};
    for (const element of type.elements)
      Object.defineProperty(made.prototype, element, {
        get(this: FhirObject) {
          return this.get(element);
        },
      });
    this.#classes.set(type, made);
    return made;
  }
}

function toCode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toCode);
  if (!(value instanceof FhirObject)) return undefined;
  const json = FhirObject.jsonOf(value);
  switch (FhirObject.typeOf(value).name) {
    case 'CodeableConcept': {
      const codings = Array.isArray(json['coding']) ? json['coding'].filter(isJson).map(codingToCode) : [];
      return codings.length === 1 ? codings[0] : codings;
    }
    case 'Coding':
      return codingToCode(json);
    case 'code':
      return json['value'];
    default:
      return undefined;
  }
}

function codingToCode(json: Json): InstanceType<typeof cql.Code> {
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  return new cql.Code(text(json['code']) ?? '', text(json['system']), text(json['version']), text(json['display']));
}

function timeOf(value: string): unknown {
  const time = cql.DateTime.parse(`0000-01-01T${value.replace('Z', '+00:00')}`);
  if (time !== null) time.timezoneOffset = null;
  return time;
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON with the properties of every object in order, so that equal contents have equal texts. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isJson(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}
