import type { Extension, ParametersParameter } from '@medplum/fhirtypes';
import type { CqlCode, CqlQuantity, CqlValue } from '../../cql/index.ts';
import { elementsOf } from '../search/elements.ts';
import { type CqlType, typeText } from './cql-types.ts';

type Parameter = ParametersParameter;
type Interval = Extract<CqlValue, { readonly type: 'Interval' }>;

const base = 'http://hl7.org/fhir/StructureDefinition';
const ucum = 'http://unitsofmeasure.org';

/**
 * A CQL value as parameters of FHIR (Using CQL with FHIR 2.0.0, FHIR Type Mapping): one for each element of a list, parts
 * for the elements of a tuple. Null is a value with data-absent-reason, an empty list one with cqf-isEmptyList, an empty
 * tuple one with cqf-isEmptyTuple; where a FHIR type does not tell the CQL type, cqf-cqlType does.
 *
 * @param type the static type of the expression; null when it is not known
 */
export function resultParameters(name: string, value: CqlValue, type: CqlType | null): Parameter[] {
  const text = typeText(type);
  if (!isList(value)) return [single(name, value, type)];
  if (value.length === 0) return [valueless(name, 'cqf-isEmptyList', text)];
  const of = type?.kind === 'list' ? type.of : null;
  const items = value.map((item) => (isList(item) ? listWithin(name, item, of) : single(name, item, of)));
  const [first, ...rest] = items;
  // A list of one would otherwise read as its element, and a list of several types as that of the first.
  const ambiguous = value.length === 1 || of?.kind === 'choice' || of === null;
  return first === undefined ? [] : [ambiguous ? typed(first, text) : first, ...rest];
}

/** FHIR's parameters have no lists of lists: the inner one becomes parts. */
function listWithin(name: string, items: readonly CqlValue[], type: CqlType | null): Parameter {
  const of = type?.kind === 'list' ? type.of : null;
  if (items.length === 0) return valueless(name, 'cqf-isEmptyList', typeText(type));
  return typed({ name, part: items.flatMap((item) => resultParameters('element', item, of)) }, typeText(type));
}

function single(name: string, value: CqlValue, type: CqlType | null): Parameter {
  const text = typeText(type);
  if (value === null) return valueless(name, 'data-absent-reason', text);
  if (typeof value === 'boolean') return { name, valueBoolean: value };
  if (typeof value === 'string') return { name, valueString: value };
  if (typeof value === 'number') return number(name, value, text);
  if (isList(value)) return listWithin(name, value, type);
  switch (value.type) {
    case 'Long':
      return long(name, value.value);
    case 'Date':
      return { name, valueDate: value.value };
    case 'DateTime':
      return dateTime(name, value.value);
    case 'Time':
      return { name, valueTime: inFull(value.value) };
    case 'Quantity':
      return { name, valueQuantity: quantity(value) };
    case 'Ratio':
      return { name, valueRatio: { numerator: quantity(value.numerator), denominator: quantity(value.denominator) } };
    case 'Code':
      return { name, valueCoding: coding(value) };
    case 'Concept':
      return {
        name,
        valueCodeableConcept: {
          coding: value.codes.map(coding),
          ...(value.display !== null && { text: value.display }),
        },
      };
    case 'Interval':
      return interval(name, value, type);
    case 'Tuple':
      return tuple(name, value.elements, type);
    case 'Resource':
      return { name, resource: value.resource as unknown as NonNullable<Parameter['resource']> };
    case 'Element':
      return element(name, value.fhirType.replace(/^FHIR\./, ''), value.value);
  }
}

function number(name: string, value: number, type: string | null): Parameter {
  const isInteger = type === 'System.Integer' || (type !== 'System.Decimal' && Number.isInteger(value));
  return isInteger && Math.abs(value) < 2 ** 31 ? { name, valueInteger: value } : { name, valueDecimal: value };
}

/** What FHIR's integer cannot hold is a decimal without fraction; cqf-cqlType says what it is. */
function long(name: string, text: string): Parameter {
  const value = Number(text);
  return typed(
    Math.abs(value) < 2 ** 31 ? { name, valueInteger: value } : { name, valueDecimal: value },
    'System.Long',
  );
}

/** FHIR has seconds wherever it has a time: what CQL leaves open begins the minute or the hour. */
function inFull(text: string): string {
  const [, date = '', time = text, zone = ''] = /^([\d-]+T)?([\d:.]+)([+-]\d\d:\d\d|Z)?$/.exec(text) ?? [];
  const missing = 3 - time.split(':').length;
  return `${date}${time}${':00'.repeat(Math.max(0, missing))}${zone}`;
}

function dateTime(name: string, value: string): Parameter {
  const text = value.includes('T') ? inFull(value) : value;
  return { name, valueDateTime: text };
}

function interval(name: string, value: Interval, type: CqlType | null): Parameter {
  const { low, high, lowClosed, highClosed } = value;
  const kinds = new Set([low, high].filter((bound) => bound !== null).map(kindOf));
  const closed = (lowClosed || low === null) && (highClosed || high === null);
  const text = typeText(type);
  if (closed && kinds.size === 1) {
    if (kinds.has('Date') || kinds.has('DateTime')) {
      const period = { ...(low !== null && { start: dateText(low) }), ...(high !== null && { end: dateText(high) }) };
      return typed({ name, valuePeriod: period }, kinds.has('Date') ? 'Interval<System.Date>' : null);
    }
    if (kinds.has('Quantity') || kinds.has('number')) {
      const range = { ...(low !== null && { low: amount(low) }), ...(high !== null && { high: amount(high) }) };
      const numbers = text ?? 'Interval<System.Decimal>';
      return typed({ name, valueRange: range }, kinds.has('number') ? numbers : null);
    }
  }
  const of = type?.kind === 'interval' ? type.of : null;
  const part = [
    single('low', low, of),
    single('high', high, of),
    ...(closed ? [] : [single('lowClosed', lowClosed, null), single('highClosed', highClosed, null)]),
  ];
  return typed({ name, part }, text ?? `Interval<System.${[...kinds][0] ?? 'Any'}>`);
}

function tuple(name: string, elements: { readonly [name: string]: CqlValue }, type: CqlType | null): Parameter {
  const types = type?.kind === 'tuple' ? type.elements : null;
  const part = Object.entries(elements).flatMap(([key, value]) =>
    resultParameters(key, value, types?.get(key) ?? null),
  );
  return part.length === 0 ? valueless(name, 'cqf-isEmptyTuple', typeText(type)) : { name, part };
}

/** An element of a resource: as its own type where parameters have it, a code for FHIR's enumerations, else by parts. */
function element(name: string, type: string, value: unknown): Parameter {
  const known = parameterTypes().has(type) ? type : typeof value === 'string' ? 'code' : null;
  if (known !== null) return { name, [`value${known.charAt(0).toUpperCase()}${known.slice(1)}`]: value } as Parameter;
  if (typeof value === 'boolean' || typeof value === 'number') return single(name, value, null);
  if (typeof value !== 'object' || value === null) return valueless(name, 'data-absent-reason', `FHIR.${type}`);
  const path = type.split('.').map((part, at) => (at === 0 ? part : part.charAt(0).toLowerCase() + part.slice(1)));
  const forms = [...elementsOf(path.join('.')).values()].flatMap((facts) => facts.forms);
  const part = Object.entries(value).flatMap(([key, child]) => {
    const of = forms.find(({ property }) => property === key)?.type;
    if (of === undefined) return [];
    return (Array.isArray(child) ? child : [child]).map((one: unknown) => element(key, of, one));
  });
  return part.length === 0
    ? valueless(name, 'cqf-isEmptyTuple', `FHIR.${type}`)
    : typed({ name, part }, `FHIR.${type}`);
}

function parameterTypes(): ReadonlySet<string> {
  const forms = elementsOf('Parameters.parameter').get('value')?.forms ?? [];
  return new Set(forms.map(({ type }) => type));
}

const absences = {
  'data-absent-reason': { valueCode: 'unknown' },
  'cqf-isEmptyList': { valueBoolean: true },
  'cqf-isEmptyTuple': { valueBoolean: true },
} as const;

function valueless(name: string, kind: keyof typeof absences, type: string | null): Parameter {
  const extension: Extension[] = [{ url: `${base}/${kind}`, ...absences[kind] }];
  return typed({ name, _valueBoolean: { extension } } as Parameter, type);
}

function typed(parameter: Parameter, type: string | null): Parameter {
  return type === null ? parameter : { extension: [{ url: `${base}/cqf-cqlType`, valueString: type }], ...parameter };
}

/** Units of CQL's calendar, which UCUM writes otherwise. */
const calendar: Readonly<Record<string, string>> = {
  year: 'a',
  month: 'mo',
  week: 'wk',
  day: 'd',
  hour: 'h',
  minute: 'min',
  second: 's',
  millisecond: 'ms',
};

function quantity({ value, unit }: CqlQuantity): NonNullable<Parameter['valueQuantity']> {
  if (unit === '1') return { value, system: ucum, code: '1' };
  return { value, unit, system: ucum, code: calendar[unit.replace(/s$/, '')] ?? unit };
}

function coding({ code, system, version, display }: CqlCode): NonNullable<Parameter['valueCoding']> {
  return {
    ...(system !== null && { system }),
    ...(version !== null && { version }),
    code,
    ...(display !== null && { display }),
  };
}

function kindOf(value: CqlValue): string {
  return typeof value === 'object' && value !== null && !isList(value) ? value.type : typeof value;
}

function dateText(value: CqlValue): string {
  const text = typeof value === 'object' && value !== null && 'value' in value ? String(value.value) : String(value);
  return text.includes('T') ? inFull(text) : text;
}

function amount(value: CqlValue): NonNullable<Parameter['valueQuantity']> {
  return typeof value === 'object' && value !== null && 'unit' in value ? quantity(value) : { value: Number(value) };
}

/** Array.isArray does not narrow readonly arrays. */
function isList(value: CqlValue): value is readonly CqlValue[] {
  return Array.isArray(value);
}
