import type { CodeSystemDefinition, Concept, Filter } from './definitions.ts';

interface Node {
  readonly concept: Concept;
  readonly parents: Set<string>;
}

/** The concepts of a code system, flattened: nesting and the properties parent, child and subsumedBy give the hierarchy. */
function nodes(codeSystem: CodeSystemDefinition): Map<string, Node> {
  const found = new Map<string, Node>();
  const visit = (concepts: readonly Concept[], parent: string | null): void => {
    for (const concept of concepts) {
      const node = found.get(concept.code) ?? { concept, parents: new Set<string>() };
      found.set(concept.code, node);
      if (parent !== null) node.parents.add(parent);
      visit(concept.concept ?? [], concept.code);
    }
  };
  visit(codeSystem.concept ?? [], null);
  for (const [code, { concept, parents }] of found) {
    for (const property of concept.property ?? []) {
      const other = propertyValue(property);
      if (property.code === 'parent' || property.code === 'subsumedBy') parents.add(other);
      if (property.code === 'child') found.get(other)?.parents.add(code);
    }
  }
  return found;
}

function propertyValue(property: { readonly [value: string]: unknown }): string {
  const [, value] = Object.entries(property).find(([key]) => key.startsWith('value')) ?? [];
  return typeof value === 'object' && value !== null && 'code' in value ? String(value.code) : String(value);
}

/**
 * Codes of a complete code system that meet all filters; all codes when there are none (FHIR R4, filter-operator).
 *
 * @returns a sentence instead when a filter's operator is not supported
 */
export function selectCodes(codeSystem: CodeSystemDefinition, filters: readonly Filter[]): readonly string[] | string {
  const all = nodes(codeSystem);
  const isA = (code: string, ancestor: string, seen = new Set<string>()): boolean => {
    if (code === ancestor) return true;
    if (seen.has(code)) return false;
    seen.add(code);
    return [...(all.get(code)?.parents ?? [])].some((parent) => isA(parent, ancestor, seen));
  };
  const values = (node: Node, property: string): string[] =>
    property === 'code' || property === 'concept'
      ? [node.concept.code]
      : (node.concept.property ?? []).filter((p) => p.code === property).map(propertyValue);
  const operators: Record<string, (node: Node, filter: Filter) => boolean> = {
    '=': (node, { property, value }) => values(node, property).includes(value),
    in: (node, { property, value }) => values(node, property).some((v) => value.split(',').includes(v)),
    'not-in': (node, { property, value }) => !values(node, property).some((v) => value.split(',').includes(v)),
    exists: (node, { property, value }) => values(node, property).length > 0 === (value === 'true'),
    'is-a': (node, { value }) => isA(node.concept.code, value),
    'descendent-of': (node, { value }) => node.concept.code !== value && isA(node.concept.code, value),
    'is-not-a': (node, { value }) => !isA(node.concept.code, value),
    generalizes: (node, { value }) => isA(value, node.concept.code),
  };
  const unknown = filters.find((filter) => !Object.hasOwn(operators, filter.op));
  if (unknown !== undefined) return `the filter operator ${unknown.op} is not supported`;
  return [...all.values()]
    .filter((node) => filters.every((filter) => operators[filter.op]?.(node, filter) === true))
    .map((node) => node.concept.code);
}
