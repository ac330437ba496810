import fc from 'fast-check';
import type { ElmNode } from '../../cql/index.ts';
import { fhir, node, type Scalar, system } from './types.ts';

type Leaf = fc.Arbitrary<ElmNode>;

export const valueSet = { url: 'http://example.org/fhir/ValueSet/colours', system: 'http://example.org/colours' };

export function literal(type: string, value: string): ElmNode {
  return node('Literal', { valueType: system(type), value });
}

export function integer(value: number): ElmNode {
  return literal('Integer', String(value));
}

const smallInteger = fc.integer({ min: -3, max: 12 });
const anyInteger = fc.oneof(
  { arbitrary: smallInteger, weight: 12 },
  { arbitrary: fc.constantFrom(2147483647, -2147483648, 46341), weight: 1 },
);
const decimalText = fc
  .tuple(fc.integer({ min: -40, max: 400 }), fc.constantFrom(0, 1, 2, 4))
  .map(([number, places]) => (number / 10 ** places).toFixed(Math.max(1, places)));

/** Year to the given precision; few values, so that they meet. */
const calendar = fc.record({
  year: fc.constantFrom(2025, 2026, 2024),
  month: fc.constantFrom(1, 2, 12),
  day: fc.constantFrom(1, 28, 15),
  hour: fc.constantFrom(0, 10, 23),
  minute: fc.constantFrom(0, 30),
  second: fc.constantFrom(0, 59),
  millisecond: fc.constantFrom(0, 999),
});
const parts = ['year', 'month', 'day', 'hour', 'minute', 'second', 'millisecond'] as const;

function calendarNode(type: 'Date' | 'DateTime'): Leaf {
  const most = type === 'Date' ? 3 : 7;
  const precision = fc.oneof(
    { arbitrary: fc.constant(most), weight: 3 },
    { arbitrary: fc.integer({ min: 1, max: most }), weight: 2 },
  );
  const offset = fc.constantFrom(null, '0.0', '5.5', '-5.0');
  return fc.tuple(calendar, precision, offset).map(([values, count, timezone]) =>
    node(type, {
      ...Object.fromEntries(parts.slice(0, count).map((part) => [part, integer(values[part])])),
      ...(type === 'DateTime' && timezone !== null && count > 3
        ? { timezoneOffset: literal('Decimal', timezone) }
        : {}),
    }),
  );
}

/** Values written down, for each type; the first of a `constantFrom` is what shrinking aims at. */
export const leaves: Readonly<Record<Scalar, Leaf>> = {
  Boolean: fc.constantFrom('true', 'false').map((value) => literal('Boolean', value)),
  Integer: anyInteger.map(integer),
  Decimal: decimalText.map((value) => literal('Decimal', value)),
  String: fc.constantFrom('a', '', 'B', 'ab', 'a,b', 'é', '12', '2026-01-01').map((value) => literal('String', value)),
  Date: calendarNode('Date'),
  DateTime: calendarNode('DateTime'),
  Time: fc.tuple(fc.constantFrom(0, 10, 23), fc.constantFrom(0, 30, 59), fc.boolean()).map(([hour, minute, whole]) =>
    node('Time', {
      hour: integer(hour),
      minute: integer(minute),
      ...(whole ? { second: integer(0), millisecond: integer(0) } : {}),
    }),
  ),
  Quantity: fc
    .tuple(fc.constantFrom(1, 0, 2, 1000, 0.5, -1), fc.constantFrom('g', 'mg', 'g', 'kg', 'mg', 'h'))
    .map(([value, unit]) => node('Quantity', { value, unit })),
  Code: fc
    .constantFrom('red', 'green', 'grey')
    .map((code) => node('Code', { code, system: { name: 'Colours' }, display: code })),
};

/** A quantity that can be added to dates. */
export const duration: Leaf = fc
  .tuple(fc.integer({ min: -2, max: 13 }), fc.constantFrom('days', 'year', 'months', 'weeks'))
  .map(([value, unit]) => node('Quantity', { value, unit }));

export const timeDuration: Leaf = fc
  .tuple(fc.integer({ min: -2, max: 25 }), fc.constantFrom('hours', 'days', 'minutes', 'months', 'years'))
  .map(([value, unit]) => node('Quantity', { value, unit }));

/** What the patient's own elements give. */
export const ofPatient: Partial<Readonly<Record<Scalar, ElmNode>>> = {
  Date: property(property(patient(), 'birthDate'), 'value'),
  String: property(property(patient(), 'gender'), 'value'),
  Boolean: property(node('As', { asType: fhir('boolean'), operand: property(patient(), 'deceased') }), 'value'),
};

export function property(source: ElmNode, path: string): ElmNode {
  return node('Property', { path, source });
}

function patient(): ElmNode {
  return node('ExpressionRef', { name: 'Patient' });
}
