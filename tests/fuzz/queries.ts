import fc from 'fast-check';
import type { ElmNode } from '../../cql/index.ts';
import type { Generator } from './generator.ts';
import { node, type Scalar, type Type } from './types.ts';

type Elm = fc.Arbitrary<ElmNode>;

const [row, other, made] = [
  node('AliasRef', { name: 'X' }),
  node('AliasRef', { name: 'Y' }),
  node('QueryLetRef', { name: 'L' }),
];

const none = node('List', { element: [] });

/** Queries over two sources, with a let, and with rows of another list (ELM 10.1, 10.6, 10.13, 10.14). */
export function joins(type: Type, element: Type, inner: Generator): Elm[] {
  const ofRow = inner.within(element);
  const condition = fc.tuple(
    fc.constantFrom('Equal', 'Equivalent', 'NotEqual'),
    fc.constantFrom(other, row),
    fc.constantFrom(other, row),
  );
  const matching = condition.map(([name, a, b]) => node(name, { operand: [a, b] }));
  return [
    fc
      .record({
        first: inner.of(type),
        second: inner.of(type),
        where: fc.option(matching),
        of: fc.constantFrom(row, other),
        distinct: fc.boolean(),
      })
      .map(({ first, second, where, of, distinct }) =>
        node('Query', {
          source: [
            { alias: 'X', expression: first },
            { alias: 'Y', expression: second },
          ],
          relationship: [],
          ...(where === null ? {} : { where }),
          return: { distinct, expression: of },
        }),
      ),
    fc
      .record({ source: inner.of(type), let: ofRow.of(element), where: ofRow.of('Boolean'), distinct: fc.boolean() })
      .map(({ source, let: expression, where, distinct }) =>
        node('Query', {
          source: [{ alias: 'X', expression: source }],
          let: [{ identifier: 'L', expression }],
          relationship: [],
          where,
          return: { distinct, expression: node('Coalesce', { operand: [made, row] }) },
        }),
      ),
    fc
      .record({
        source: inner.of(type),
        rows: inner.of(type),
        kind: fc.constantFrom('With', 'Without'),
        suchThat: matching,
      })
      .map(({ source, rows, kind, suchThat }) =>
        node('Query', {
          source: [{ alias: 'X', expression: source }],
          // A null list has no rows; the interpreter takes it for one row that is null, so it is not given one.
          relationship: [node(kind, { alias: 'Y', expression: node('Coalesce', { operand: [rows, none] }), suchThat })],
          return: { distinct: false, expression: row },
        }),
      ),
  ];
}

/** A value made of the rows of a list, one after another (ELM 10.2), and of a call of a function in another library. */
export function folds(type: Scalar, inner: Generator): Elm[] {
  const ofRow = inner.within(type);
  const sum = node('QueryLetRef', { name: 'A' });
  return [
    fc
      .record({
        source: inner.of(`List<${type}>`),
        starting: fc.option(inner.of(type)),
        distinct: fc.boolean(),
        value: ofRow.of(type),
        condition: ofRow.of('Boolean'),
      })
      .map(({ source, starting, distinct, value, condition }) =>
        node('Query', {
          source: [{ alias: 'X', expression: source }],
          relationship: [],
          aggregate: {
            identifier: 'A',
            distinct,
            ...(starting === null ? {} : { starting }),
            // biome-ignore lint/suspicious/noThenProperty: ELM calls it so
            expression: node('If', { condition, then: value, else: sum }),
          },
        }),
      ),
    fc
      .tuple(inner.of(type), inner.of(type))
      .map((operand) => node('FunctionRef', { libraryName: 'Functions', name: `Later ${type}`, operand })),
  ];
}
