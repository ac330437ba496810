import fhirpath from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4';
import type { FhirResource } from '../../cql/index.ts';
import { InvalidRequest, PatchFailed } from '../store/errors.ts';
import { plain } from '../store/exact-json.ts';
import { elementAt, propertyFor } from './fhirpath-patch-elements.ts';
import { type Parts, patchValue, readParts } from './fhirpath-patch-parameters.ts';
import { withinTime } from './within-time.ts';

type Tree = Record<string, unknown>;
/** Property names and list positions from the resource down. */
type Path = readonly (string | number)[];

/** An operation takes one or two: a patch that takes this long has a path that was made to. */
const milliseconds = 500;

/**
 * FHIRPath Patch (R4 fhirpatch.html) as a function on a resource's tree: add, insert, delete, replace, move.
 *
 * @throws InvalidRequest when the Parameters are not a patch; the returned function throws PatchFailed when an
 *   operation does not fit the resource, PatchTooCostly when they take too long
 */
export function fhirPathPatch(parameters: FhirResource): (resource: FhirResource) => FhirResource {
  const operations = readParts(parameters);
  return (resource) =>
    withinTime(milliseconds, () => {
      for (const [index, parts] of operations.entries()) {
        const fail = (reason: string): never => {
          throw new PatchFailed(`Operation ${index} (${parts.type} ${parts.path}): ${reason}`, [
            `Parameters.parameter[${index}]`,
          ]);
        };
        apply[parts.type](resource, parts, fail);
      }
      return resource;
    });
}

type Fail = (reason: string) => never;

const apply: Readonly<Record<Parts['type'], (resource: FhirResource, parts: Parts, fail: Fail) => void>> = {
  add(resource, parts, fail) {
    const path = only(select(resource, parts.path), fail);
    const target = at(resource, path);
    if (!isTree(target)) return fail('the path does not lead to an element that has elements');
    const name = parts.name ?? fail('the part "name" is missing');
    const element = elementAt(resource.resourceType, [...path, name]);
    if (element === null) return fail(`there is no element ${name}`);
    const property = propertyFor(element, parts.valueType);
    const value = patchValue(parts, element);
    const existing = target[property];
    if (element.isList) target[property] = Array.isArray(existing) ? [...existing, value] : [value];
    else if (existing === undefined) target[property] = value;
    else fail(`${name} is there already and cannot repeat: use replace`);
  },

  insert(resource, parts, fail) {
    const { list, element } = listAt(resource, parts, fail);
    const index = position(parts.index, list.length, 'index', fail);
    list.splice(index, 0, patchValue(parts, element));
  },

  delete(resource, parts, fail) {
    const found = select(resource, parts.path);
    if (found.length > 1) fail('the path leads to several elements: delete one at a time');
    const [path] = found;
    if (path !== undefined) remove(resource, path);
  },

  replace(resource, parts, fail) {
    const path = only(select(resource, parts.path), fail);
    const element = elementAt(resource.resourceType, path);
    if (element === null) return fail('the path does not lead to an element');
    const value = patchValue(parts, element);
    const parent = at(resource, path.slice(0, -1));
    const key = path.at(-1);
    if (Array.isArray(parent) && typeof key === 'number') parent[key] = value;
    else if (isTree(parent) && typeof key === 'string') {
      const property = propertyFor(element, parts.valueType);
      if (property !== key) remove(resource, path);
      parent[property] = value;
    } else fail('the resource itself cannot be replaced');
  },

  move(resource, parts, fail) {
    const { list } = listAt(resource, parts, fail);
    const source = position(parts.source, list.length - 1, 'source', fail);
    const destination = position(parts.destination, list.length - 1, 'destination', fail);
    list.splice(destination, 0, ...list.splice(source, 1));
  },
};

/** Paths of the elements that a FHIRPath selects. @throws InvalidRequest */
function select(resource: FhirResource, expression: string): Path[] {
  let nodes: unknown[];
  try {
    const found: unknown = fhirpath.evaluate(plain(resource), expression, {}, r4, { resolveInternalTypes: false });
    nodes = Array.isArray(found) ? found : [];
  } catch {
    throw new InvalidRequest('The part "path" is not a FHIRPath that can be evaluated', ['Parameters.parameter.part']);
  }
  return nodes.map((node) => withChoices(resource, pathOf(node as ResourceNode)));
}

interface ResourceNode {
  readonly parentResNode: ResourceNode | null;
  readonly propName: string | null;
  readonly index: number | null | undefined;
}

function pathOf(node: ResourceNode | null): Path {
  if (typeof node !== 'object' || node === null || !('parentResNode' in node)) {
    throw new InvalidRequest('The part "path" computes a value: it must lead to an element of the resource');
  }
  if (node.parentResNode === null || node.propName === null) return [];
  const own = typeof node.index === 'number' ? [node.propName, node.index] : [node.propName];
  return [...pathOf(node.parentResNode), ...own];
}

/** FHIRPath says `value` where the JSON says `valueQuantity`. */
function withChoices(resource: FhirResource, path: Path): Path {
  let node: unknown = resource;
  return path.map((key) => {
    if (typeof node !== 'object' || node === null) return key;
    const isForm = (property: string): boolean =>
      property.startsWith(String(key)) && /^[A-Z]/.test(property.slice(String(key).length));
    const property = key in node ? key : (Object.keys(node).find(isForm) ?? key);
    node = Reflect.get(node, property);
    return property;
  });
}

function only(paths: readonly Path[], fail: Fail): Path {
  const [path] = paths;
  if (path === undefined || paths.length > 1) return fail(`the path leads to ${paths.length} elements, not to one`);
  return path;
}

/** The list that a path leads to: by its elements. */
function listAt(resource: FhirResource, parts: Parts, fail: Fail) {
  const [first] = select(resource, parts.path);
  if (first === undefined) return fail('the path leads to nothing: use add for the first element');
  const path = typeof first.at(-1) === 'number' ? first.slice(0, -1) : first;
  const list = at(resource, path);
  const element = elementAt(resource.resourceType, path);
  if (!Array.isArray(list) || element === null) return fail('the path does not lead to a list');
  return { list, element };
}

function position(given: number | null, last: number, part: string, fail: Fail): number {
  if (given === null || !Number.isInteger(given) || given < 0 || given > last) {
    return fail(`"${part}" must be a whole number from 0 to ${last}`);
  }
  return given;
}

function at(resource: FhirResource, path: Path): unknown {
  let value: unknown = resource;
  for (const key of path) value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return value;
}

/** FHIR has no empty lists and no empty objects: what becomes empty goes too, and with a primitive its extensions. */
function remove(resource: FhirResource, path: Path): void {
  const parentPath = path.slice(0, -1);
  const parent = at(resource, parentPath);
  const key = path.at(-1);
  if (Array.isArray(parent) && typeof key === 'number') parent.splice(key, 1);
  else if (isTree(parent) && typeof key === 'string') {
    delete parent[key];
    delete parent[`_${key}`];
  }
  const isEmpty = typeof parent === 'object' && parent !== null && Object.keys(parent).length === 0;
  if (isEmpty && parentPath.length > 0) remove(resource, parentPath);
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
