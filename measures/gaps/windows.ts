import type { ElmNode } from '../../cql/index.ts';

/** A bound that a query's `where` puts on a date of its source: an interval, or one end of it. */
export interface DateConstraint {
  readonly kind: 'interval' | 'from' | 'to';
  /** What bounds it: free of the query's own names, so that it can be evaluated by itself. */
  readonly bound: ElmNode;
  /** Element of the source that carries the date; null when it cannot be told. */
  readonly datePath: string | null;
}

const relations: { readonly [type: string]: DateConstraint['kind'] } = {
  In: 'interval',
  IncludedIn: 'interval',
  ProperIncludedIn: 'interval',
  ProperIn: 'interval',
  Overlaps: 'interval',
  SameOrBefore: 'to',
  Before: 'to',
  SameOrAfter: 'from',
  After: 'from',
};

/** Bounds on the dates of `alias` that hold for every row that passes: conjuncts only, alternatives bind nothing. */
export function dateConstraints(where: unknown, alias: string): DateConstraint[] {
  if (!isNode(where)) return [];
  const [left, right] = operands(where);
  if (where.type === 'And') return [...dateConstraints(left, alias), ...dateConstraints(right, alias)];
  const kind = relations[where.type ?? ''];
  if (kind === undefined || left === undefined || right === undefined) return [];
  const about = [...descendants(left)].filter((node) => node['scope'] === alias || isAliasRef(node, alias));
  if (about.length === 0 || [...descendants(right)].some(isBoundName)) return [];
  const path = about.map((node) => node['path']).find((found) => typeof found === 'string');
  return [{ kind, bound: right, datePath: path ?? null }];
}

export function operands(node: ElmNode): readonly (ElmNode | undefined)[] {
  const given = node['operand'];
  return (Array.isArray(given) ? given : [given]).map((operand: unknown) => (isNode(operand) ? operand : undefined));
}

/** The node and everything below it that is part of the expression. */
export function* descendants(node: ElmNode): Generator<ElmNode> {
  yield node;
  for (const child of children(node)) yield* descendants(child);
}

const described = new Set(['annotation', 'signature', 'resultTypeSpecifier', 'operandTypeSpecifier']);

export function children(node: ElmNode): ElmNode[] {
  return Object.entries(node).flatMap(([property, value]) =>
    described.has(property) ? [] : (Array.isArray(value) ? value : [value]).filter(isNode),
  );
}

export function isNode(value: unknown): value is ElmNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isAliasRef(node: ElmNode, alias: string): boolean {
  return node.type === 'AliasRef' && node['name'] === alias;
}

/** Names that mean something only inside a query or function. */
function isBoundName(node: ElmNode): boolean {
  return ['AliasRef', 'QueryLetRef', 'OperandRef', 'IdentifierRef'].includes(node.type ?? '') || 'scope' in node;
}
