import type { CodeableConcept, Coding, Observation, Quantity } from '@medplum/fhirtypes';
import type { CqlCode, CqlQuantity, CqlValue } from '../cql/index.ts';
import type * as Definition from '../measures/index.ts';

const ucum = 'http://unitsofmeasure.org';
const absent = 'http://terminology.hl7.org/CodeSystem/data-absent-reason';

type ObservationValue = Pick<
  Observation,
  | 'valueCodeableConcept'
  | 'valueQuantity'
  | 'valueInteger'
  | 'valueBoolean'
  | 'valueString'
  | 'valueDateTime'
  | 'valueTime'
  | 'valuePeriod'
  | 'dataAbsentReason'
>;

/** A concept of the Measure, unchanged. */
export function conceptOf(concept: Definition.CodeableConcept): CodeableConcept {
  return {
    ...(concept.coding && { coding: concept.coding.map((coding) => ({ ...coding })) }),
    ...(concept.text !== undefined && { text: concept.text }),
  };
}

export function codingOf({ code, system, version, display }: CqlCode): Coding {
  return {
    ...(system !== null && { system }),
    ...(version !== null && { version }),
    code,
    ...(display !== null && { display }),
  };
}

export function quantityOf({ value, unit }: CqlQuantity): Quantity {
  return unit === '1' ? { value } : { value, unit, system: ucum, code: unit };
}

/** A value as a stratum shows it: codes as codes, anything else as text; null as `unknown`. */
export function stratumValue(value: CqlValue): CodeableConcept {
  if (value === null) return { coding: [{ system: absent, code: 'unknown', display: 'Unknown' }] };
  if (typeof value !== 'object') return { text: String(value) };
  if (isList(value)) return value[0] === undefined ? stratumValue(null) : merge(value.map(stratumValue));
  switch (value.type) {
    case 'Code':
      return { coding: [codingOf(value)] };
    case 'Concept':
      return { coding: value.codes.map(codingOf), ...(value.display !== null && { text: value.display }) };
    case 'Element':
      return elementConcept(value.fhirType, value.value) ?? { text: textOf(value) };
    default:
      return { text: textOf(value) };
  }
}

/** A value as Observation.value[x] can hold it; null becomes dataAbsentReason `unknown`. */
export function observationValue(value: CqlValue): ObservationValue {
  if (value === null) return { dataAbsentReason: stratumValue(null) };
  if (typeof value === 'boolean') return { valueBoolean: value };
  if (typeof value === 'number') return numberValue(value);
  if (typeof value === 'string') return { valueString: value };
  if (isList(value)) return { valueString: value.map(textOf).join(', ') };
  switch (value.type) {
    case 'Code':
    case 'Concept':
      return { valueCodeableConcept: stratumValue(value) };
    case 'Quantity':
      return { valueQuantity: quantityOf(value) };
    case 'Date':
    case 'DateTime':
      return { valueDateTime: value.value };
    case 'Time':
      return { valueTime: value.value };
    case 'Interval':
      return intervalValue(value.low, value.high) ?? { valueString: textOf(value) };
    case 'Element': {
      const concept = elementConcept(value.fhirType, value.value);
      return concept === null ? { valueString: textOf(value) } : { valueCodeableConcept: concept };
    }
    default:
      return { valueString: textOf(value) };
  }
}

/** Integers as integers; decimals as quantities, because Observation has no decimal. */
export function numberValue(value: number, unit: Definition.CodeableConcept | null = null): ObservationValue {
  const code = unit?.coding?.[0];
  if (code?.code !== undefined || unit?.text !== undefined) return { valueQuantity: scoreQuantity(value, unit) };
  return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? { valueInteger: value } : { valueQuantity: { value } };
}

/** A score with the unit that the Measure gives for it. */
export function scoreQuantity(value: number, unit: Definition.CodeableConcept | null): Quantity {
  const code = unit?.coding?.[0];
  const label = code?.display ?? unit?.text ?? code?.code;
  return {
    value,
    ...(label !== undefined && { unit: label }),
    ...(code?.system !== undefined && { system: code.system }),
    ...(code?.code !== undefined && { code: code.code }),
  };
}

/** A value in words, as a person reads it. */
export function textOf(value: CqlValue): string {
  if (value === null) return 'unknown';
  if (typeof value !== 'object') return String(value);
  if (isList(value)) return value.map(textOf).join(', ');
  switch (value.type) {
    case 'Code':
      return value.display ?? value.code;
    case 'Concept':
      return value.display ?? value.codes.map(textOf).join(', ');
    case 'Quantity':
      return value.unit === '1' ? String(value.value) : `${value.value} ${value.unit}`;
    case 'Ratio':
      return `${textOf(value.numerator)} : ${textOf(value.denominator)}`;
    case 'Interval':
      return `${value.lowClosed ? '[' : '('}${textOf(value.low)}, ${textOf(value.high)}${value.highClosed ? ']' : ')'}`;
    case 'Tuple':
      return Object.entries(value.elements)
        .map(([name, element]) => `${name}: ${textOf(element)}`)
        .join(', ');
    case 'Resource':
      return `${value.resource.resourceType}/${value.resource.id ?? ''}`;
    case 'Element':
      return typeof value.value === 'string' ? value.value : JSON.stringify(value.value);
    default:
      return value.value;
  }
}

/** Array.isArray does not narrow readonly arrays. */
export function isList(value: CqlValue): value is readonly CqlValue[] {
  return Array.isArray(value);
}

function merge(concepts: readonly CodeableConcept[]): CodeableConcept {
  const coding = concepts.flatMap((concept) => concept.coding ?? []);
  const text = concepts.flatMap((concept) => concept.text ?? []).join(', ');
  return { ...(coding.length > 0 && { coding }), ...(text !== '' && { text }) };
}

function intervalValue(low: CqlValue, high: CqlValue): ObservationValue | null {
  const [start, end] = [low, high].map((bound) =>
    bound !== null && typeof bound === 'object' && 'type' in bound && /^Date(Time)?$/.test(String(bound.type))
      ? textOf(bound)
      : null,
  );
  if (start === null && end === null) return null;
  return { valuePeriod: { ...(start && { start }), ...(end && { end }) } };
}

function elementConcept(fhirType: string, value: unknown): CodeableConcept | null {
  const type = fhirType.replace(/^FHIR\./, '');
  if (typeof value !== 'object' || value === null) return null;
  if (type === 'CodeableConcept') return value;
  return type === 'Coding' ? { coding: [value] } : null;
}
