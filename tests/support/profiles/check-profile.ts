import { keepsBinding } from './codes.ts';
import type { Definitions, Profile, ProfileElement } from './definitions.ts';
import { ElementPaths, matches } from './element-path.ts';
import { brokenInvariants } from './invariants.ts';
import { isJson, type Json, lastPart, list, textOf } from './json.ts';

/** Issues of a resource or an extension against the differential of one profile. Base R4 is not part of it. */
export function checkProfile(root: Json, resource: Json, profile: Profile, definitions: Definitions): string[] {
  const paths = new ElementPaths(profile.differential.element);
  return profile.differential.element.flatMap((element) => {
    const nodes = paths.select(root, element.id);
    const problems = [
      ...cardinality(root, element, paths),
      ...fixedValues(nodes, element),
      ...types(root, element, paths),
      ...targets(nodes, element, definitions),
      ...binding(nodes, element, definitions),
      ...nodes.flatMap((node) => brokenInvariants(node, resource, element)),
      ...closedSlices(nodes, element, profile, paths),
    ];
    return problems.map((problem) => `${lastPart(profile.url)} ${element.id}: ${problem}`);
  });
}

function parentsOf(root: Json, { id }: ProfileElement, paths: ElementPaths): readonly unknown[] {
  const end = id.lastIndexOf('.');
  return end === -1 ? [] : paths.select(root, id.slice(0, end));
}

function cardinality(root: Json, element: ProfileElement, paths: ElementPaths): string[] {
  const { id, min = 0, max = '*' } = element;
  return parentsOf(root, element, paths).flatMap((parent) => {
    const count = paths.children(parent, id).length;
    if (count < Number(min)) return [`${count} < min ${min}`];
    return max !== '*' && count > Number(max) ? [`${count} > max ${max}`] : [];
  });
}

function fixedValues(nodes: readonly unknown[], element: ProfileElement): string[] {
  return Object.entries(element).flatMap(([key, expected]) => {
    if (!/^(fixed|pattern)[A-Z]/.test(key)) return [];
    return nodes.filter((node) => !matches(node, expected)).map((node) => `${JSON.stringify(node)} is not the ${key}`);
  });
}

/** A choice that is restricted to some types: the property that is there has to be one of them. */
function types(root: Json, element: ProfileElement, paths: ElementPaths): string[] {
  const choice = /(?:^|\.)(\w+)[[{]x[\]}]$/.exec(element.id)?.[1];
  const allowed = (element.type ?? []).map(({ code }) => code.toLowerCase());
  if (choice === undefined || allowed.length === 0) return [];
  return parentsOf(root, element, paths).flatMap((parent) =>
    Object.keys(isJson(parent) ? parent : {}).flatMap((key) => {
      const type = key.startsWith(choice) && /^[A-Z]/.test(key.slice(choice.length)) ? key.slice(choice.length) : null;
      return type === null || allowed.includes(type.toLowerCase()) ? [] : [`${key} is of no type that is allowed`];
    }),
  );
}

function targets(nodes: readonly unknown[], { type = [] }: ProfileElement, { profiles }: Definitions): string[] {
  const urls = type.flatMap(({ targetProfile }) => list(targetProfile).map(String));
  const allowed = urls.map((url) => profiles.get(url)?.type ?? lastPart(url));
  if (urls.length === 0 || allowed.includes('Resource')) return [];
  return nodes.flatMap((node) => {
    const reference = isJson(node) ? textOf(node.reference) : null;
    if (reference === null || reference.startsWith('#')) return [];
    return allowed.includes(reference.split('/').at(-2) ?? '') ? [] : [`refers to ${reference}`];
  });
}

function binding(nodes: readonly unknown[], element: ProfileElement, definitions: Definitions): string[] {
  const { strength, valueSet } = element.binding ?? {};
  if (strength === undefined || valueSet === undefined || strength === 'example') return [];
  return nodes
    .filter((node) => keepsBinding(node, strength, valueSet, definitions) === false)
    .map((node) => `${JSON.stringify(node)} is not in ${valueSet} (${strength})`);
}

function closedSlices(nodes: readonly unknown[], element: ProfileElement, profile: Profile, paths: ElementPaths) {
  if (element.slicing?.rules !== 'closed') return [];
  const slices = profile.differential.element.filter(({ id }) => id.startsWith(`${element.id}:`) && !/:.*\./.test(id));
  return nodes
    .filter((node) => !slices.some(({ id }) => paths.isInSlice(node, id)))
    .map((node) => `${JSON.stringify(node)} is in no slice`);
}
