import {
  Code,
  CodeSystem,
  Concept,
  CqlDate,
  CqlDateTime,
  CqlTime,
  Decimal,
  decimalFromInteger,
  decimalToNumber,
  FhirElement,
  formatDate,
  formatDateTime,
  formatTime,
  normalUnit,
  Quantity,
  Ratio,
  type Value,
  ValueSet,
} from '../runtime/index.ts';
import type { FhirModel, FhirType } from './fhir/model.ts';
import { isObject } from './fhir/read.ts';

type Elements = { readonly [name: string]: Value };
export type InstanceMaker = (elements: Elements) => Value;

const text = (value: Value | undefined): string | null => (typeof value === 'string' ? value : null);

/** Classes of the System model (CQL 1.5, 2.3.2). An incomplete Quantity, Code or Ratio is null where CQL has no such value. */
const makers: { readonly [name: string]: InstanceMaker } = {
  Quantity: ({ value = null, unit }) => {
    const decimal = typeof value === 'number' ? decimalFromInteger(value) : value;
    return decimal instanceof Decimal ? new Quantity(decimal, normalUnit(text(unit))) : null;
  },
  Ratio: ({ numerator, denominator }) =>
    numerator instanceof Quantity && denominator instanceof Quantity ? new Ratio(numerator, denominator) : null,
  Code: ({ code, system, version, display }) => new Code(text(code), text(system), text(version), text(display)),
  Concept: ({ codes, display }) => {
    const found: readonly Value[] = Array.isArray(codes) ? codes : [];
    return new Concept(
      found.filter((code) => code instanceof Code),
      text(display),
    );
  },
  ValueSet: ({ id, version, name }) =>
    new ValueSet(text(id) ?? '', text(version), text(name), {
      size: 0,
      mixed: false,
      has: () => false,
      systemsOf: () => 0,
    }),
  CodeSystem: ({ id, version, name }) => new CodeSystem(text(id) ?? '', text(version), text(name)),
};

const systemMakers: ReadonlyMap<string, InstanceMaker> = new Map(Object.entries(makers));

/** Makes values of a class from their elements. @param name `System.Quantity`, `FHIR.Reference`; null when there is no such class */
export function instanceMaker(name: string, model: FhirModel): InstanceMaker | null {
  if (!name.startsWith('FHIR.')) return systemMakers.get(name.slice(name.indexOf('.') + 1)) ?? null;
  const type = model.type(name.slice(5));
  return type === null ? null : (elements) => fhirInstance(type, elements);
}

function fhirInstance(type: FhirType, elements: Elements): Value {
  if (type.primitive !== null) {
    const { value = null, ...others } = elements;
    const sibling = jsonOf(type, others);
    return new FhirElement(type.name, plain(value), Object.keys(sibling).length === 0 ? null : sibling);
  }
  const json = jsonOf(type, elements);
  return type.resource ? { resourceType: type.name, ...json } : new FhirElement(type.name, json, null);
}

function jsonOf(type: FhirType, elements: Elements): { [property: string]: unknown } {
  const json: { [property: string]: unknown } = {};
  for (const [name, value] of Object.entries(elements)) {
    if (value === null) continue;
    const properties = type.properties(name);
    const property =
      properties.find((candidate) => value instanceof FhirElement && candidate.type?.name === value.type) ??
      properties[0];
    if (property === undefined) continue;
    json[property.json] = Array.isArray(value) ? value.map(plain) : plain(value);
    if (value instanceof FhirElement && value.sibling !== null) json[property.sibling] = value.sibling;
  }
  return json;
}

/** A value as the JSON of a FHIR element. */
function plain(value: Value): unknown {
  if (value instanceof FhirElement) return value.value;
  if (value instanceof Decimal) return decimalToNumber(value);
  if (value instanceof CqlDate) return formatDate(value);
  if (value instanceof CqlDateTime) return formatDateTime(value);
  if (value instanceof CqlTime) return formatTime(value);
  return typeof value === 'object' && value !== null && !isObject(value) ? null : value;
}
