import type { ElmLibrary, ElmNode } from './elm.ts';
import { includedBy, type LinkedLibrary, libraryKey } from './link.ts';
import { evaluatedNodes, type ReachableNode, reachableNodes, referencedLibrary } from './reachable.ts';

/** A value set that expressions use. `version` null means the newest. */
export interface ValueSetRequirement {
  readonly url: string;
  readonly version: string | null;
  /** The name that the CQL gives it. */
  readonly name: string;
}

/** A code that expressions name directly. */
export interface CodeRequirement {
  readonly system: string;
  readonly code: string;
  readonly display: string | null;
}

/** What one retrieve of the ELM asks of a record (ELM Retrieve; FHIR DataRequirement). */
export interface RetrieveRequirement {
  /** `name|version` of the library that the retrieve stands in. */
  readonly library: string;
  readonly definition: string;
  readonly localId: string | null;
  readonly locator: string | null;
  /** FHIR resource type. */
  readonly resourceType: string;
  /** Canonical of the profile; null when the retrieve names none. */
  readonly profile: string | null;
  /** Element that holds the codes; null when the retrieve filters by no code. */
  readonly codeProperty: string | null;
  /** `in` a value set or list, `~` equivalent to a code, `=`, `contains`; null without a filter. */
  readonly codeComparator: string | null;
  readonly valueSet: ValueSetRequirement | null;
  readonly codes: readonly CodeRequirement[];
  /** True when the codes are computed at run time, so that `valueSet` and `codes` do not bound what matches. */
  readonly dynamicCodes: boolean;
  readonly dateProperty: string | null;
}

export interface DataRequirements {
  readonly retrieves: readonly RetrieveRequirement[];
  /** Every value set that can be looked up, by retrieves, membership tests or equivalence; each once. */
  readonly valueSets: readonly ValueSetRequirement[];
  /** Codes that are named outside retrieves or in them; each once. */
  readonly codes: readonly CodeRequirement[];
  /** FHIR types that are retrieved. */
  readonly resourceTypes: readonly string[];
  /** Names of the parameters that are read. */
  readonly parameters: readonly string[];
}

/**
 * What evaluating `definitions` of the main library can ask of a record and of terminology: followed through
 * references, functions and includes, without evaluating anything.
 * @param definitions names; null means all of the main library
 * @throws UnknownExpression
 */
export function dataRequirements(linked: LinkedLibrary, definitions: readonly string[] | null): DataRequirements {
  const retrieves: RetrieveRequirement[] = [];
  const valueSets = new Map<string, ValueSetRequirement>();
  const codes = new Map<string, CodeRequirement>();
  const parameters = new Set<string>();
  for (const reached of reachableNodes(linked, definitions)) {
    const { library, node } = reached;
    if (node.type === 'Retrieve') retrieves.push(retrieveRequirement(linked, reached));
    for (const name of valueSetNames(node)) {
      const valueSet = valueSetOf(linked, library, name);
      if (valueSet !== null) valueSets.set(`${valueSet.url}|${valueSet.version ?? ''}`, valueSet);
    }
    for (const code of codesOf(linked, library, node)) codes.set(`${code.system}|${code.code}`, code);
    if (node.type === 'ParameterRef' && typeof node['name'] === 'string') parameters.add(node['name']);
  }
  return {
    retrieves,
    valueSets: [...valueSets.values()],
    codes: [...codes.values()],
    resourceTypes: [...new Set(retrieves.map(({ resourceType }) => resourceType))],
    parameters: [...parameters],
  };
}

function retrieveRequirement(linked: LinkedLibrary, { library, definition, node }: ReachableNode): RetrieveRequirement {
  const filter = [...evaluatedNodes(node['codes'])];
  const named = filter.filter(({ type }) => type === 'ValueSetRef');
  const valueSet = named.length === 1 && named[0] !== undefined ? valueSetOf(linked, library, named[0]) : null;
  const codes = filter.flatMap((part) => codesOf(linked, library, part));
  return {
    library: libraryKey(library.library.identifier),
    definition: definition.name,
    localId: node.localId ?? null,
    locator: node.locator ?? null,
    resourceType: text(node['dataType'])?.replace(/^\{.*\}/, '') ?? '',
    profile: text(node['templateId']),
    codeProperty: text(node['codeProperty']),
    codeComparator: text(node['codeComparator']),
    valueSet,
    codes,
    dynamicCodes: named.length > 1 || filter.some(({ type }) => !staticCodeNodes.has(type ?? '')),
    dateProperty: text(node['dateProperty']),
  };
}

/** Nodes of a code filter whose value is known without evaluating. */
const staticCodeNodes = new Set([
  'ValueSetRef',
  'ExpandValueSet',
  'CodeRef',
  'ConceptRef',
  'Code',
  'Concept',
  'CodeSystemRef',
  'ToList',
  'ToConcept',
  'List',
  'Property',
]);

/** The ValueSetRefs that a node holds by itself: some operators carry one without its own `type`. */
function valueSetNames(node: ElmNode): ElmNode[] {
  if (node.type === 'ValueSetRef') return [node];
  const inline = node['valueset'];
  return isNode(inline) && inline.type === undefined ? [inline] : [];
}

function valueSetOf(linked: LinkedLibrary, library: ElmLibrary, reference: ElmNode): ValueSetRequirement | null {
  const target = referencedLibrary(linked, library, reference);
  const definition = target?.library.valueSets?.def.find(({ name }) => name === reference['name']);
  if (definition === undefined) return null;
  const [url = definition.id, version = null] = definition.id.split('|');
  return { url, version: definition.version ?? version, name: definition.name };
}

function codesOf(linked: LinkedLibrary, library: ElmLibrary, node: ElmNode): CodeRequirement[] {
  const target = referencedLibrary(linked, library, node);
  if (target === null) return [];
  if (node.type === 'CodeRef') return codeNamed(linked, target, node['name']);
  if (node.type === 'ConceptRef') {
    const concept = target.library.concepts?.def.find((def) => def['name'] === node['name']);
    const codes: readonly unknown[] = Array.isArray(concept?.['code']) ? concept['code'] : [];
    return codes.filter(isNode).flatMap((reference) => {
      const home = referencedLibrary(linked, target, reference);
      return home === null ? [] : codeNamed(linked, home, reference['name']);
    });
  }
  if (node.type === 'Code' && typeof node['code'] === 'string') {
    const system = systemOf(linked, library, node['system']);
    return system === null ? [] : [{ system, code: node['code'], display: text(node['display']) }];
  }
  return [];
}

function codeNamed(linked: LinkedLibrary, library: ElmLibrary, name: unknown): CodeRequirement[] {
  const definition = library.library.codes?.def.find((def) => def.name === name);
  if (definition === undefined) return [];
  const system = systemOf(linked, library, (definition as ElmNode)['codeSystem']);
  return system === null ? [] : [{ system, code: definition.id, display: definition.display ?? null }];
}

function systemOf(linked: LinkedLibrary, library: ElmLibrary, reference: unknown): string | null {
  if (!isNode(reference)) return null;
  const alias = reference['libraryName'];
  const target = typeof alias === 'string' ? includedBy(linked, library, alias) : library;
  return target?.library.codeSystems?.def.find(({ name }) => name === reference['name'])?.id ?? null;
}

function isNode(value: unknown): value is ElmNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
