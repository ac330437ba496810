import fc from 'fast-check';
import type { ElmNode } from '../../cql/index.ts';
import { operation, retrieve, unary } from './booleans.ts';
import type { Generator } from './generator.ts';
import { property, valueSet } from './leaves.ts';
import { joins } from './queries.ts';
import { fhir, node, pointOf, type Type } from './types.ts';

type Elm = fc.Arbitrary<ElmNode>;

/** Intervals and lists (ELM 10, 19, 20), queries over lists and over the record. */
export function collections(type: Type, inner: Generator): Elm[] {
  const point = pointOf(type);
  if (point !== null)
    return [
      fc
        .tuple(inner.of(point), inner.of(point), fc.boolean(), fc.boolean())
        .map(([low, high, lowClosed, highClosed]) => node('Interval', { low, high, lowClosed, highClosed })),
      operation(['Intersect', 'Union', 'Except'], inner.of(type), inner.of(type)),
      fc
        .tuple(fc.constantFrom('First', 'Last'), inner.of(`List<Interval<${point}>>`))
        .map(([name, source]) => node(name, { source })),
    ];
  const [, element] = /^List<(.*)>$/.exec(type) ?? [];
  if (element === undefined) return [];
  const of = element as Type;
  const lists: Elm[] = [
    fc.array(inner.of(of), { maxLength: 3 }).map((elements) => node('List', { element: elements })),
    query(type, of, inner),
    ...joins(type, of, inner),
  ];
  const ofPoint = pointOf(of);
  if (ofPoint !== null)
    return [
      ...lists,
      fc.tuple(inner.of(type), fc.constant(node('Null'))).map((operand) => node('Collapse', { operand })),
    ];
  return [
    ...lists,
    operation(['Union', 'Intersect', 'Except'], inner.of(type), inner.of(type)),
    unary(['Distinct'], inner.of(type)),
    inner.of(type).map((list) => node('Flatten', { operand: node('List', { element: [list, list] }) })),
    ...recordQueries(type),
  ];
}

/** `from list X where ... return ... sort` (CQL, 3.1). */
function query(type: Type, element: Type, inner: Generator): Elm {
  const row = inner.within(element);
  return fc
    .record({
      source: inner.of(type),
      where: fc.option(row.of('Boolean'), { freq: 1 }),
      value: fc.option(row.of(element), { freq: 1 }),
      distinct: fc.boolean(),
      // Intervals have no order (CQL 1.5, 3.7: sort needs one).
      sort: pointOf(element) === null ? fc.constantFrom(null, null, 'asc', 'desc') : fc.constant(null),
    })
    .map(({ source, where, value, distinct, sort }) =>
      node('Query', {
        source: [{ alias: 'X', expression: source }],
        relationship: [],
        ...(where === null ? {} : { where }),
        ...(value === null ? {} : { return: { distinct, expression: value } }),
        ...(sort === null ? {} : { sort: { by: [node('ByDirection', { direction: sort })] } }),
      }),
    );
}

const alias = node('AliasRef', { name: 'R' });

/** Elements of resources, by type. */
const elements: Partial<Record<Type, readonly { readonly type: string; readonly value: ElmNode }[]>> = {
  'List<Decimal>': [
    {
      type: 'Observation',
      value: property(
        property(node('As', { asType: fhir('Quantity'), operand: property(alias, 'value') }), 'value'),
        'value',
      ),
    },
  ],
  'List<String>': [
    { type: 'Observation', value: property(property(alias, 'status'), 'value') },
    { type: 'Condition', value: property(property(alias, 'id'), 'value') },
  ],
  'List<DateTime>': [
    {
      type: 'Observation',
      value: property(node('As', { asType: fhir('dateTime'), operand: property(alias, 'effective') }), 'value'),
    },
    { type: 'Encounter', value: property(property(property(alias, 'period'), 'start'), 'value') },
  ],
};

function recordQueries(type: Type): Elm[] {
  return (elements[type] ?? []).map(({ type: resourceType, value }) =>
    fc.record({ distinct: fc.boolean(), coded: fc.boolean(), known: fc.boolean() }).map(({ distinct, coded, known }) =>
      node('Query', {
        source: [
          {
            alias: 'R',
            expression: retrieve(resourceType, coded && resourceType !== 'Encounter' ? valueSet.url : null),
          },
        ],
        relationship: [],
        ...(known ? { where: node('Not', { operand: node('IsNull', { operand: value }) }) } : {}),
        return: { distinct, expression: value },
      }),
    ),
  );
}
