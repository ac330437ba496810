import {
  Code,
  CodeSystem,
  Concept,
  CqlDate,
  CqlDateTime,
  CqlTime,
  Decimal,
  decimalFromNumber,
  decimalToNumber,
  FhirElement,
  formatDate,
  formatDateTime,
  formatTime,
  Interval,
  normalUnit,
  Quantity,
  Ratio,
  Tuple,
  Uncertainty,
  type Value,
  ValueSet,
} from '../runtime/index.ts';
import type { CqlCode, CqlQuantity, CqlValue, FhirResource } from '../values.ts';
import { dateOf, dateTimeOf, timeOf } from './fhir/primitives.ts';

/** A run-time value as a CqlValue. An uncertain number that is not one point is the interval of what it may be. */
export function toCqlValue(value: Value): CqlValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'string' || typeof value === 'number')
    return value;
  if (typeof value === 'bigint') return { type: 'Long', value: value.toString() };
  if (isList(value)) return value.map(toCqlValue);
  if (value instanceof Decimal) return decimalToNumber(value);
  if (value instanceof CqlDateTime) return { type: 'DateTime', value: formatDateTime(value) };
  if (value instanceof CqlDate) return { type: 'Date', value: formatDate(value) };
  if (value instanceof CqlTime) return { type: 'Time', value: formatTime(value).replace(/^T/, '') };
  if (value instanceof Quantity) return quantity(value);
  if (value instanceof Ratio)
    return { type: 'Ratio', numerator: quantity(value.numerator), denominator: quantity(value.denominator) };
  if (value instanceof Code) return code(value);
  if (value instanceof Concept) return { type: 'Concept', codes: value.codes.map(code), display: value.display };
  if (value instanceof Interval)
    return {
      type: 'Interval',
      low: toCqlValue(value.low),
      high: toCqlValue(value.high),
      lowClosed: value.lowClosed,
      highClosed: value.highClosed,
    };
  if (value instanceof Uncertainty)
    return value.low === value.high
      ? value.low
      : { type: 'Interval', low: value.low, high: value.high, lowClosed: true, highClosed: true };
  if (value instanceof Tuple) return tuple(value.elements);
  if (value instanceof ValueSet) return value.expand().map(code);
  if (value instanceof CodeSystem) return tuple({ id: value.id, version: value.version, name: value.name });
  if (value instanceof FhirElement) return { type: 'Element', fhirType: value.type, value: value.value };
  return isResource(value) ? { type: 'Resource', resource: value } : null;
}

/** @param offset minutes east of UTC for date-times that state none */
export function fromCqlValue(value: CqlValue, offset: number): Value {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isInteger(value) ? value : decimalFromNumber(value);
  if (isListOfCql(value)) return value.map((item) => fromCqlValue(item, offset));
  switch (value.type) {
    case 'Long':
      return BigInt(value.value);
    case 'Date':
      return dateOf(value.value);
    case 'DateTime':
      return dateTimeOf(value.value, offset);
    case 'Time':
      return timeOf(value.value);
    case 'Quantity':
      return toQuantity(value);
    case 'Ratio': {
      const [numerator, denominator] = [toQuantity(value.numerator), toQuantity(value.denominator)];
      return numerator === null || denominator === null ? null : new Ratio(numerator, denominator);
    }
    case 'Code':
      return toCode(value);
    case 'Concept':
      return new Concept(value.codes.map(toCode), value.display);
    case 'Interval':
      return new Interval(
        fromCqlValue(value.low, offset),
        fromCqlValue(value.high, offset),
        value.lowClosed,
        value.highClosed,
        null,
      );
    case 'Tuple':
      return new Tuple(
        Object.fromEntries(
          Object.entries(value.elements).map(([name, element]) => [name, fromCqlValue(element, offset)]),
        ),
      );
    case 'Resource':
      return value.resource;
    case 'Element':
      return new FhirElement(value.fhirType, value.value, null);
  }
}

function tuple(elements: { readonly [name: string]: Value }): CqlValue {
  return {
    type: 'Tuple',
    elements: Object.fromEntries(Object.entries(elements).map(([name, element]) => [name, toCqlValue(element)])),
  };
}

function quantity({ value, unit }: Quantity): CqlQuantity {
  return { type: 'Quantity', value: decimalToNumber(value), unit };
}

function code({ code: text, system, version, display }: Code): CqlCode {
  return { type: 'Code', code: text ?? '', system, version, display };
}

function toQuantity({ value, unit }: CqlQuantity): Quantity | null {
  const decimal = decimalFromNumber(value);
  return decimal === null ? null : new Quantity(decimal, normalUnit(unit));
}

function toCode({ code: text, system, version, display }: CqlCode): Code {
  return new Code(text, system, version, display);
}

function isResource(value: object): value is FhirResource {
  return 'resourceType' in value && typeof value.resourceType === 'string';
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

function isListOfCql(value: CqlValue): value is readonly CqlValue[] {
  return Array.isArray(value);
}
