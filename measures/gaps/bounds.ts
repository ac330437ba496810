import type { ElmLibrary, ElmNode, LinkedLibrary } from '../../cql/index.ts';
import { bodyOf, homeOf, isNode, type Placed, resolved } from './elm-scope.ts';

/** An expression that cannot be said outside of where it stands. */
class Bound extends Error {}

const places = new Set(['annotation', 'locator', 'localId', 'signature']);
const references = new Set(['ExpressionRef', 'FunctionRef', 'CodeRef', 'ConceptRef', 'ValueSetRef', 'CodeSystemRef']);

/**
 * An expression as a definition of the main library: operands and lets are put in, names of included libraries are
 * qualified. Where it reads rows of other sources, it becomes a query over these, and gives a list.
 * @param own the source that the expression is to be independent of
 * @returns null when it can't be said so
 */
export function closedExpression(linked: LinkedLibrary, placed: Placed, own: Placed): ElmNode | null {
  const sources = new Map<Placed, string>();
  const main = linked.main;

  const close = (given: Placed, inside: ReadonlySet<string>): ElmNode => {
    const { node, scope } = resolved(given);
    const name = node.type === 'AliasRef' ? node['name'] : node['scope'];
    if (typeof name === 'string' && !inside.has(name)) {
      const source = scope.aliases.get(name);
      if (source === undefined || source === own) throw new Bound();
      const alias = sources.get(source) ?? `Row ${sources.size + 1}`;
      sources.set(source, alias);
      return { ...copy(node, given, inside), [node.type === 'AliasRef' ? 'name' : 'scope']: alias };
    }
    if (node.type === 'OperandRef' || node.type === 'QueryLetRef' || node.type === 'IdentifierRef') throw new Bound();
    if (node.type === 'ParameterRef') return parameter(node);
    if (references.has(node.type ?? '')) return reference({ node, scope }, inside);
    if (node.type === 'Query') return copy(node, { node, scope }, new Set([...inside, ...aliasesOf(node)]));
    return copy(node, { node, scope }, inside);
  };

  const copy = (node: ElmNode, given: Placed, inside: ReadonlySet<string>): ElmNode => {
    const { scope } = resolved(given);
    const part = (value: unknown): unknown =>
      Array.isArray(value) ? value.map(part) : isNode(value) ? close({ node: value, scope }, inside) : value;
    return Object.fromEntries(
      Object.entries(node).flatMap(([key, value]) =>
        places.has(key) ? [] : [[key, /TypeSpecifier$/.test(key) ? value : part(value)]],
      ),
    );
  };

  const parameter = (node: ElmNode): ElmNode => {
    const name = node['name'];
    if (!main.library.parameters?.def.some((parameter) => parameter.name === name)) throw new Bound();
    return { type: 'ParameterRef', name };
  };

  const reference = (given: Placed, inside: ReadonlySet<string>): ElmNode => {
    const { node, scope } = given;
    const home = homeOf(linked, scope, node);
    const alias = home === null ? null : aliasIn(linked, home);
    if (alias !== null) {
      const { libraryName: _, ...rest } = copy(node, given, inside);
      return alias === '' ? rest : { ...rest, libraryName: alias };
    }
    const body = node.type === 'ExpressionRef' || node.type === 'FunctionRef' ? bodyOf(linked, scope, node) : null;
    if (body === null) throw new Bound();
    return close(body, inside);
  };

  try {
    const expression = close(placed, new Set());
    const needed = [...sources];
    const rows = needed.map(([source, alias]) => ({ alias, expression: close(source, new Set()) }));
    if (rows.length === 0) return expression;
    // Sources that read rows of yet others, or many rows combined, would cost more than the explanation is worth.
    if (sources.size > needed.length || rows.length > 2) return null;
    return { type: 'Query', source: rows, let: [], relationship: [], return: { distinct: false, expression } };
  } catch (error) {
    if (error instanceof Bound) return null;
    throw error;
  }
}

/** How the main library names another: '' for itself, null when it doesn't include it. */
function aliasIn({ main, includes }: LinkedLibrary, home: ElmLibrary): string | null {
  if (home === main) return '';
  if (!includes.includes(home)) return null;
  const { id, version } = home.library.identifier;
  const include = main.library.includes?.def.find((def) => def.path === id && def.version === version);
  return include?.localIdentifier ?? null;
}

function aliasesOf(query: ElmNode): string[] {
  return [query['source'], query['relationship']].flatMap((list) =>
    (Array.isArray(list) ? list : []).filter(isNode).map(({ alias }) => String(alias)),
  );
}
