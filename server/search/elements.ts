import type { ElementDefinition } from '@medplum/fhirtypes';
import { once } from './once.ts';
import { structureDefinitions } from './structure-definitions.ts';

/** One JSON property that an element may appear as: `valueQuantity` of type Quantity for Observation.value[x]. */
export interface ElementForm {
  readonly property: string;
  /** A data type, a resource type, or the path of a backbone element, such as `Observation.component`. */
  readonly type: string;
}

export interface ElementFacts {
  readonly forms: readonly ElementForm[];
  readonly summary: boolean;
  readonly mandatory: boolean;
  /** More than one value is allowed: JSON has an array. */
  readonly repeats: boolean;
  /** Resource types that its references may point to; empty for any. */
  readonly targets: readonly string[];
}

/** FHIRPath's own type of ids and of the values of primitives, as the definitions write it. */
const systemType = /^http:\/\/hl7\.org\/fhirpath\/System\./;

const table = once(() => {
  const elements = new Map<string, Map<string, ElementFacts>>();
  for (const { snapshot } of structureDefinitions()) {
    for (const element of snapshot?.element ?? []) addElement(elements, element);
  }
  return elements;
});

/** Elements of a type, by name without `[x]`: of a data type, a resource type, or a backbone element by its path. */
export function elementsOf(type: string): ReadonlyMap<string, ElementFacts> {
  return table().get(type) ?? new Map();
}

function addElement(elements: Map<string, Map<string, ElementFacts>>, element: ElementDefinition): void {
  const path = element.path;
  const dot = path.lastIndexOf('.');
  if (dot === -1) return;
  const owner = path.slice(0, dot);
  const name = path.slice(dot + 1).replace('[x]', '');
  const siblings = elements.get(owner) ?? new Map<string, ElementFacts>();
  elements.set(owner, siblings);
  if (siblings.has(name)) return; // profiles on data types (SimpleQuantity) repeat the paths of their base
  siblings.set(name, {
    forms: formsOf(element, name),
    summary: element.isSummary === true,
    mandatory: (element.min ?? 0) > 0,
    repeats: element.max !== '0' && element.max !== '1',
    targets: targetsOf(element),
  });
}

function formsOf(element: ElementDefinition, name: string): ElementForm[] {
  if (element.contentReference !== undefined) {
    return [{ property: name, type: element.contentReference.replace(/^.*#/, '') }];
  }
  const choice = element.path.endsWith('[x]');
  return (element.type ?? []).map(({ code = '' }) => {
    if (systemType.test(code)) return { property: name, type: 'string' };
    if (code === 'BackboneElement' || code === 'Element') return { property: name, type: element.path };
    return { property: choice ? name + code.charAt(0).toUpperCase() + code.slice(1) : name, type: code };
  });
}

function targetsOf(element: ElementDefinition): string[] {
  const profiles = element.type?.flatMap((type) => type.targetProfile ?? []) ?? [];
  const names = profiles.map((profile) => profile.slice(profile.lastIndexOf('/') + 1));
  return names.includes('Resource') ? [] : [...new Set(names)];
}
