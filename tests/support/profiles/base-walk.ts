import type { ProfileElement } from './definitions.ts';
import { isJson, type Json, list } from './json.ts';

/** A node of a resource, with the element of base R4 that defines it. */
export interface TypedNode {
  readonly node: unknown;
  /** Path in the type that defines it: `MeasureReport.group.population`, `CodeableConcept.coding`, `Coding.code`. */
  readonly path: string;
  /** Name of its type: `BackboneElement`, `CodeableConcept`, `MeasureReport`. */
  readonly type: string;
  readonly element: ProfileElement;
  /** Where it is in what was walked: `MeasureReport.group[0].population[2]`. */
  readonly location: string;
  readonly parent: TypedNode | null;
  /** The resource that it is in. */
  readonly resource: Json;
}

/** All nodes of a resource and of the resources in it, from the outside in. Properties that R4 lacks are left out. */
export function* typedNodes(
  resource: Json,
  base: ReadonlyMap<string, ProfileElement>,
  location = String(resource.resourceType),
  parent: TypedNode | null = null,
): Generator<TypedNode> {
  const type = String(resource.resourceType);
  const element = base.get(type);
  if (element === undefined) return;
  const root: TypedNode = { node: resource, path: type, type, element, location, parent, resource };
  yield root;
  yield* inside(root, base);
}

function* inside(parent: TypedNode, base: ReadonlyMap<string, ProfileElement>): Generator<TypedNode> {
  if (!isJson(parent.node)) return;
  for (const [name, value] of Object.entries(parent.node)) {
    const found = definitionOf(parent, name, base);
    if (found === null) continue;
    for (const [index, node] of list(value).entries()) {
      const location = `${parent.location}.${name}${Array.isArray(value) ? `[${index}]` : ''}`;
      if (isJson(node) && typeof node.resourceType === 'string') {
        yield* typedNodes(node, base, location, parent);
        continue;
      }
      const typed: TypedNode = { node, ...found, location, parent, resource: parent.resource };
      yield typed;
      yield* inside(typed, base);
    }
  }
}

function definitionOf(
  { path, type }: TypedNode,
  name: string,
  base: ReadonlyMap<string, ProfileElement>,
): Pick<TypedNode, 'element' | 'path' | 'type'> | null {
  for (const owner of new Set([path, type])) {
    const exact = base.get(`${owner}.${name}`);
    if (exact !== undefined) return resolved(exact, base);
    for (let end = name.length - 1; end > 0; end -= 1) {
      const choice = base.get(`${owner}.${name.slice(0, end)}[x]`);
      if (choice === undefined) continue;
      const code = choice.type?.find((one) => one.code.toLowerCase() === name.slice(end).toLowerCase())?.code;
      return code === undefined ? null : { element: choice, path: choice.path, type: code };
    }
  }
  return null;
}

/** The children of an element with a contentReference (`#MeasureReport.group.population`) are those of the other. */
function resolved(
  element: ProfileElement,
  base: ReadonlyMap<string, ProfileElement>,
): Pick<TypedNode, 'element' | 'path' | 'type'> {
  const reference = typeof element.contentReference === 'string' ? element.contentReference.slice(1) : null;
  const target = reference === null ? undefined : base.get(reference);
  const { path } = target ?? element;
  return { element, path, type: (target ?? element).type?.[0]?.code ?? 'Element' };
}
