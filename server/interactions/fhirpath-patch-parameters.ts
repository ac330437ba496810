import type { FhirResource } from '../../cql/index.ts';
import { InvalidRequest } from '../store/errors.ts';
import { elementOf, type PatchedElement, propertyFor } from './fhirpath-patch-elements.ts';

/** One operation of a FHIRPath Patch, its parts by name. */
export interface Parts {
  readonly type: 'add' | 'insert' | 'delete' | 'replace' | 'move';
  readonly path: string;
  readonly name: string | null;
  readonly index: number | null;
  readonly source: number | null;
  readonly destination: number | null;
  /** The part `value`; null when there is none. */
  readonly value: Part | null;
  /** Type of the value as choices write it: `String` of valueString; '' for a value made of parts. */
  readonly valueType: string;
}

interface Part {
  readonly name: string;
  readonly part: readonly Part[];
  /** `value[x]` as the property is called, and what it holds. */
  readonly property: string | null;
  readonly content: unknown;
}

const types = ['add', 'insert', 'delete', 'replace', 'move'] as const;

/** @throws InvalidRequest when the Parameters are not a FHIRPath Patch */
export function readParts(parameters: FhirResource): readonly Parts[] {
  const given = listOf(parameters.parameter);
  if (given.length === 0) throw new InvalidRequest('A FHIRPath Patch needs at least one parameter "operation"');
  return given.map((item, index) => {
    const operation = readPart(item);
    if (operation.name !== 'operation') throw new InvalidRequest(`Parameter ${index} must be called "operation"`);
    const part = (name: string): Part | null => operation.part.find((candidate) => candidate.name === name) ?? null;
    const number = (name: string): number | null => {
      const content = part(name)?.content;
      return typeof content === 'number' ? content : null;
    };
    const text = (name: string): string | null => {
      const content = part(name)?.content;
      return typeof content === 'string' ? content : null;
    };
    const type = types.find((known) => known === text('type'));
    const path = text('path');
    if (type === undefined) throw new InvalidRequest(`Operation ${index} needs the part "type": ${types.join(', ')}`);
    if (path === null) throw new InvalidRequest(`Operation ${index} needs the part "path"`);
    const value = part('value');
    if (value === null && ['add', 'insert', 'replace'].includes(type)) {
      throw new InvalidRequest(`Operation ${index} (${type}) needs the part "value"`);
    }
    return {
      type,
      path,
      name: text('name'),
      index: number('index'),
      source: number('source'),
      destination: number('destination'),
      value,
      valueType: value?.property?.slice('value'.length) ?? '',
    };
  });
}

/**
 * The value of an operation: its value[x], or an object made of its parts, for elements whose type has no value[x].
 *
 * @throws InvalidRequest when a part is not an element of the type
 */
export function patchValue({ value }: Parts, element: PatchedElement): unknown {
  if (value === null) throw new InvalidRequest('The part "value" is missing');
  return build(value, element);
}

function build({ name, part, property, content }: Part, element: PatchedElement): unknown {
  if (property !== null) return content;
  if (part.length === 0) throw new InvalidRequest(`The part "${name}" has neither a value nor parts`);
  const built: Record<string, unknown> = {};
  for (const child of part) {
    const inner = element.types.map((type) => elementOf(type, child.name)).find((found) => found !== null);
    if (inner === undefined || inner === null) throw new InvalidRequest(`There is no element "${child.name}" here`);
    const key = propertyFor(inner, child.property?.slice('value'.length) ?? '');
    const value = build(child, inner);
    if (inner.isList) built[key] = [...listOf(built[key]), value];
    else built[key] = value;
  }
  return built;
}

function readPart(item: unknown): Part {
  if (typeof item !== 'object' || item === null) throw new InvalidRequest('A parameter must be an object');
  const entries = Object.entries(item);
  const name: unknown = Reflect.get(item, 'name');
  const [property = null, content = null] = entries.find(([key]) => /^value[A-Z]/.test(key)) ?? [];
  return {
    name: typeof name === 'string' ? name : '',
    part: listOf(Reflect.get(item, 'part')).map(readPart),
    property,
    content,
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
