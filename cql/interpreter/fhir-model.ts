import fhir from 'cql-exec-fhir';

/** The parts of cql-exec-fhir's model info that are read here (it exports no types for them). */
interface TypeSpecifier {
  readonly isNamed?: boolean;
  readonly isList?: boolean;
  readonly isChoice?: boolean;
  readonly name?: string;
  readonly namespace?: string;
  readonly fqn?: string;
  readonly elementType?: TypeSpecifier;
  readonly choices?: readonly TypeSpecifier[];
}
interface ClassInfo {
  readonly name: string;
  readonly namespace: string;
  readonly baseTypeSpecifier?: TypeSpecifier;
  readonly elements: readonly { readonly name: string; readonly typeSpecifier?: TypeSpecifier }[];
  parentClasses(): readonly ClassInfo[];
}
interface ModelInfo {
  findClass(name: string): ClassInfo | undefined;
}

/** How one JSON property of a class is read. `type` is null for a type that the model does not describe. */
export interface FhirProperty {
  readonly json: string;
  /** CQL system type of the value (only `value` of primitives, `id` and the like); null for FHIR types. */
  readonly system: string | null;
  readonly type: FhirType | null;
  readonly list: boolean;
}

/** A class of the FHIR 4.0.1 model info: a resource, a datatype, a primitive, a backbone element or a bound code. */
export interface FhirType {
  /** Name without model, e.g. `Encounter`, `Encounter.Location`, `dateTime`. */
  readonly name: string;
  readonly primitive: boolean;
  /** Full names (`{http://hl7.org/fhir}Encounter`) of the class and of all that it derives from. */
  readonly ancestors: ReadonlySet<string>;
  /** Names of all elements, own and inherited. */
  readonly elements: readonly string[];
  /** The properties that may hold an element: one, or one for each type of a choice; empty when there is no such element. */
  properties(element: string): readonly FhirProperty[];
}

/** FHIR 4.0.1, as cql-exec-fhir describes it. */
export interface FhirModel {
  /** @param name `Encounter`, `FHIR.Encounter` or `{http://hl7.org/fhir}Encounter`; null when the model has none */
  type(name: string): FhirType | null;
}

export function fhirModel(): FhirModel {
  const info = (fhir.FHIRWrapper.FHIRv401() as unknown as { _modelInfo: ModelInfo })._modelInfo;
  const types = new Map<string, FhirType | null>();
  const model: FhirModel = {
    type(name) {
      const known = types.get(name);
      if (known !== undefined) return known;
      const found = info.findClass(name);
      const made = found === undefined ? null : (types.get(found.name) ?? describe(found, info, model));
      types.set(name, made);
      if (found !== undefined) types.set(found.name, made);
      return made;
    },
  };
  return model;
}

function describe(info: ClassInfo, models: ModelInfo, model: FhirModel): FhirType {
  const lineage = [info, ...info.parentClasses()];
  const specifiers = new Map<string, TypeSpecifier>();
  for (const { elements } of lineage)
    for (const { name, typeSpecifier } of elements)
      if (typeSpecifier !== undefined && !specifiers.has(name)) specifiers.set(name, typeSpecifier);
  const properties = new Map<string, readonly FhirProperty[]>();
  const name = info.name.replace(/^FHIR\./, '');
  return {
    name,
    primitive: isPrimitive(info, models),
    ancestors: new Set([...lineage.map(fullName), '{urn:hl7-org:elm-types:r1}Any']),
    elements: [...specifiers.keys()],
    properties(element) {
      const known = properties.get(element);
      if (known !== undefined) return known;
      const made = propertiesOf(element, specifiers, model);
      properties.set(element, made);
      return made;
    },
  };
}

function propertiesOf(
  element: string,
  specifiers: ReadonlyMap<string, TypeSpecifier>,
  model: FhirModel,
): readonly FhirProperty[] {
  const specifier = specifiers.get(element);
  if (specifier?.isChoice === true) return choiceProperties(element, specifier, model);
  if (specifier !== undefined) return [property(element, specifier, model)];
  for (const [name, choice] of specifiers)
    if (choice.isChoice === true && element.startsWith(name)) {
      const explicit = choiceProperties(name, choice, model).filter(({ json }) => json === element);
      if (explicit.length > 0) return explicit;
    }
  return [];
}

function choiceProperties(element: string, specifier: TypeSpecifier, model: FhirModel): FhirProperty[] {
  return (specifier.choices ?? [])
    .filter(({ isNamed }) => isNamed === true)
    .map((choice) => {
      const type = choice.name === 'SimpleQuantity' ? 'Quantity' : (choice.name ?? '');
      return property(`${element}${type.charAt(0).toUpperCase()}${type.slice(1)}`, choice, model);
    });
}

function property(json: string, specifier: TypeSpecifier, model: FhirModel): FhirProperty {
  const list = specifier.isList === true;
  const item = list ? specifier.elementType : specifier;
  if (item?.namespace === 'System') return { json, system: item.name ?? null, type: null, list };
  return { json, system: null, type: item?.fqn === undefined ? null : model.type(item.fqn), list };
}

function fullName({ name, namespace }: ClassInfo): string {
  const url = namespace === 'FHIR' ? 'http://hl7.org/fhir' : namespace;
  return `{${namespace === 'System' ? 'urn:hl7-org:elm-types:r1' : url}}${name.replace(/^FHIR\./, '')}`;
}

/** Primitives start with a small letter; codes bound to a value set are classes with a `value` of type String. */
function isPrimitive(info: ClassInfo, models: ModelInfo): boolean {
  const name = info.name.replace(/^FHIR\./, '');
  if (name.charAt(0) === name.charAt(0).toLowerCase()) return true;
  const base = info.baseTypeSpecifier?.fqn;
  const [only] = info.elements;
  return (
    base === 'FHIR.Element' &&
    models.findClass(base) !== undefined &&
    info.elements.length === 1 &&
    only?.name === 'value' &&
    only.typeSpecifier?.fqn === 'System.String'
  );
}
