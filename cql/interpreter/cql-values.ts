import cql from 'cql-execution';
import type { CqlCode, CqlQuantity, CqlValue, FhirResource } from '../values.ts';
import { FhirObject } from './fhir-object.ts';

type Quantity = InstanceType<typeof cql.Quantity>;
type Code = InstanceType<typeof cql.Code>;

/** A result of cql-execution as a CqlValue. An uncertain result that is not one point is the interval of what it may be. */
export function fromEngine(value: unknown): CqlValue {
  if (value == null) return null;
  if (typeof value === 'boolean' || typeof value === 'string' || typeof value === 'number') return value;
  if (Array.isArray(value)) return value.map(fromEngine);
  if (value instanceof FhirObject) return fromFhir(value);
  if (value instanceof cql.DateTime) return { type: value.isTime() ? 'Time' : 'DateTime', value: value.toString() };
  if (value instanceof cql.Date) return { type: 'Date', value: value.toString() };
  if (value instanceof cql.Quantity) return quantity(value);
  if (value instanceof cql.Code) return code(value);
  if (value instanceof cql.Concept)
    return { type: 'Concept', codes: value.codes.map(code), display: value.display ?? null };
  if (value instanceof cql.Interval)
    return {
      type: 'Interval',
      low: fromEngine(value.low),
      high: fromEngine(value.high),
      lowClosed: value.lowClosed ?? true,
      highClosed: value.highClosed ?? true,
    };
  if (value instanceof cql.Ratio)
    return { type: 'Ratio', numerator: quantity(value.numerator), denominator: quantity(value.denominator) };
  if (value instanceof cql.ValueSet) return value.expand().map(code);
  if (isUncertainty(value)) {
    const [low, high] = [fromEngine(value.low), fromEngine(value.high)];
    return value.isPoint() ? low : { type: 'Interval', low, high, lowClosed: true, highClosed: true };
  }
  if (typeof value === 'object')
    return {
      type: 'Tuple',
      elements: Object.fromEntries(Object.entries(value).map(([name, element]) => [name, fromEngine(element)])),
    };
  return null;
}

/** A CqlValue as cql-execution takes it. @param offset hours from UTC for date-times that have none */
export function toEngine(value: CqlValue, offset: number): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (isList(value)) return value.map((item) => toEngine(item, offset));
  switch (value.type) {
    case 'Long':
      return Number(value.value);
    case 'Date':
      return cql.Date.parse(value.value);
    case 'DateTime':
      return dateTime(value.value, offset);
    case 'Time': {
      const time = cql.DateTime.parse(`0000-01-01T${value.value}`);
      if (time !== null) time.timezoneOffset = null;
      return time;
    }
    case 'Quantity':
      return engineQuantity(value);
    case 'Ratio':
      return new cql.Ratio(engineQuantity(value.numerator), engineQuantity(value.denominator));
    case 'Code':
      return engineCode(value);
    case 'Concept':
      return new cql.Concept(value.codes.map(engineCode), value.display ?? undefined);
    case 'Interval':
      return new cql.Interval(
        toEngine(value.low, offset),
        toEngine(value.high, offset),
        value.lowClosed,
        value.highClosed,
      );
    case 'Tuple':
      return Object.fromEntries(
        Object.entries(value.elements).map(([name, element]) => [name, toEngine(element, offset)]),
      );
    case 'Resource':
      return value.resource;
    case 'Element':
      return value.value;
  }
}

/** An ISO date-time; without an offset it takes `offset`. */
export function dateTime(text: string, offset: number): InstanceType<typeof cql.DateTime> | null {
  const parsed = cql.DateTime.parse(text.replace(/Z$/, '+00:00'));
  if (parsed !== null && !/T.*([+-]\d{2}:?\d{2}|Z)$/.test(text)) parsed.timezoneOffset = offset;
  return parsed;
}

function fromFhir(object: FhirObject): CqlValue {
  const json = FhirObject.jsonOf(object);
  if (isResource(json)) return { type: 'Resource', resource: json };
  const type = FhirObject.typeOf(object);
  return { type: 'Element', fhirType: type.name, value: type.primitive ? (json['value'] ?? null) : json };
}

function quantity({ value, unit }: Quantity): CqlQuantity {
  return { type: 'Quantity', value: Number(value), unit: typeof unit === 'string' && unit !== '' ? unit : '1' };
}

function code({ code: text, system, version, display }: Code): CqlCode {
  return { type: 'Code', code: text, system: system ?? null, version: version ?? null, display: display ?? null };
}

function engineQuantity({ value, unit }: CqlQuantity): Quantity {
  return new cql.Quantity(value, unit);
}

function engineCode(value: CqlCode): Code {
  return new cql.Code(value.code, value.system ?? undefined, value.version ?? undefined, value.display ?? undefined);
}

function isResource(json: object): json is FhirResource {
  return 'resourceType' in json && typeof json.resourceType === 'string';
}

function isList(value: CqlValue): value is readonly CqlValue[] {
  return Array.isArray(value);
}

function isUncertainty(value: unknown): value is { low: unknown; high: unknown; isPoint(): boolean } {
  return typeof value === 'object' && value !== null && 'isPoint' in value && typeof value.isPoint === 'function';
}
