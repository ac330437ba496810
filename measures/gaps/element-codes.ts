import type { ElmNode, LinkedLibrary } from '../../cql/index.ts';
import type { Coding } from '../definition.ts';
import type { ElementCodes } from './criterion.ts';
import { aliasOf, homeOf, type Placed, resolved, within } from './elm-scope.ts';
import { titleOf } from './sentences.ts';

/** Nodes that say that an element is one of some codes. */
const memberships = new Set([
  'Equivalent',
  'Equal',
  'In',
  'InValueSet',
  'AnyInValueSet',
  'Contains',
  'Exists',
  'FunctionRef',
]);

/**
 * "Status is one of ...", "category is ...", "value is the code ...": null for a condition that says something else.
 * An `exists` over an element that repeats counts by what is asked of its repetitions.
 */
export function codesIn(linked: LinkedLibrary, condition: Placed, own: Placed): ElementCodes | null {
  if (!memberships.has(condition.node.type ?? '')) return null;
  const parts = [...within(condition)];
  if (parts.some(({ node }) => node.type === 'Or' || node.type === 'Not' || node.type === 'Retrieve')) return null;
  const paths = parts
    .filter((part) => aliasOf(part) === own)
    .map(({ node }) => String(node['path']).split('.')[0] ?? '');
  const [path] = paths;
  if (path === undefined || path === 'undefined' || paths.some((other) => other !== path)) return null;
  const codes = parts.flatMap(({ node, scope }): Coding[] => {
    if (node.type === 'CodeRef') return [codeNamed(linked, { node, scope }) ?? {}];
    return node.type === 'Literal' && /String$/.test(String(node['valueType']))
      ? [{ code: String(node['value']) }]
      : [];
  });
  const named = parts.flatMap((part) => valueSetNamed(linked, part) ?? []);
  const sets = [...new Map(named.map((set) => [set.url, set])).values()];
  if (sets.length > 1 || (codes.length === 0) === (sets.length === 0)) return null;
  const title = sets[0]?.name ?? listed(codes.map(({ display, code }) => display ?? code ?? ''));
  return { path, codes, valueSet: sets[0]?.url ?? null, title: titleOf(title) };
}

export function codeNamed(linked: LinkedLibrary, placed: Placed): (Coding & { readonly display: string }) | null {
  const { node, scope } = resolved(placed);
  const home = homeOf(linked, scope, node)?.library;
  const definition = home?.codes?.def.find(({ name }) => name === node['name']);
  if (home === undefined || definition === undefined) return null;
  const system = (definition as ElmNode)['codeSystem'];
  const name = typeof system === 'object' && system !== null && 'name' in system ? system.name : null;
  const url = home.codeSystems?.def.find((candidate) => candidate.name === name)?.id;
  const display = definition.display ?? definition.name;
  return { ...(url === undefined ? {} : { system: url }), code: definition.id, display };
}

function valueSetNamed(linked: LinkedLibrary, { node, scope }: Placed): { url: string; name: string } | null {
  const inline = node['valueset'];
  const reference =
    node.type === 'ValueSetRef'
      ? node
      : typeof inline === 'object' && inline !== null && !('type' in inline)
        ? (inline as ElmNode)
        : null;
  if (reference === null) return null;
  const home = homeOf(linked, scope, reference)?.library;
  const definition = home?.valueSets?.def.find(({ name }) => name === reference['name']);
  return definition === undefined ? null : { url: definition.id.split('|')[0] ?? definition.id, name: definition.name };
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}
