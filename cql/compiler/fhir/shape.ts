import { InvalidRecord } from '../../errors.ts';
import { type FhirObject, precisions } from '../../runtime/index.ts';
import { compareDateTimes, order } from '../../runtime/order.ts';
import type { FhirResource } from '../../values.ts';
import type { FhirModel, FhirProperty, FhirType } from './model.ts';
import { dateOf, dateTimeOf } from './primitives.ts';

/**
 * Whether the JSON of a record is FHIR: an element of another kind would be null to every expression, and a criterion that it
 * should meet would miss it without a word. What the FHIR classes don't know is passed over, and null is absence.
 */
export class Shapes {
  readonly #model: FhirModel;
  readonly #elements = new Map<string, ReadonlyMap<string, FhirProperty>>();

  constructor(model: FhirModel) {
    this.#model = model;
  }

  /**
   * A resource that an expression reads.
   * @throws InvalidRecord with the path of the first element that is of another type than FHIR 4.0.1 says, that is no date, a
   *   period that ends before it starts or nested beyond reason
   */
  check(resource: FhirResource): void {
    const type = this.#model.type(resource.resourceType);
    if (type !== null) refuse(resource, this.#object(resource, type, 0));
  }

  /**
   * Of all resources of a type, what decides whether an expression reads them: ids, and the elements with their codes.
   * @throws InvalidRecord as `check` does for these, and for two different resources of one id
   */
  checkElements(resources: readonly FhirResource[], names: readonly string[]): void {
    const seen = new Map<string, FhirResource>();
    const looked = ['id', ...names];
    for (const resource of resources) {
      const { resourceType, id } = resource;
      const type = this.#model.type(resourceType);
      if (type !== null) {
        const elements = this.#elementsOf(type);
        for (const name of looked) refuse(resource, this.#element(name, resource[name], elements.get(name), 0));
      }
      if (id === undefined) continue;
      if ((seen.get(id) ?? resource) !== resource)
        throw new InvalidRecord(nameOf(resource), `there are two ${resourceType} resources of this id`);
      seen.set(id, resource);
    }
  }

  #object(json: object, type: FhirType, depth: number): Problem | null {
    if (depth > deepest) return { path: '', what: 'is nested too deeply' };
    const elements = this.#elementsOf(type);
    const properties = json as FhirObject;
    for (const name in properties) {
      const problem = this.#element(name, properties[name], elements.get(name), depth);
      if (problem !== null) return problem;
    }
    return type.name === 'Period' && isReversed(properties) ? reversed : null;
  }

  #element(name: string, value: unknown, property: FhirProperty | undefined, depth: number): Problem | null {
    if (property === undefined || value === null || value === undefined) return null;
    if (!property.list) {
      const problem = this.#one(value, property, depth);
      return problem === null ? null : within(`.${name}`, problem);
    }
    if (!Array.isArray(value)) return { path: `.${name}`, what: 'must be an array' };
    for (let i = 0; i < value.length; i += 1) {
      const problem = value[i] === null || value[i] === undefined ? null : this.#one(value[i], property, depth);
      if (problem !== null) return within(`.${name}[${i}]`, problem);
    }
    return null;
  }

  #one(value: unknown, { type, system }: FhirProperty, depth: number): Problem | null {
    const primitive = system ?? type?.primitive ?? null;
    if (primitive !== null) return problemOf(value, primitive);
    if (type === null) return null;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return noObject;
    const own =
      'resourceType' in value && type.ancestors.has('Resource') ? this.#model.type(String(value.resourceType)) : type;
    return this.#object(value, own ?? type, depth + 1);
  }

  #elementsOf(type: FhirType): ReadonlyMap<string, FhirProperty> {
    const known = this.#elements.get(type.name);
    if (known !== undefined) return known;
    const made = new Map(
      type.elements.flatMap((name) => type.properties(name)).map((property) => [property.json, property]),
    );
    this.#elements.set(type.name, made);
    return made;
  }
}

interface Problem {
  /** Below the object that is looked at. */
  readonly path: string;
  readonly what: string;
}

const noObject: Problem = { path: '', what: 'must be an object' };
const noBoolean: Problem = { path: '', what: 'must be a boolean' };
const noInteger: Problem = { path: '', what: 'must be a whole number' };
const noNumber: Problem = { path: '', what: 'must be a number' };
const noDate: Problem = { path: '', what: 'is no date' };
const noText: Problem = { path: '', what: 'must be a text' };
const reversed: Problem = { path: '', what: 'ends before it starts (FHIR invariant per-1)' };

/** FHIR nests a few levels; a record that refers to itself has no end. */
const deepest = 60;

function problemOf(value: unknown, system: string): Problem | null {
  switch (system) {
    case 'Boolean':
      return typeof value === 'boolean' ? null : noBoolean;
    case 'Integer':
      return Number.isInteger(value) ? null : noInteger;
    case 'Decimal':
      // A decimal written as a text is read as the number: some systems keep the places of a number so.
      return typeof value === 'number' || (typeof value === 'string' && decimal.test(value)) ? null : noNumber;
    case 'Date':
      return typeof value === 'string' && isDate(value, dateOf) ? null : noDate;
    case 'DateTime':
      return typeof value === 'string' && isDate(value, (text) => dateTimeOf(text, 0)) ? null : noDate;
    default:
      return typeof value === 'string' ? null : noText;
  }
}

const decimal = /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/;
/** Whole days before the 29th, and times to the second: nearly every date of a record, told without taking it apart. */
const common =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])(?:T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?$/;

function isDate(text: string, read: (text: string) => object | null): boolean {
  return common.test(text) || read(text) !== null;
}

/** Only where both ends say so: a day is not before one of its hours. */
function isReversed({ start, end }: FhirObject): boolean {
  if (typeof start !== 'string' || typeof end !== 'string') return false;
  // Nearly all are told by their texts: the same form and the same offset, in order.
  if (start.length === end.length && start <= end && (start.length <= 10 || offsetIn(start) === offsetIn(end)))
    return false;
  const [from, to] = [dateTimeOf(start, 0), dateTimeOf(end, 0)];
  return from !== null && to !== null && compareDateTimes(from, to, precisions.Unstated) === order.after;
}

function offsetIn(text: string): string {
  return text.endsWith('Z') ? 'Z' : text.slice(-6);
}

function within(place: string, { path, what }: Problem): Problem {
  return { path: `${place}${path}`, what };
}

/** @throws InvalidRecord when there is a problem */
function refuse(resource: FhirResource, problem: Problem | null): void {
  if (problem !== null) throw new InvalidRecord(`${nameOf(resource)}${problem.path}`, problem.what);
}

function nameOf({ resourceType, id }: FhirResource): string {
  return typeof id === 'string' ? `${resourceType}/${id}` : resourceType;
}
