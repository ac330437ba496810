import { elementsOf } from '../search/elements.ts';

/**
 * The FHIR type of an element by its path, `['Patient', 'contact', 'name', 'family']` → `string`; null for what the R4
 * definitions don't have.
 */
export function elementType(path: readonly string[]): string | null {
  let type: string | null = path[0] ?? null;
  for (const name of path.slice(1)) {
    if (type === null) return null;
    type = typeOfProperty(type, name);
  }
  return type;
}

function typeOfProperty(type: string, property: string): string | null {
  const elements = elementsOf(type);
  const direct = elements.get(property)?.forms[0];
  if (direct?.property === property) return direct.type;
  for (const { forms } of elements.values()) {
    const form = forms.length > 1 ? forms.find((candidate) => candidate.property === property) : undefined;
    if (form !== undefined) return form.type;
  }
  return null;
}
