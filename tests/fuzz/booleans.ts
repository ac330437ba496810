import fc from 'fast-check';
import type { ElmNode } from '../../cql/index.ts';
import type { Generator } from './generator.ts';
import { valueSet } from './leaves.ts';
import { node, points, type Type } from './types.ts';

type Elm = fc.Arbitrary<ElmNode>;
const one = fc.constantFrom;

/** A node of one of the names over the operands. */
export function operation(names: readonly string[], ...operands: readonly Elm[]): Elm {
  return fc.tuple(one(...names), fc.tuple(...operands)).map(([name, operand]) => node(name, { operand }));
}

export function unary(names: readonly string[], operand: Elm): Elm {
  return fc.tuple(one(...names), operand).map(([name, of]) => node(name, { operand: of }));
}

const precisions = {
  Date: ['Year', 'Month', 'Day'],
  DateTime: ['Year', 'Month', 'Day', 'Hour', 'Minute', 'Second', 'Millisecond'],
} as const;

/** The same with a precision, or without. */
function precise(type: 'Date' | 'DateTime', elm: Elm): Elm {
  return fc
    .tuple(elm, one(null, ...precisions[type]))
    .map(([of, precision]) => (precision === null ? of : { ...of, precision }));
}

/** Logic, nullology, comparison, membership, dates and intervals (ELM 12, 13, 14, 18, 19, 20). */
export function booleans(inner: Generator): Elm[] {
  const truth = inner.of('Boolean');
  const equalities = (
    [
      'Boolean',
      'Integer',
      'Decimal',
      'String',
      'Date',
      'DateTime',
      'Quantity',
      'Code',
      'List<Integer>',
      'Interval<Integer>',
      'Interval<Date>',
    ] as const
  ).map((type: Type) => operation(['Equal', 'NotEqual', 'Equivalent'], inner.of(type), inner.of(type)));
  const orders = (['Integer', 'Decimal', 'String', 'Date', 'DateTime', 'Time', 'Quantity'] as const).map((type: Type) =>
    operation(['Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual'], inner.of(type), inner.of(type)),
  );
  const intervals = points.flatMap((point) => {
    const [value, interval] = [inner.of(point), inner.of(`Interval<${point}>`)];
    const relations = [
      'Overlaps',
      'OverlapsBefore',
      'OverlapsAfter',
      'IncludedIn',
      'Includes',
      'ProperIncludes',
      'ProperIncludedIn',
      'Starts',
      'Ends',
      'Meets',
      'MeetsBefore',
      'MeetsAfter',
      'Before',
      'After',
      'SameAs',
    ];
    const plain = [
      operation(['In'], value, interval),
      operation(['Contains'], interval, value),
      operation(
        relations.filter((name) => name !== 'SameAs'),
        interval,
        interval,
      ),
    ];
    if (point !== 'Date' && point !== 'DateTime') return plain;
    return [
      precise(point, operation(['In'], value, interval)),
      precise(point, operation(['Contains'], interval, value)),
      precise(point, operation(relations, interval, interval)),
      precise(point, operation(['Before', 'After', 'SameAs', 'SameOrBefore', 'SameOrAfter'], value, value)),
      precise(point, operation(['Before', 'After', 'SameOrBefore', 'SameOrAfter'], value, interval)),
      precise(point, operation(['Before', 'After', 'SameOrBefore', 'SameOrAfter'], interval, value)),
    ];
  });
  return [
    operation(['And', 'Or', 'Xor', 'Implies'], truth, truth),
    unary(['Not', 'IsTrue', 'IsFalse'], truth),
    ...(['Integer', 'Date', 'String', 'List<Integer>', 'Interval<Date>', 'Quantity'] as const).map((type) =>
      unary(['IsNull'], inner.of(type)),
    ),
    fc.oneof(...equalities),
    fc.oneof(...orders),
    fc.oneof(...intervals),
    fc.oneof(...intervals),
    operation(['In'], inner.of('Integer'), inner.of('List<Integer>')),
    operation(['Contains', 'ProperContains'], inner.of('List<Integer>'), inner.of('Integer')),
    operation(
      ['IncludedIn', 'Includes', 'ProperIncludes', 'ProperIncludedIn'],
      inner.of('List<Integer>'),
      inner.of('List<Integer>'),
    ),
    unary(['Exists'], fc.oneof(inner.of('List<Integer>'), inner.of('List<Date>'))),
    fc.tuple(one('AnyTrue', 'AllTrue'), inner.of('List<Boolean>')).map(([name, source]) => node(name, { source })),
    operation(['StartsWith', 'EndsWith'], inner.of('String'), inner.of('String')),
    inner.of('Code').map((code) => node('InValueSet', { code, valueset: { name: 'Colours' } })),
    fc.constant(node('Exists', { operand: retrieve('Observation', valueSet.url) })),
  ];
}

/** Resources of a type, those with a code of the value set only when there is one. */
export function retrieve(type: string, url: string | null): ElmNode {
  const codes =
    url === null
      ? {}
      : {
          codeProperty: 'code',
          codeComparator: 'in',
          codes: node('Property', {
            path: 'codes',
            source: node('ExpandValueSet', { operand: node('ValueSetRef', { name: 'Colours', preserve: true }) }),
          }),
        };
  return node('Retrieve', {
    dataType: `{http://hl7.org/fhir}${type}`,
    templateId: `http://hl7.org/fhir/StructureDefinition/${type}`,
    ...codes,
  });
}
