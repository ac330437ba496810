import type { ElmNode } from '../elm.ts';
import { children, operands } from './elm-parts.ts';
import type { CompileContext } from './node.ts';
import type { FunctionReference } from './references.ts';
import { isSubtype } from './type-tests.ts';
import { type Type, typeOfSpecifier } from './types.ts';

/**
 * The function that a FunctionRef calls (CQL 1.5, 2.7): by the signature that it carries, else by the static types of its
 * operands. More than one where these leave it open: then the values decide.
 */
export function overloadsOf(node: ElmNode, cx: CompileContext): readonly FunctionReference[] {
  const inputs = operands(node);
  const candidates = cx.references.functions(node, inputs.length);
  if (candidates.length < 2) return candidates;
  const signature = children(node, 'signature').map(typeOfSpecifier);
  if (signature.length === inputs.length) {
    const named = candidates.filter((candidate) => same(typesOf(candidate), signature));
    if (named.length === 1) return named;
  }
  const given = inputs.map((input) => cx.typeOf(input));
  const exact = candidates.filter((candidate) => same(typesOf(candidate), given));
  if (exact.length === 1) return exact;
  const fitting = candidates.filter((candidate) =>
    typesOf(candidate).every((type, i) => isSubtype(given[i] ?? type, type, cx.model)),
  );
  return fitting.length > 0 ? fitting : candidates;
}

function typesOf({ operands: shapes }: FunctionReference): Type[] {
  return shapes.map(({ type }) => type);
}

function same(a: readonly Type[], b: readonly Type[]): boolean {
  return a.every((type, i) => keyOf(type) === keyOf(b[i]));
}

/** The same for the same type: the order of a choice doesn't matter. */
function keyOf(type: Type | undefined): string {
  if (type === undefined) return '';
  switch (type.kind) {
    case 'any':
      return 'Any';
    case 'named':
      return type.name;
    case 'tuple':
      return `{${[...type.elements].map(([name, of]) => `${name}:${keyOf(of)}`).sort()}}`;
    case 'choice':
      return `<${[...new Set(type.of.map(keyOf))].sort()}>`;
    default:
      return `${type.kind}<${keyOf(type.of)}>`;
  }
}
