import type { ElmNode } from '../../cql/index.ts';

/** The nodes of an expression, outermost first; result types are no part of it. */
export function* nodesOf(expression: unknown): Generator<ElmNode> {
  if (typeof expression !== 'object' || expression === null) return;
  if (isNode(expression)) yield expression;
  for (const [name, part] of Object.entries(expression)) if (!name.startsWith('resultType')) yield* nodesOf(part);
}

export function someNode(expression: unknown, test: (node: ElmNode) => boolean): boolean {
  for (const node of nodesOf(expression)) if (test(node)) return true;
  return false;
}

/** Is there a node of that type? */
export function has(expression: unknown, type: string): boolean {
  return someNode(expression, (node) => node.type === type);
}

/** The operands of a node, or its source. */
export function childrenOf(node: ElmNode): ElmNode[] {
  return ['operand', 'source', 'startIndex', 'length'].flatMap((name) => node[name]).filter(isNode);
}

/** Generated nodes carry their type here, also where it is left out of the library. */
export function isInterval({ resultTypeSpecifier: of }: ElmNode): boolean {
  return isNode(of) && of.type === 'IntervalTypeSpecifier';
}

/** System type of a value, or of the points of an interval. */
export function pointTypeOf({ resultTypeName, resultTypeSpecifier: of }: ElmNode): string | null {
  if (typeof resultTypeName === 'string') return resultTypeName.replace(/^\{.*\}/, '');
  if (!isNode(of)) return null;
  const point = of.pointType;
  return isNode(point) ? String(point.name).replace(/^\{.*\}/, '') : null;
}

/** An interval with a closed boundary that is, or may be, null. */
export function isClosedNull(node: ElmNode): boolean {
  const { type, low, high, lowClosed, highClosed } = node;
  const mayBeNull = (bound: unknown): boolean => mayGiveNull.some((type) => has(bound, type));
  return type === 'Interval' && ((lowClosed === true && mayBeNull(low)) || (highClosed === true && mayBeNull(high)));
}

/** An interval that may have an open boundary which is null: it is not known. */
export function isOpenNull({ type, low, high, lowClosed, highClosed }: ElmNode): boolean {
  const mayBeNull = (bound: unknown): boolean => mayGiveNull.some((name) => has(bound, name));
  return type === 'Interval' && ((lowClosed === false && mayBeNull(low)) || (highClosed === false && mayBeNull(high)));
}

/** An interval whose bounds are written down, the later one first. */
export function endsBeforeStart({ type, low, high }: ElmNode): boolean {
  if (type !== 'Interval' || !isNode(low) || !isNode(high)) return false;
  const [first, last] = [numbersOf(low), numbersOf(high)];
  const at = first.findIndex((part, i) => part !== last[i]);
  return at !== -1 && (first[at] ?? 0) > (last[at] ?? Number.POSITIVE_INFINITY);
}

const inMilligrams: Readonly<Record<string, number>> = { kg: 1_000_000, g: 1_000, mg: 1 };

function numbersOf({ type, value, unit, ...parts }: ElmNode): number[] {
  if (type === 'Literal') return [Number(value)];
  if (type === 'Quantity') return [Number(value) * (inMilligrams[String(unit)] ?? 1)];
  if (type !== 'Date' && type !== 'DateTime') return [];
  return ['year', 'month', 'day', 'hour', 'minute', 'second', 'millisecond']
    .map((name) => parts[name])
    .filter(isNode)
    .flatMap(numbersOf);
}

/** Nodes that give null, or may where their operands hold none. */
const mayGiveNull = [
  'Null',
  'Property',
  'First',
  'Last',
  'Indexer',
  'Min',
  'Max',
  'Sum',
  'Avg',
  'Median',
  'Substring',
  'Combine',
];

function isNode(value: unknown): value is ElmNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
