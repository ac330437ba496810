import type { ElmExpressionDef, ElmNode } from './elm.ts';
import { UnknownExpression } from './errors.ts';
import { hashOf, type LinkedLibrary, libraryKey } from './link.ts';

/** A function of the main library to be called once, or once for each element that a definition lists. */
export interface FunctionCall {
  /** Name of the definition to make; it must not exist. */
  readonly name: string;
  readonly function: string;
  /** The definition whose elements are the operand; null calls the function once, without operands. */
  readonly over: string | null;
}

/**
 * Adds a definition for each call, so that any engine evaluates it like the others. With `over`, its value is a list of
 * Tuple { element, value } in the order of that definition, duplicates kept; without, the value of the function.
 * @throws UnknownExpression when the main library lacks the function (with that many operands) or the definition
 */
export function withFunctionCalls(linked: LinkedLibrary, calls: readonly FunctionCall[]): LinkedLibrary {
  if (calls.length === 0) return linked;
  const { library } = linked.main;
  const existing = library.statements?.def ?? [];
  for (const call of calls) {
    const operands = call.over === null ? 0 : 1;
    const isFunction = (def: ElmExpressionDef): boolean =>
      def.type === 'FunctionDef' && def.name === call.function && (def.operand?.length ?? 0) === operands;
    if (!existing.some(isFunction)) throw new UnknownExpression(call.function, libraryKey(library.identifier));
    if (call.over !== null && !existing.some((def) => def.type !== 'FunctionDef' && def.name === call.over))
      throw new UnknownExpression(call.over, libraryKey(library.identifier));
  }
  const def = [...existing, ...calls.map(definitionOf)];
  const main = { library: { ...library, statements: { ...library.statements, def } } };
  return { main, includes: linked.includes, hash: hashOf([linked.hash, JSON.stringify(calls)]) };
}

function definitionOf({ name, function: called, over }: FunctionCall): ElmExpressionDef {
  const header = { type: 'ExpressionDef', name, context: 'Patient', accessLevel: 'Public' as const };
  if (over === null) return { ...header, expression: { type: 'FunctionRef', name: called, operand: [] } };
  const element: ElmNode = { type: 'AliasRef', name: 'Element' };
  return {
    ...header,
    expression: {
      type: 'Query',
      source: [{ alias: 'Element', expression: { type: 'ExpressionRef', name: over } }],
      relationship: [],
      return: {
        distinct: false,
        expression: {
          type: 'Tuple',
          element: [
            { name: 'element', value: element },
            { name: 'value', value: { type: 'FunctionRef', name: called, operand: [element] } },
          ],
        },
      },
    },
  };
}
