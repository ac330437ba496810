import type { ProfileElement } from './definitions.ts';
import { isJson, list, textOf } from './json.ts';

/**
 * Finds nodes by the ids of a differential's elements: `MeasureReport.group.population.extension:linkId`. Slices of
 * extensions are told by URL; others by the discriminators of the sliced element (value, pattern, type, exists).
 */
export class ElementPaths {
  readonly #byId: ReadonlyMap<string, ProfileElement>;

  constructor(elements: readonly ProfileElement[]) {
    this.#byId = new Map(elements.map((element) => [element.id, element]));
  }

  /** All nodes that an id names, from the root of the profile. */
  select(root: unknown, id: string): readonly unknown[] {
    const end = id.lastIndexOf('.');
    if (end === -1) return [root];
    return this.select(root, id.slice(0, end)).flatMap((node) => this.children(node, id));
  }

  /** Children of a node by the last part of an id. */
  children(node: unknown, id: string): readonly unknown[] {
    if (!isJson(node)) return [];
    const [name = '', slice] = id.slice(id.lastIndexOf('.') + 1).split(':');
    const all = named(node, name);
    return slice === undefined ? all : all.filter((child) => this.isInSlice(child, id));
  }

  isInSlice(node: unknown, id: string): boolean {
    const sliced = this.#byId.get(id.slice(0, id.lastIndexOf(':')));
    const discriminators = list(sliced?.slicing?.discriminator).filter(isJson);
    if (/xtension:[^.:]*$/.test(id)) return isJson(node) && node.url === this.#extensionUrl(id);
    return discriminators.every(({ type, path }) => {
      const at = path === '$this' ? id : `${id}.${path}`;
      const found =
        path === '$this'
          ? [node]
          : String(path)
              .split('.')
              .reduce(follow, [node] as readonly unknown[]);
      if (type === 'type') {
        const types = (this.#byId.get(at)?.type ?? []).map(({ code }) => code);
        return found.some((one) => isJson(one) && types.includes(String(one.resourceType)));
      }
      if (type === 'exists') return found.length > 0 === (this.#byId.get(at)?.max !== '0');
      const expected = Object.entries(this.#byId.get(at) ?? {}).find(([key]) => /^(fixed|pattern)[A-Z]/.test(key));
      return expected === undefined || found.some((one) => matches(one, expected[1]));
    });
  }

  #extensionUrl(id: string): string {
    const fixed = textOf(this.#byId.get(`${id}.url`)?.fixedUri);
    return fixed ?? this.#byId.get(id)?.type?.[0]?.profile?.[0] ?? id.slice(id.lastIndexOf(':') + 1);
  }
}

function follow(nodes: readonly unknown[], name: string): readonly unknown[] {
  return nodes.flatMap((node) => (isJson(node) ? named(node, name) : []));
}

/** `group`; `value[x]`, which official sources also write as `value` and, once, as `value{x}`. */
function named(node: { readonly [name: string]: unknown }, name: string): readonly unknown[] {
  if (name in node) return list(node[name]);
  const choice = /^(\w+)[[{]x[\]}]$/.exec(name)?.[1] ?? (name === 'value' ? name : null);
  if (choice === null) return [];
  const property = new RegExp(`^${choice}[A-Z]`);
  return Object.keys(node).flatMap((key) => (property.test(key) ? list(node[key]) : []));
}

/** Whether the value has everything that the pattern has. A fixed value of a primitive is the same. */
export function matches(actual: unknown, expected: unknown): boolean {
  if (Array.isArray(expected))
    return expected.every((item) => list(actual).some((candidate) => matches(candidate, item)));
  if (isJson(expected))
    return isJson(actual) && Object.entries(expected).every(([key, value]) => matches(actual[key], value));
  return actual === expected;
}
