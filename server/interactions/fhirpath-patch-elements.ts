import { type InternalSchemaElement, tryGetDataType } from '@medplum/core';
import { indexTypes } from '../search/definitions.ts';

/** An element as its definition has it. */
export interface PatchedElement {
  /** Property without the type of a choice: `value` of Observation.value[x]. */
  readonly name: string;
  readonly isChoice: boolean;
  readonly isList: boolean;
  /** Type codes; a backbone element's is the name that @medplum/core gives it, such as PatientContact. */
  readonly types: readonly string[];
}

/**
 * The definition of the element that a path of properties leads to; list positions say nothing.
 *
 * @returns null when R4 has no such element
 */
export function elementAt(resourceType: string, path: readonly (string | number)[]): PatchedElement | null {
  indexTypes([resourceType]);
  let type: string | undefined = resourceType;
  let element: PatchedElement | null = null;
  for (const name of path) {
    if (typeof name === 'number') continue;
    element = type === undefined ? null : elementOf(type, name);
    if (element === null) return null;
    type = element.isChoice
      ? element.types.find((code) => name === element?.name + capitalised(code))
      : element.types[0];
  }
  return element;
}

/** An element of a type by property name; a choice by `value` as well as by `valueString`. */
export function elementOf(type: string, property: string): PatchedElement | null {
  const elements = tryGetDataType(type)?.elements ?? {};
  const direct = Object.hasOwn(elements, property) ? elements[property] : undefined;
  if (direct !== undefined) return facts(property, false, direct);
  for (const [key, element] of Object.entries(elements)) {
    if (!key.endsWith('[x]')) continue;
    const name = key.slice(0, -3);
    const forms = element.type.map(({ code }) => name + capitalised(code));
    if (property === name || forms.includes(property)) return facts(name, true, element);
  }
  return null;
}

/** The property that a value of a type goes to: `valueString` for the choice `value`. */
export function propertyFor({ name, isChoice }: PatchedElement, valueType: string): string {
  return isChoice ? name + valueType : name;
}

function facts(name: string, isChoice: boolean, { isArray, max, type }: InternalSchemaElement): PatchedElement {
  return { name, isChoice, isList: isArray === true || max > 1, types: type.map(({ code }) => code) };
}

function capitalised(code: string): string {
  return code.charAt(0).toUpperCase() + code.slice(1);
}
