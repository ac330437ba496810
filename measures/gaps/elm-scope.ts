import {
  type ElmExpressionDef,
  type ElmLibrary,
  type ElmNode,
  includedBy,
  type LinkedLibrary,
} from '../../cql/index.ts';

/** An expression with the place where it stands: what its names mean. */
export interface Placed {
  readonly node: ElmNode;
  readonly scope: Scope;
}

/** What names mean at some place of a library: operands of an inlined function, lets and aliases of queries around it. */
export interface Scope {
  readonly library: ElmLibrary;
  readonly operands: ReadonlyMap<string, Placed>;
  readonly lets: ReadonlyMap<string, Placed>;
  /** The source (or related source) of a query by its alias; the object is its identity. */
  readonly aliases: ReadonlyMap<string, Placed>;
  /** Definitions and functions that were entered on the way here; guards against recursion. */
  readonly trail: readonly string[];
}

export function topOf(library: ElmLibrary): Scope {
  return { library, operands: new Map(), lets: new Map(), aliases: new Map(), trail: [] };
}

/** The library that a reference names; null when it isn't linked. */
export function homeOf(linked: LinkedLibrary, { library }: Scope, node: ElmNode): ElmLibrary | null {
  const alias = node['libraryName'];
  return typeof alias === 'string' ? includedBy(linked, library, alias) : library;
}

/** The definition or function body behind a reference, in a scope of its own; null when there is none to look into. */
export function bodyOf(linked: LinkedLibrary, scope: Scope, reference: ElmNode): Placed | null {
  const home = homeOf(linked, scope, reference);
  const name = String(reference['name']);
  const step = `${home?.library.identifier.id}.${name}`;
  const given = reference.type === 'FunctionRef' ? operands(reference) : null;
  const definition = definitionNamed(home, name, given?.length ?? null);
  if (home === null || definition?.expression === undefined || scope.trail.includes(step)) return null;
  const bound = (definition.operand ?? []).flatMap(({ name: operand }, index): [string, Placed][] => {
    const node = given?.[index];
    return node === undefined ? [] : [[operand, { node, scope }]];
  });
  return {
    node: definition.expression,
    scope: { ...topOf(home), operands: new Map(bound), trail: [...scope.trail, step] },
  };
}

/** @param arity number of operands of a function; null for a definition */
function definitionNamed(home: ElmLibrary | null, name: string, arity: number | null): ElmExpressionDef | null {
  const named = (home?.library.statements?.def ?? []).filter((def) => def.name === name);
  const fitting = named.filter((def) =>
    arity === null ? def.type !== 'FunctionDef' : def.type === 'FunctionDef' && def.operand?.length === arity,
  );
  // Overloads differ by type, which this reading does not follow.
  return fitting.length === 1 ? (fitting[0] ?? null) : null;
}

/** What a name of a query or function stands for; the node itself when it is no such name. */
export function resolved(placed: Placed): Placed {
  const { node, scope } = placed;
  const name = String(node['name']);
  const meant =
    node.type === 'OperandRef' ? scope.operands.get(name) : node.type === 'QueryLetRef' ? scope.lets.get(name) : null;
  return meant === null || meant === undefined ? placed : resolved(meant);
}

/** The alias that a node reads directly, as the source that it stands for; null when it reads none. */
export function aliasOf({ node, scope }: Placed): Placed | null {
  const name = node.type === 'AliasRef' ? node['name'] : node['scope'];
  return typeof name === 'string' ? (scope.aliases.get(name) ?? null) : null;
}

/** The expression and everything below it, through operands and lets, with the aliases of queries inside. */
export function* within(placed: Placed): Generator<Placed> {
  const found = resolved(placed);
  yield found;
  const scope = found.node.type === 'Query' ? innerScope(found) : found.scope;
  for (const node of children(found.node)) yield* within({ node, scope });
}

/** The scope of a query's clauses: its aliases and lets. */
export function innerScope({ node, scope }: Placed): Scope {
  const aliases = new Map(scope.aliases);
  for (const source of [...nodes(node['source']), ...nodes(node['relationship'])])
    if (isNode(source['expression'])) aliases.set(String(source['alias']), { node: source['expression'], scope });
  const inner = { ...scope, aliases, lets: new Map(scope.lets) };
  for (const { identifier, expression } of nodes(node['let']))
    if (isNode(expression)) inner.lets.set(String(identifier), { node: expression, scope: inner });
  return inner;
}

export function operands(node: ElmNode): readonly ElmNode[] {
  return nodes(node['operand']);
}

export function nodes(value: unknown): readonly ElmNode[] {
  return (Array.isArray(value) ? value : [value]).filter(isNode);
}

const described = new Set([
  'annotation',
  'signature',
  'resultTypeSpecifier',
  'operandTypeSpecifier',
  'asTypeSpecifier',
  'isTypeSpecifier',
]);

/** The nodes directly below that are part of the expression. */
export function children(node: ElmNode): ElmNode[] {
  return Object.entries(node).flatMap(([property, value]) => (described.has(property) ? [] : nodes(value)));
}

export function isNode(value: unknown): value is ElmNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
