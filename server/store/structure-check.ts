import { type InternalSchemaElement, tryGetDataType } from '@medplum/core';
import { indexTypes, isResourceType } from '../search/definitions.ts';
import { perKey } from '../search/once.ts';
import { invariants, type StructureCheck, settled } from './structure-invariants.ts';
import { primitives } from './structure-primitives.ts';

/**
 * Is the resource valid beyond doubt? A quick look that says yes to nearly all real data: known elements, cardinality,
 * types, formats, and those invariants that it knows. No means only that @medplum/core, thirty times slower, must say
 * what is wrong, if anything. It must never say yes to what that would refuse.
 *
 * @param resource plain JSON of a type that @medplum/core has been told of
 */
export function isPlainlyValid(resource: { readonly resourceType: string }): boolean {
  return checkOf(resource.resourceType)(resource, resource);
}

const never: StructureCheck = () => false;

const checkOf = perKey((type: string): StructureCheck => primitives[type] ?? complex(type));

interface Property {
  readonly check: StructureCheck;
  /** Position of the required element that it satisfies; -1 for none. */
  readonly required: number;
  /** Position of the element that it is one choice of; -1 for none. */
  readonly choice: number;
}

function complex(type: string): StructureCheck {
  const schema = tryGetDataType(type);
  if (schema === undefined || type === 'Resource' || type === 'DomainResource') return never;
  const rules = invariantsOf(schema.constraints ?? []);
  const properties = new Map<string, Property>();
  let required = 0;
  let choices = 0;
  for (const [name, element] of Object.entries(schema.elements)) {
    const stem = name.replace('[x]', '');
    const isChoice = stem !== name;
    const place = {
      required: element.min > 0 ? required++ : -1,
      choice: isChoice && element.type.length > 1 ? choices++ : -1,
    };
    for (const { code } of element.type) {
      const property = isChoice ? stem + code.charAt(0).toUpperCase() + code.slice(1) : stem;
      properties.set(property, { ...place, check: elementCheck(code, name, element) });
      // A choice's or a list's extensions are for @medplum/core to match with their values.
      if (code in primitives && !isChoice && !element.isArray)
        properties.set(`_${property}`, { check: primitiveExtension, required: -1, choice: -1 });
    }
  }
  return (value, root) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    let count = 0;
    let given = 0;
    let chosen = 0;
    for (const key in value) {
      const item: unknown = Reflect.get(value, key);
      if (key === 'resourceType') {
        if (item !== type) return false;
        continue;
      }
      const property = properties.get(key);
      if (property === undefined || !property.check(item, root)) return false;
      if (property.required >= 0) given |= 1 << property.required;
      if (property.choice >= 0) {
        if ((chosen & (1 << property.choice)) !== 0) return false;
        chosen |= 1 << property.choice;
      }
      if (key !== 'id') count += 1;
    }
    return count > 0 && given === 2 ** required - 1 && rules.every((rule) => rule(value, root));
  };
}

function elementCheck(code: string, name: string, element: InternalSchemaElement): StructureCheck {
  if (element.fixed !== undefined || element.pattern !== undefined || element.slicing !== undefined) return never;
  const rules = invariantsOf(element.constraints ?? []);
  if (rules.includes(never)) return never;
  const ofType: StructureCheck =
    code !== 'Resource' ? (value, root) => checkOf(code)(value, root) : name === 'contained' ? isContained : never;
  const check: StructureCheck =
    rules.length === 0 ? ofType : (value, root) => ofType(value, root) && rules.every((rule) => rule(value, root));
  if (!element.isArray) return element.max >= 1 ? check : never;
  const { min, max } = element;
  return (value, root) => {
    if (!Array.isArray(value) || value.length === 0 || value.length < min || value.length > max) return false;
    for (const item of value) if (!check(item, root)) return false;
    return true;
  };
}

/** Valid by itself, with nothing contained in it and no version or security of its own (dom-2, dom-4, dom-5). */
const isContained: StructureCheck = (value, root) => {
  if (typeof value !== 'object' || value === null || 'contained' in value) return false;
  const type: unknown = Reflect.get(value, 'resourceType');
  if (typeof type !== 'string' || !isResourceType(type)) return false;
  const meta: unknown = Reflect.get(value, 'meta');
  if (typeof meta === 'object' && meta !== null)
    if ('versionId' in meta || 'lastUpdated' in meta || 'security' in meta) return false;
  indexTypes([type]);
  return checkOf(type)(value, root);
};

/** `_birthDate`: extensions, and maybe an id, beside the value of a primitive. */
const primitiveExtension: StructureCheck = (value, root) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  for (const key in value) if (key !== 'id' && key !== 'extension') return false;
  if ('id' in value && !checkOf('string')(value.id, root)) return false;
  if (!('extension' in value) || !Array.isArray(value.extension) || value.extension.length === 0) return false;
  return value.extension.every((extension) => checkOf('Extension')(extension, root));
};

interface Constraint {
  readonly key: string;
  readonly severity: string;
}

function invariantsOf(constraints: readonly Constraint[]): StructureCheck[] {
  return constraints
    .filter(({ key, severity }) => severity === 'error' && !settled.has(key))
    .map(({ key }) => invariants[key] ?? never);
}
