import {
  Code,
  CodeSystem,
  Concept,
  FhirElement,
  type FhirObject,
  Interval,
  Quantity,
  Ratio,
  Tuple,
  type Value,
  ValueSet,
} from '../../runtime/index.ts';
import type { FhirModel, FhirProperty, FhirType } from './model.ts';
import { Dates, systemValue } from './primitives.ts';

/**
 * Reads elements of values whose type is known only when they are there. Every FHIR element that is no resource comes out
 * as a FhirElement; a resource is its JSON.
 */
export class FhirReader {
  readonly model: FhirModel;
  readonly dates = new Dates();

  constructor(model: FhirModel) {
    this.model = model;
  }

  /** ELM, Property: null for an element that the value doesn't have. @param path element names with points between them */
  property(value: Value, path: string, offset: number): Value {
    if (value === null) return null;
    if (value instanceof Tuple) return Object.hasOwn(value.elements, path) ? (value.elements[path] ?? null) : null;
    const point = path.indexOf('.');
    if (point !== -1)
      return this.property(this.property(value, path.slice(0, point), offset), path.slice(point + 1), offset);
    if (value instanceof FhirElement) return this.#ofElement(value, path, offset);
    if (typeof value !== 'object') return null;
    if (Array.isArray(value)) return null;
    const resource = value as FhirObject;
    const type = this.typeOfResource(resource);
    return type === null ? systemProperty(value, path) : this.element(resource, type, path, offset);
  }

  /** The type of a value that is a resource; null for all others. */
  typeOfResource(value: unknown): FhirType | null {
    const name = isObject(value) ? value['resourceType'] : undefined;
    return typeof name === 'string' ? (this.model.type(name) ?? this.model.type('DomainResource')) : null;
  }

  #ofElement(element: FhirElement, path: string, offset: number): Value {
    const type = this.model.type(element.type);
    if (type === null) return null;
    if (type.primitive === null)
      return isObject(element.value) ? this.element(element.value, type, path, offset) : null;
    if (path === 'value') return systemValue(element.value, type.primitive, offset, this.dates);
    return element.sibling === null ? null : this.element(element.sibling, type, path, offset);
  }

  /** The first property of an element that is there. */
  element(json: FhirObject, type: FhirType, path: string, offset: number): Value {
    for (const property of type.properties(path)) {
      const value = json[property.json];
      const sibling = json[property.sibling];
      if ((value !== undefined && value !== null) || (sibling !== undefined && sibling !== null))
        return this.wrap(value, sibling, property, offset);
    }
    return null;
  }

  wrap(value: unknown, sibling: unknown, { type, system, list }: FhirProperty, offset: number): Value {
    if (system !== null) return systemValue(value, system, offset, this.dates);
    if (type === null) return null;
    if (!list) return this.one(value, sibling, type);
    const values: readonly unknown[] = Array.isArray(value) ? value : [];
    const siblings: readonly unknown[] = Array.isArray(sibling) ? sibling : [];
    const found: Value[] = [];
    for (let i = 0; i < Math.max(values.length, siblings.length); i += 1)
      found.push(this.one(values[i], siblings[i], type));
    return found;
  }

  /** One FHIR value; a resource inside a resource is of its own type, whatever the element says. */
  one(value: unknown, sibling: unknown, type: FhirType): Value {
    if (type.primitive !== null) {
      if ((value === undefined || value === null) && !isObject(sibling)) return null;
      return new FhirElement(type.name, value ?? null, isObject(sibling) ? sibling : null);
    }
    if (!isObject(value)) return null;
    return typeof value['resourceType'] === 'string' && type.ancestors.has('Resource')
      ? value
      : new FhirElement(type.name, value, null);
  }
}

function systemProperty(value: object, path: string): Value {
  if (value instanceof Interval) {
    if (path === 'low') return value.low;
    if (path === 'high') return value.high;
    if (path === 'lowClosed') return value.lowClosed;
    return path === 'highClosed' ? value.highClosed : null;
  }
  if (value instanceof Quantity) return path === 'value' ? value.value : path === 'unit' ? value.unit : null;
  if (value instanceof Ratio)
    return path === 'numerator' ? value.numerator : path === 'denominator' ? value.denominator : null;
  if (value instanceof Concept) return path === 'codes' ? value.codes : path === 'display' ? value.display : null;
  if (value instanceof Code) {
    if (path === 'code') return value.code;
    if (path === 'system') return value.system;
    if (path === 'version') return value.version;
    return path === 'display' ? value.display : null;
  }
  if (value instanceof ValueSet || value instanceof CodeSystem) {
    if (path === 'id') return value.id;
    if (path === 'version') return value.version;
    if (path === 'name') return value.name;
    return path === 'codes' && value instanceof ValueSet ? value.expand() : null;
  }
  return null;
}

export function isObject(value: unknown): value is FhirObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A complex element around its JSON; null when there is none. */
export function elementOfType(type: string, json: unknown): FhirElement | null {
  return isObject(json) ? new FhirElement(type, json, null) : null;
}
