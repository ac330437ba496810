import type { ElmExpressionDef, ElmLibrary, ElmNode } from './elm.ts';
import { UnknownExpression } from './errors.ts';
import { includedBy, type LinkedLibrary, libraryKey } from './link.ts';

/** A definition or function that an evaluation can reach, with the library that it stands in. */
export interface ReachableDefinition {
  readonly library: ElmLibrary;
  readonly definition: ElmExpressionDef;
}

/** A node of such a definition. */
export interface ReachableNode extends ReachableDefinition {
  readonly node: ElmNode;
}

/** Parts of a node that say something about types or text, and are never evaluated. */
const notEvaluated = new Set([
  'annotation',
  'signature',
  'resultTypeSpecifier',
  'operandTypeSpecifier',
  'resultTypeName',
]);

/**
 * All definitions that evaluating `names` of the main library can reach: through ExpressionRef, FunctionRef (all
 * overloads with as many operands) and includes. The named ones are among them.
 * @param names null means every definition and function of the main library
 * @throws UnknownExpression when the main library lacks one of the names
 */
export function reachableDefinitions(linked: LinkedLibrary, names: readonly string[] | null): ReachableDefinition[] {
  const found = new Map<ElmExpressionDef, ReachableDefinition>();
  const statements = linked.main.library.statements?.def ?? [];
  const waiting: ReachableDefinition[] = [];
  const add = (library: ElmLibrary, definition: ElmExpressionDef): void => {
    if (found.has(definition)) return;
    const reached = { library, definition };
    found.set(definition, reached);
    waiting.push(reached);
  };
  if (names === null) for (const definition of statements) add(linked.main, definition);
  else
    for (const name of names) {
      const matching = statements.filter((definition) => definition.name === name);
      if (matching.length === 0) throw new UnknownExpression(name, libraryKey(linked.main.library.identifier));
      for (const definition of matching) add(linked.main, definition);
    }
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const node of nodesOf(next.definition)) {
      if (!references.has(node.type ?? '')) continue;
      const target = referencedLibrary(linked, next.library, node);
      if (target === null) continue;
      for (const definition of definitionsNamed(target, node['name']))
        if (refersTo(node, definition)) add(target, definition);
    }
  }
  return [...found.values()];
}

/** Every node that can be evaluated, of every reachable definition. */
export function reachableNodes(linked: LinkedLibrary, names: readonly string[] | null): ReachableNode[] {
  return reachableDefinitions(linked, names).flatMap(({ library, definition }) =>
    nodesOf(definition).map((node) => ({ library, definition, node })),
  );
}

/** An ELM node and all nodes below it, in document order; clauses without a `type` are passed through. */
export function evaluatedNodes(value: unknown): ElmNode[] {
  const found: ElmNode[] = [];
  collect(value, found);
  return found;
}

function collect(value: unknown, found: ElmNode[]): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, found);
  } else if (isNode(value)) {
    if (typeof value.type === 'string') found.push(value);
    for (const property in value) {
      const child = value[property];
      if (typeof child === 'object' && child !== null && !notEvaluated.has(property)) collect(child, found);
    }
  }
}

const references = new Set(['ExpressionRef', 'FunctionRef', 'IdentifierRef']);

/** What was found in definitions that are still in use: a library is walked once, however many measures include it. */
const walked = new WeakMap<ElmExpressionDef, readonly ElmNode[]>();
const named = new WeakMap<readonly ElmExpressionDef[], ReadonlyMap<unknown, readonly ElmExpressionDef[]>>();

function nodesOf(definition: ElmExpressionDef): readonly ElmNode[] {
  const known = walked.get(definition);
  if (known !== undefined) return known;
  const found = evaluatedNodes(definition.expression);
  walked.set(definition, found);
  return found;
}

function definitionsNamed(library: ElmLibrary, name: unknown): readonly ElmExpressionDef[] {
  const definitions = library.library.statements?.def;
  if (definitions === undefined) return [];
  const known = named.get(definitions) ?? Map.groupBy(definitions, (definition): unknown => definition.name);
  named.set(definitions, known);
  return known.get(name) ?? [];
}

/** The library that a reference points into: the one that its `libraryName` stands for, or the library itself. */
export function referencedLibrary(linked: LinkedLibrary, library: ElmLibrary, node: ElmNode): ElmLibrary | null {
  const alias = node['libraryName'];
  return typeof alias === 'string' ? includedBy(linked, library, alias) : library;
}

function isNode(value: unknown): value is ElmNode {
  return typeof value === 'object' && value !== null;
}

function refersTo(node: ElmNode, definition: ElmExpressionDef): boolean {
  if (node['name'] !== definition.name) return false;
  if (node.type === 'FunctionRef') {
    const operands = Array.isArray(node['operand']) ? node['operand'].length : 0;
    return definition.type === 'FunctionDef' && (definition.operand?.length ?? 0) === operands;
  }
  return (node.type === 'ExpressionRef' || node.type === 'IdentifierRef') && definition.type !== 'FunctionDef';
}
