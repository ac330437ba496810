import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** How one JSON property of a class is read. */
export interface FhirProperty {
  readonly json: string;
  /** Where a primitive's id and extensions are. */
  readonly sibling: string;
  /** CQL system type of the value (`value` of primitives, `id` of elements); null for FHIR types. */
  readonly system: string | null;
  /** FHIR type of the value, or of each value of a list; null for system types. */
  readonly type: FhirType | null;
  readonly list: boolean;
}

/** A class of the FHIR 4.0.1 model info: a resource, a datatype, a primitive, a backbone element or a bound code. */
export interface FhirType {
  /** Name without model: `Encounter`, `Encounter.Location`, `dateTime`. */
  readonly name: string;
  readonly resource: boolean;
  /** Null unless the class is a primitive: then the system type of its `value`. */
  readonly primitive: string | null;
  /** Names of the class and of all that it derives from. */
  readonly ancestors: ReadonlySet<string>;
  /** Nothing derives from it, so a value of this static type is exactly of it. */
  readonly leaf: boolean;
  /** Names of all elements, own and inherited. */
  readonly elements: readonly string[];
  /** The properties that may hold an element: one, or one for each type of a choice; empty when there is no such element. */
  properties(element: string): readonly FhirProperty[];
}

/** FHIR 4.0.1. */
export interface FhirModel {
  /** @param name `Encounter`, without model; null when FHIR has no such class */
  type(name: string): FhirType | null;
}

interface RawElement {
  readonly name: string;
  readonly types: readonly string[];
  readonly choice: boolean;
  readonly list: boolean;
}

interface RawType {
  readonly name: string;
  readonly base: string | null;
  readonly elements: readonly RawElement[];
}

/** Reads the model info that cql-exec-fhir carries. A few milliseconds: classes are described when first asked for. */
export function readFhirModel(): FhirModel {
  const path = createRequire(import.meta.url).resolve('cql-exec-fhir/lib/modelInfos/fhir-modelinfo-4.0.1.xml');
  const raw = new Map(rawTypes(readFileSync(path, 'utf8')).map((type) => [type.name, type]));
  const bases = new Set([...raw.values()].map(({ base }) => base));
  const described = new Map<string, FhirType | null>();
  const model: FhirModel = {
    type(name) {
      const known = described.get(name);
      if (known !== undefined) return known;
      const found = raw.get(name);
      const made = found === undefined ? null : describe(found, raw, model, !bases.has(name));
      described.set(name, made);
      return made;
    },
  };
  return model;
}

function rawTypes(xml: string): RawType[] {
  return [...xml.matchAll(/<typeInfo\b([^>]*?)(?:\/>|>([\s\S]*?)<\/typeInfo>)/g)].map(
    ([, attributes = '', body = '']) => ({
      name: attribute(attributes, 'name') ?? '',
      base: attribute(attributes, 'baseType')?.replace(/^FHIR\./, '') ?? null,
      elements: [...body.matchAll(/<element\b([^>]*?)(?:\/>|>([\s\S]*?)<\/element>)/g)].map(
        ([, own = '', inner = '']) => rawElement(attribute(own, 'name') ?? '', attribute(own, 'elementType'), inner),
      ),
    }),
  );
}

function rawElement(name: string, type: string | null, inner: string): RawElement {
  if (type !== null) return { name, types: [type], choice: false, list: false };
  const choices = [...inner.matchAll(/<choice\b([^>]*)>/g)].map(
    ([, own = '']) => `${attribute(own, 'namespace')}.${attribute(own, 'name')}`,
  );
  if (choices.length > 0) return { name, types: choices, choice: true, list: false };
  const listed = attribute(/<elementTypeSpecifier\b([^>]*)>/.exec(inner)?.[1] ?? '', 'elementType');
  return { name, types: listed === null ? [] : [listed], choice: false, list: true };
}

function attribute(attributes: string, name: string): string | null {
  return new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1] ?? null;
}

function describe(own: RawType, raw: ReadonlyMap<string, RawType>, model: FhirModel, leaf: boolean): FhirType {
  const lineage: RawType[] = [];
  for (let at: RawType | undefined = own; at !== undefined; at = at.base === null ? undefined : raw.get(at.base))
    lineage.push(at);
  const elements = new Map<string, RawElement>();
  for (const { elements: declared } of lineage)
    for (const element of declared) if (!elements.has(element.name)) elements.set(element.name, element);
  const properties = new Map<string, readonly FhirProperty[]>();
  const ancestors = new Set(lineage.map(({ name }) => name));
  return {
    name: own.name,
    resource: ancestors.has('Resource'),
    primitive: primitiveOf(own, elements),
    ancestors,
    leaf,
    elements: [...elements.keys()],
    properties(element) {
      const known = properties.get(element);
      if (known !== undefined) return known;
      const made = propertiesOf(element, elements, model);
      properties.set(element, made);
      return made;
    },
  };
}

/** Primitives start with a small letter; codes bound to a value set are classes with nothing but a `value`. */
function primitiveOf({ name, base, elements: own }: RawType, elements: ReadonlyMap<string, RawElement>): string | null {
  const bound =
    base === 'Element' && own.length === 1 && own[0]?.name === 'value' && own[0].types[0] === 'System.String';
  if (!bound && name.charAt(0) !== name.charAt(0).toLowerCase()) return null;
  return elements.get('value')?.types[0]?.replace(/^System\./, '') ?? 'String';
}

function propertiesOf(element: string, elements: ReadonlyMap<string, RawElement>, model: FhirModel): FhirProperty[] {
  const found = elements.get(element);
  if (found !== undefined) return expanded(found, model);
  for (const choice of elements.values())
    if (choice.choice && element.startsWith(choice.name)) {
      const explicit = expanded(choice, model).filter(({ json }) => json === element);
      if (explicit.length > 0) return explicit;
    }
  return [];
}

function expanded({ name, types, choice, list }: RawElement, model: FhirModel): FhirProperty[] {
  return types.map((qualified) => {
    const [space, type = ''] = [
      qualified.slice(0, qualified.indexOf('.')),
      qualified.slice(qualified.indexOf('.') + 1),
    ];
    const suffix = type === 'SimpleQuantity' ? 'Quantity' : type;
    const json = choice ? `${name}${suffix.charAt(0).toUpperCase()}${suffix.slice(1)}` : name;
    const system = space === 'System' ? type : null;
    return { json, sibling: `_${json}`, system, type: system === null ? model.type(type) : null, list };
  });
}
