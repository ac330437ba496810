import type { ElmNode, LinkedLibrary } from '../../cql/index.ts';
import { closedExpression } from './bounds.ts';
import type { ElementCodes, ValueBound, Window } from './criterion.ts';
import { codesIn } from './element-codes.ts';
import { aliasOf, bodyOf, innerScope, isNode, nodes, operands, type Placed, resolved, within } from './elm-scope.ts';

/** What a query's conditions ask of the rows of one source. */
export interface RowConditions {
  readonly windows: readonly (Omit<Window, 'definition'> & {
    readonly bound: ElmNode;
    readonly datePath: string | null;
  })[];
  readonly values: readonly ValueBound[];
  readonly hasValue: boolean;
  readonly elements: readonly ElementCodes[];
  readonly unclear: boolean;
  /** Conditions that look for other data, with the truth value that is wanted of them. */
  readonly others: readonly { readonly placed: Placed; readonly wanted: boolean }[];
}

export const noConditions: RowConditions = {
  windows: [],
  values: [],
  hasValue: false,
  elements: [],
  unclear: false,
  others: [],
};

type Relation = Pick<Window, 'kind' | 'proper'>;
const inside: Relation = { kind: 'interval', proper: false };
/** As far as what goes on for a time is concerned; leaf by leaf, what happens on a day is inside. */
const overlapping: Relation = { kind: 'until', proper: false };
const upTo: Relation = { kind: 'to', proper: false };
const onward: Relation = { kind: 'from', proper: false };
const relations: { readonly [type: string]: Relation } = {
  In: inside,
  IncludedIn: inside,
  ProperIncludedIn: inside,
  ProperIn: inside,
  Overlaps: overlapping,
  SameOrBefore: upTo,
  LessOrEqual: upTo,
  Before: { kind: 'to', proper: true },
  Less: { kind: 'to', proper: true },
  SameOrAfter: onward,
  GreaterOrEqual: onward,
  After: { kind: 'from', proper: true },
  Greater: { kind: 'from', proper: true },
};
const turned: { readonly [type: string]: Relation } = {
  Contains: inside,
  Includes: inside,
  ProperIncludes: inside,
  ProperContains: inside,
  Overlaps: overlapping,
  SameOrBefore: onward,
  Before: { kind: 'from', proper: true },
  SameOrAfter: upTo,
  After: { kind: 'to', proper: true },
};

export const comparators: { readonly [type: string]: ValueBound['comparator'] } = {
  Less: 'lt',
  LessOrEqual: 'le',
  Greater: 'gt',
  GreaterOrEqual: 'ge',
  Equal: 'eq',
};
export const mirrored = { lt: 'gt', le: 'ge', gt: 'lt', ge: 'le', eq: 'eq' } as const;
export const opposite = { lt: 'ge', le: 'gt', gt: 'le', ge: 'lt', eq: 'eq' } as const;

/** Conjuncts of a condition, each for what it asks; alternatives bind nothing. Predicate functions are looked into. */
export function rowConditions(linked: LinkedLibrary, condition: Placed, own: Placed): RowConditions {
  const placed = resolved(condition);
  const { node, scope } = placed;
  const parts = operands(node);
  const [left, right] = parts.map((part) => resolved({ node: part, scope }));
  if (node.type === 'And')
    return parts.map((part) => rowConditions(linked, { node: part, scope }, own)).reduce(merged, noConditions);
  const about = [...within(placed)].filter((part) => aliasOf(part) === own);
  if (looksForData(placed)) {
    const joined = about.length > 0 && node.type === 'Exists' ? existing(linked, placed, own) : noConditions;
    return {
      ...joined,
      others: [{ placed, wanted: true }],
      unclear: joined.unclear || (about.length > 0 && joined === noConditions),
    };
  }
  if (about.length === 0) return noConditions;
  const predicate = node.type === 'FunctionRef' ? codesIn(linked, placed, own) : null;
  if (predicate !== null) return { ...noConditions, elements: [predicate] };
  if (node.type === 'FunctionRef') {
    const body = bodyOf(linked, scope, node);
    return body === null ? { ...noConditions, unclear: true } : rowConditions(linked, body, own);
  }
  // "On the day of the most recent": what is recorded next may well be that.
  if (node.type === 'SameAs') return noConditions;
  const path = pathOf(about);
  if (isNotNull(node)) return path === 'value' ? { ...noConditions, hasValue: true } : noConditions;
  const elements = codesIn(linked, placed, own);
  if (elements !== null) return { ...noConditions, elements: [elements] };
  if (left === undefined || right === undefined) return { ...noConditions, unclear: true };
  const values = path === 'value' ? valueBounds(node, left, right) : [];
  if (values.length > 0) return { ...noConditions, values };
  const window = dateWindow(linked, node, [left, right], own, path);
  return window === null ? { ...noConditions, unclear: true } : { ...noConditions, windows: [window] };
}

/** What the existence of other data asks of the rows themselves: "exists (Visits V where Order.authoredOn during V.period)". */
function existing(linked: LinkedLibrary, { node, scope }: Placed, own: Placed): RowConditions {
  const [query] = operands(node);
  if (query?.type !== 'Query') return noConditions;
  const inner = innerScope({ node: query, scope });
  const related = nodes(query['relationship']).flatMap(({ type, suchThat }) =>
    type === 'With' ? nodes(suchThat) : [],
  );
  return [...nodes(query['where']), ...related]
    .map((condition) => rowConditions(linked, { node: condition, scope: inner }, own))
    .map((conditions) => ({ ...conditions, others: [] }))
    .reduce(merged, noConditions);
}

export function merged(a: RowConditions, b: RowConditions): RowConditions {
  return {
    windows: [...a.windows, ...b.windows],
    values: [...a.values, ...b.values],
    hasValue: a.hasValue || b.hasValue,
    elements: [...a.elements, ...b.elements],
    unclear: a.unclear || b.unclear,
    others: [...a.others, ...b.others],
  };
}

/** Bounds that a comparison with a constant, or membership in an interval of constants, puts on a value. */
export function valueBounds(node: ElmNode, left: Placed, right: Placed): ValueBound[] {
  const comparator = comparators[node.type ?? ''];
  if (comparator !== undefined) {
    const [of, on] = [amount(left), amount(right)];
    if (on !== null) return [{ comparator, ...on }];
    return of === null ? [] : [{ comparator: mirrored[comparator], ...of }];
  }
  const interval = right.node;
  if ((node.type !== 'In' && node.type !== 'IncludedIn') || interval.type !== 'Interval') return [];
  const end = (name: 'low' | 'high'): ReturnType<typeof amount> =>
    isNode(interval[name]) ? amount({ node: interval[name], scope: right.scope }) : null;
  const [low, high] = [end('low'), end('high')];
  return [
    ...(low === null
      ? []
      : [{ comparator: interval['lowClosed'] === false ? ('gt' as const) : ('ge' as const), ...low }]),
    ...(high === null
      ? []
      : [{ comparator: interval['highClosed'] === false ? ('lt' as const) : ('le' as const), ...high }]),
  ];
}

/** A number or quantity that is written down; conversions around it are looked through. */
function amount(placed: Placed): { value: number; unit: string | null } | null {
  const { node, scope } = resolved(placed);
  const value = Number(node['value']);
  if (
    (node.type === 'Quantity' || (node.type === 'Literal' && !/String$/.test(String(node['valueType'])))) &&
    Number.isFinite(value)
  )
    return { value, unit: typeof node['unit'] === 'string' ? node['unit'] : null };
  const [only, ...more] = operands(node);
  return only !== undefined && more.length === 0 && /^(To|As$|Convert)/.test(node.type ?? '')
    ? amount({ node: only, scope })
    : null;
}

function dateWindow(
  linked: LinkedLibrary,
  node: ElmNode,
  [left, right]: readonly [Placed, Placed],
  own: Placed,
  datePath: string | null,
): RowConditions['windows'][number] | null {
  const sides = [
    { relation: relations[node.type ?? ''], about: left, bound: right },
    { relation: turned[node.type ?? ''], about: right, bound: left },
  ];
  for (const { relation, about, bound } of sides) {
    if (relation === undefined || ![...within(about)].some((part) => aliasOf(part) === own)) continue;
    const closed = closedExpression(linked, bound, own);
    if (closed !== null) return { ...relation, bound: closed, datePath };
  }
  return null;
}

function looksForData(placed: Placed): boolean {
  return (
    [...within(placed)].some(({ node }) => node.type === 'Retrieve' || node.type === 'ExpressionRef') &&
    hasQuery(placed)
  );
}

/** Definitions inside of a date relation are bounds; those that are tested for existence are data. */
function hasQuery(placed: Placed): boolean {
  const { node, scope } = resolved(placed);
  if (node.type === 'Exists')
    return [...within(placed)].some(({ node: { type } }) => type === 'Retrieve' || type === 'ExpressionRef');
  return (
    ['Not', 'Or', 'And', 'IsTrue', 'IsFalse'].includes(node.type ?? '') &&
    operands(node).some((part) => hasQuery({ node: part, scope }))
  );
}

function isNotNull(node: ElmNode): boolean {
  return node.type === 'Not' && operands(node)[0]?.type === 'IsNull';
}

/** First element of the source that is read. */
export function pathOf(about: readonly Placed[]): string | null {
  for (const { node } of about) if (typeof node['path'] === 'string') return node['path'].split('.')[0] ?? null;
  return null;
}
