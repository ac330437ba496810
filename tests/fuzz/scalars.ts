import fc from 'fast-check';
import type { ElmNode } from '../../cql/index.ts';
import { operation, unary } from './booleans.ts';
import type { Generator } from './generator.ts';
import { duration, leaves, timeDuration } from './leaves.ts';
import { node, type Point, points, type Type } from './types.ts';

type Elm = fc.Arbitrary<ElmNode>;

/** Operators whose result is one value (ELM 16, 17, 18, 19, 20, 21, 22). */
export function scalars(type: Type, inner: Generator): Elm[] {
  const ofPoint = points.includes(type as Point) ? fromIntervals(type as Point, inner) : [];
  return [...ofPoint, ...(byType[type]?.(inner) ?? [])];
}

const byType: Partial<Record<Type, (inner: Generator) => Elm[]>> = {
  Integer: (inner) => {
    const number = inner.of('Integer');
    return [
      operation(['Add', 'Subtract', 'Multiply', 'TruncatedDivide', 'Modulo'], number, number),
      unary(['Negate', 'Abs', 'Predecessor', 'Successor'], number),
      unary(['Ceiling', 'Floor', 'Truncate'], inner.of('Decimal')),
      unary(['Length'], fc.oneof(inner.of('String'), inner.of('List<Integer>'))),
      unary(['Width'], inner.of('Interval<Integer>')),
      unary(['ToInteger'], inner.of('String')),
      aggregate(['Count', 'Sum', 'Min', 'Max'], inner.of('List<Integer>')),
      fromList(inner.of('List<Integer>'), number),
      fc
        .tuple(
          fc.constantFrom('DurationBetween', 'DifferenceBetween'),
          fc.constantFrom('Year', 'Month', 'Day', 'Week'),
          fc.constantFrom('Date' as const, 'DateTime' as const),
        )
        .chain(([name, precision, of]) =>
          operation([name], inner.of(of), inner.of(of)).map((elm) => ({ ...elm, precision })),
        ),
      fc
        .tuple(
          operation(['CalculateAgeAt'], inner.of('Date'), inner.of('Date')),
          fc.constantFrom('Year', 'Month', 'Day'),
        )
        .map(([elm, precision]) => ({ ...elm, precision })),
      fc
        .tuple(unary(['DateTimeComponentFrom'], inner.of('DateTime')), fc.constantFrom('Year', 'Month', 'Day', 'Hour'))
        .map(([elm, precision]) => ({ ...elm, precision })),
      fc
        .tuple(inner.of('String'), inner.of('String'))
        .map(([pattern, string]) => node('PositionOf', { pattern, string })),
    ];
  },
  Decimal: (inner) => {
    const number = inner.of('Decimal');
    return [
      operation(['Add', 'Subtract', 'Multiply', 'Divide', 'Modulo', 'TruncatedDivide'], number, number),
      unary(['Negate', 'Abs'], number),
      unary(['ToDecimal'], inner.of('Integer')),
      fc.tuple(number, fc.integer({ min: 0, max: 3 })).map(([operand, places]) =>
        node('Round', {
          operand,
          precision: node('Literal', { valueType: '{urn:hl7-org:elm-types:r1}Integer', value: String(places) }),
        }),
      ),
      aggregate(['Sum', 'Avg', 'Median', 'Min', 'Max'], inner.of('List<Decimal>')),
    ];
  },
  String: (inner) => {
    const text = inner.of('String');
    return [
      operation(['Concatenate'], text, text),
      unary(['Upper', 'Lower'], text),
      unary(['ToString'], fc.oneof(inner.of('Integer'), inner.of('Boolean'), inner.of('Date'))),
      fc
        .tuple(text, inner.of('Integer'), inner.of('Integer'))
        .map(([stringToSub, startIndex, length]) => node('Substring', { stringToSub, startIndex, length })),
      fc.tuple(inner.of('List<String>'), text).map(([source, separator]) => node('Combine', { source, separator })),
    ];
  },
  Date: (inner) => [
    operation(['Add', 'Subtract'], inner.of('Date'), duration),
    unary(['DateFrom'], inner.of('DateTime')),
    unary(['ToDate'], inner.of('DateTime')),
    aggregate(['Min', 'Max'], inner.of('List<Date>')),
    fromList(inner.of('List<Date>'), inner.of('Integer')),
    fc.constant(node('Today')),
  ],
  DateTime: (inner) => [
    operation(['Add', 'Subtract'], inner.of('DateTime'), timeDuration),
    unary(['ToDateTime'], inner.of('Date')),
    fc.constant(node('Now')),
  ],
  Quantity: (inner) => [
    operation(['Add', 'Subtract'], inner.of('Quantity'), inner.of('Quantity')),
    unary(['Negate', 'Abs'], inner.of('Quantity')),
    operation(
      ['Multiply'],
      inner.of('Quantity'),
      leaves.Decimal.map((operand) => node('ToQuantity', { operand })),
    ),
  ],
};

function fromIntervals(point: Point, inner: Generator): Elm[] {
  return [unary(['Start', 'End'], inner.of(`Interval<${point}>`))];
}

function aggregate(names: readonly string[], source: Elm): Elm {
  return fc.tuple(fc.constantFrom(...names), source).map(([name, of]) => node(name, { source: of }));
}

function fromList(list: Elm, index: Elm): Elm {
  return fc.oneof(
    fc.tuple(fc.constantFrom('First', 'Last'), list).map(([name, source]) => node(name, { source })),
    operation(['Indexer'], list, index),
  );
}
