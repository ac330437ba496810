import type { CqlCode, CqlValue, FhirResource } from '../../cql/index.ts';
import { invalidArgument } from './errors.ts';

interface Parameter {
  readonly name?: string;
  readonly part?: readonly Parameter[];
  readonly [value: string]: unknown;
}

/**
 * CQL parameters from a Parameters resource (Using CQL with FHIR, parameter type mapping): a name that occurs more than
 * once becomes a list, a parameter with parts a Tuple.
 *
 * @throws InvalidArguments for a value that CQL has no type for
 */
export function cqlParameters(resource: FhirResource | null): { readonly [name: string]: CqlValue } {
  if (resource === null) return {};
  return fromParameters((resource.parameter ?? []) as readonly Parameter[]);
}

/**
 * The CQL type of each parameter, for declaring it.
 * @throws InvalidArguments for a name or value that CQL cannot declare
 */
export function parameterTypes(resource: FhirResource | null): ReadonlyMap<string, string> {
  return typesOf((resource?.parameter ?? []) as readonly Parameter[]);
}

function typesOf(parameters: readonly Parameter[]): Map<string, string> {
  const byName = Map.groupBy(parameters, ({ name = '' }) => name);
  return new Map(
    [...byName].map(([name, all]) => {
      if (!/^[A-Za-z_][\w ]{0,100}$/.test(name))
        throw invalidArgument(
          'parameters',
          'names have letters, digits, underscores and spaces alone',
          'not-supported',
        );
      const types = new Set(all.map((parameter) => typeOf(name, parameter)));
      const [first = 'Any'] = types;
      const type = types.size === 1 ? first : `Choice<${[...types].join(', ')}>`;
      return [name, all.length === 1 ? type : `List<${type}>`];
    }),
  );
}

function typeOf(name: string, { part, resource, ...values }: Parameter): string {
  if (part !== undefined) {
    const elements = [...typesOf(part)].map(([key, type]) => `"${key}" ${type}`);
    return `Tuple { ${elements.join(', ')} }`;
  }
  if (resource !== undefined)
    return `FHIR.${/^[A-Za-z]+$/.exec((resource as FhirResource).resourceType)?.[0] ?? 'Resource'}`;
  const key =
    Object.keys(values)
      .find((property) => /^value[A-Z]/.test(property))
      ?.slice('value'.length) ?? '';
  const type = cqlTypes[key];
  if (type === undefined) throw invalidArgument('parameters', `${name} has no value that CQL has a type for`);
  return type;
}

/** With their model: in a library that uses FHIR, Quantity alone is FHIR's. */
const cqlTypes: Readonly<Record<string, string>> = {
  Boolean: 'System.Boolean',
  Integer: 'System.Integer',
  PositiveInt: 'System.Integer',
  UnsignedInt: 'System.Integer',
  Decimal: 'System.Decimal',
  String: 'System.String',
  Code: 'System.String',
  Uri: 'System.String',
  Url: 'System.String',
  Canonical: 'System.String',
  Id: 'System.String',
  Markdown: 'System.String',
  Date: 'System.Date',
  DateTime: 'System.DateTime',
  Instant: 'System.DateTime',
  Time: 'System.Time',
  Quantity: 'System.Quantity',
  Coding: 'System.Code',
  CodeableConcept: 'System.Concept',
  Period: 'Interval<System.DateTime>',
  Range: 'Interval<System.Quantity>',
};

function fromParameters(parameters: readonly Parameter[]): { [name: string]: CqlValue } {
  const byName = Map.groupBy(parameters, ({ name = '' }) => name);
  return Object.fromEntries(
    [...byName].map(([name, all]) => {
      const values = all.map((parameter) => fromParameter(name, parameter));
      return [name, values.length === 1 ? (values[0] ?? null) : values];
    }),
  );
}

function fromParameter(name: string, parameter: Parameter): CqlValue {
  if (parameter.part !== undefined) return { type: 'Tuple', elements: fromParameters(parameter.part) };
  if (parameter.resource !== undefined) return { type: 'Resource', resource: parameter.resource as FhirResource };
  const [key = '', value] = Object.entries(parameter).find(([property]) => /^value[A-Z]/.test(property)) ?? [];
  const read = converters[key.slice('value'.length)];
  if (read === undefined) throw invalidArgument('parameters', `${name} has no value that CQL has a type for`);
  return read(value as never);
}

interface Coding {
  readonly code?: string;
  readonly system?: string;
  readonly version?: string;
  readonly display?: string;
}

interface Quantity {
  readonly value?: number;
  readonly code?: string;
  readonly unit?: string;
}

const text = (value: string): CqlValue => value;

const converters: Readonly<Record<string, (value: never) => CqlValue>> = {
  Boolean: (value: boolean) => value,
  Integer: (value: number) => value,
  PositiveInt: (value: number) => value,
  UnsignedInt: (value: number) => value,
  Decimal: (value: number) => value,
  String: text,
  Code: text,
  Uri: text,
  Url: text,
  Canonical: text,
  Id: text,
  Markdown: text,
  Date: (value: string) => ({ type: 'Date', value }),
  DateTime: (value: string) => ({ type: 'DateTime', value }),
  Instant: (value: string) => ({ type: 'DateTime', value }),
  Time: (value: string) => ({ type: 'Time', value }),
  Quantity: (value: Quantity) => quantity(value),
  Coding: (value: Coding) => code(value),
  CodeableConcept: ({ coding = [], text: display = null }: { coding?: Coding[]; text?: string | null }) => ({
    type: 'Concept',
    codes: coding.map(code),
    display,
  }),
  Period: ({ start, end }: { start?: string; end?: string }) => interval(dateTime(start), dateTime(end)),
  Range: ({ low, high }: { low?: Quantity; high?: Quantity }) =>
    interval(low ? quantity(low) : null, high ? quantity(high) : null),
};

function quantity({ value = 0, code: ucum, unit }: Quantity): CqlValue {
  return { type: 'Quantity', value, unit: ucum ?? unit ?? '1' };
}

function code({ code: given = '', system = null, version = null, display = null }: Partial<CqlCode> | Coding): CqlCode {
  return { type: 'Code', code: given, system, version, display };
}

function dateTime(value: string | undefined): CqlValue {
  return value === undefined ? null : { type: 'DateTime', value };
}

function interval(low: CqlValue, high: CqlValue): CqlValue {
  return { type: 'Interval', low, high, lowClosed: true, highClosed: true };
}
