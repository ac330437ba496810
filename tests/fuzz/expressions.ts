import fc from 'fast-check';
import type { ElmNode } from '../../cql/index.ts';
import { booleans } from './booleans.ts';
import { collections } from './collections.ts';
import type { Generator, Scope } from './generator.ts';
import { leaves, ofPatient } from './leaves.ts';
import { folds } from './queries.ts';
import { scalars } from './scalars.ts';
import { isScalar, node, nullOf, pointOf, type Scalar, type Type, typed } from './types.ts';

/** Typed ELM: every expression fits where it stands, as if a translator had written it. */
export function generator(
  depth: number,
  scope: Scope = null,
  memo = new Map<string, fc.Arbitrary<ElmNode>>(),
): Generator {
  return {
    depth,
    within: (row) => generator(depth - 1, row, memo),
    of(type) {
      const key = `${type} ${depth} ${scope}`;
      const known = memo.get(key);
      if (known !== undefined) return known;
      const made = expression(type, depth, scope, memo);
      memo.set(key, made);
      return made;
    },
  };
}

function expression(
  type: Type,
  depth: number,
  scope: Scope,
  memo: Map<string, fc.Arbitrary<ElmNode>>,
): fc.Arbitrary<ElmNode> {
  const here: fc.WeightedArbitrary<ElmNode>[] = [
    { arbitrary: leaf(type, memo), weight: depth <= 0 ? 8 : 3 },
    { arbitrary: fc.constant(nullOf(type)), weight: 1 },
  ];
  const own = ofPatient[type as Scalar];
  if (own !== undefined) here.push({ arbitrary: fc.constant(own), weight: 1 });
  if (scope === type) here.push({ arbitrary: fc.constant(node('AliasRef', { name: 'X' })), weight: 6 });
  if (depth > 0) {
    const inner = generator(depth - 1, scope, memo);
    for (const arbitrary of [
      ...always(type, inner),
      ...scalars(type, inner),
      ...(type === 'Boolean' ? booleans(inner) : []),
      ...collections(type, inner),
      ...(isScalar(type) ? folds(type, inner) : []),
    ])
      here.push({ arbitrary, weight: 2 });
  }
  return fc.oneof({ withCrossShrink: true }, ...here).map((elm) => typed(type, elm));
}

/** What every type has: conditionals, Coalesce (ELM 15, 17). */
function always(type: Type, inner: Generator): fc.Arbitrary<ElmNode>[] {
  const [value, condition] = [inner.of(type), inner.of('Boolean')];
  return [
    fc
      .tuple(condition, value, value)
      .map(([when, value1, value2]) => node('If', { condition: when, ...consequence(value1), else: value2 })),
    fc
      .tuple(condition, value, condition, value, value)
      .map(([a, x, b, y, z]) => node('Case', { caseItem: [caseItem(a, x), caseItem(b, y)], else: z })),
    fc.array(value, { minLength: 2, maxLength: 3 }).map((operand) => node('Coalesce', { operand })),
  ];
}

function caseItem(when: ElmNode, value: ElmNode): ElmNode {
  return node('CaseItem', { when, ...consequence(value) });
}

function consequence(value: ElmNode): { readonly then: ElmNode } {
  // biome-ignore lint/suspicious/noThenProperty: ELM calls it so
  return { then: value };
}

function leaf(type: Type, memo: Map<string, fc.Arbitrary<ElmNode>>): fc.Arbitrary<ElmNode> {
  const point = pointOf(type);
  const flat = generator(0, null, memo);
  if (point !== null)
    return fc
      .tuple(flat.of(point), flat.of(point), fc.boolean(), fc.boolean())
      .map(([low, high, lowOpen, highOpen]) =>
        node('Interval', { low, high, lowClosed: !lowOpen, highClosed: !highOpen }),
      );
  const element = /^List<(.*)>$/.exec(type)?.[1];
  if (element !== undefined)
    return fc.array(flat.of(element as Type), { maxLength: 3 }).map((elements) => node('List', { element: elements }));
  return leaves[type as Scalar];
}
