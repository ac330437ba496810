import elm from 'cql-execution/lib/elm/expressions.js';
import type { ElmNode } from '../elm.ts';
import { UnsupportedElm } from '../errors.ts';
import { type LinkedLibrary, libraryKey } from '../link.ts';
import { reachableNodes } from '../reachable.ts';

/** Nodes that the library reads as parts of others, without a class of their own. */
const structural = new Set(['ChoiceTypeSpecifier', 'ParameterTypeSpecifier', 'AggregateClause']);

/** Nodes that have a class which only says that it is not implemented, though they are types and never evaluated. */
const typeSpecifiers = new Set([
  'NamedTypeSpecifier',
  'ListTypeSpecifier',
  'IntervalTypeSpecifier',
  'TupleTypeSpecifier',
  'TupleElementDefinition',
  'TupleElement',
]);

/**
 * cql-execution makes null of a node that it does not know, without a word. So every node that the main library can
 * reach is looked up first.
 * @throws UnsupportedElm
 */
export function checkSupported(linked: LinkedLibrary): void {
  for (const { library, node } of reachableNodes(linked, null))
    if (!isSupported(node))
      throw new UnsupportedElm(node.type ?? '', libraryKey(library.library.identifier), node.locator ?? null);
}

function isSupported({ type = '' }: ElmNode): boolean {
  if (structural.has(type) || typeSpecifiers.has(type)) return true;
  const found: unknown = Reflect.get(elm, type);
  return typeof found === 'function' && !(found.prototype instanceof elm.UnimplementedExpression);
}
