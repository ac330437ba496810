import { matchesProfile } from '../profiles.ts';
import type { PatientRecord } from '../record.ts';
import { Code, Concept, type Value, ValueSet } from '../runtime/index.ts';
import type { FhirResource } from '../values.ts';
import type { Shapes } from './fhir/shape.ts';

/** What a retrieve asks for; the same question in several libraries is one object. */
export interface Retrieval {
  readonly resourceType: string;
  /** Canonical; null when any profile will do. */
  readonly profile: string | null;
  /** JSON properties that hold the codes. */
  readonly properties: readonly string[];
  readonly comparator: string | null;
  /** Known when the library was prepared; null for a retrieve without codes, or with codes that are computed. */
  readonly filter: ValueSet | readonly Code[] | null;
}

/** Retrievals of all libraries, the same question once. Those of a value set live as long as it does. */
export class Retrievals {
  readonly #byCodes = new Map<string, Retrieval>();
  readonly #byValueSet = new WeakMap<ValueSet, Map<string, Retrieval>>();

  of(asked: Retrieval): Retrieval {
    const { resourceType, profile, properties, comparator, filter } = asked;
    const codes = filter instanceof ValueSet ? null : filter;
    const key = JSON.stringify([resourceType, profile, properties, comparator, codes]);
    const known = filter instanceof ValueSet ? this.#ofValueSet(filter) : this.#byCodes;
    const found = known.get(key) ?? asked;
    known.set(key, found);
    return found;
  }

  #ofValueSet(valueSet: ValueSet): Map<string, Retrieval> {
    const known = this.#byValueSet.get(valueSet) ?? new Map<string, Retrieval>();
    this.#byValueSet.set(valueSet, known);
    return known;
  }
}

interface CodedResources {
  /** Undefined when the coding has none; null for a FHIR code, whose system is that of its element. */
  readonly system: string | null | undefined;
  readonly code: string;
  /** Positions among the resources of the type. */
  readonly positions: number[];
}

const none: readonly FhirResource[] = [];

/** One record, indexed by the codes of its resources as retrieves ask for them. Answers are kept, for all measures. */
export class RecordIndex {
  readonly #record: PatientRecord;
  readonly #answers = new Map<Retrieval, readonly FhirResource[]>();
  readonly #codes = new Map<string, readonly CodedResources[]>();
  readonly #ofProfile = new Map<string, Map<FhirResource, boolean>>();
  readonly #shapes: Shapes;
  /** By type and code elements: of which resources ids and codes were checked. Whole ones only when they are found. */
  readonly #checkedElements = new Set<string>();
  readonly #checked = new Set<FhirResource>();

  constructor(record: PatientRecord, shapes: Shapes) {
    this.#record = record;
    this.#shapes = shapes;
  }

  /** The resources that a retrieve finds, in the order of the record. @throws InvalidRecord when one of them is no FHIR */
  find(retrieval: Retrieval): readonly FhirResource[] {
    const known = this.#answers.get(retrieval);
    if (known !== undefined) return known;
    const found = this.#find(retrieval, retrieval.filter);
    this.#answers.set(retrieval, found);
    return found;
  }

  /** A retrieve whose codes are computed: a ValueSet, a Code, a Concept or a list of these; nothing matches null. */
  findBy(retrieval: Retrieval, codes: Value): readonly FhirResource[] {
    if (codes === null) return none;
    return this.#find(retrieval, codes instanceof ValueSet ? codes : codesIn(codes));
  }

  #find(retrieval: Retrieval, filter: Retrieval['filter']): readonly FhirResource[] {
    const { resourceType, profile } = retrieval;
    const ofType = this.#record.ofType(resourceType);
    if (ofType.length === 0) return none;
    this.#checkElements(ofType, retrieval);
    const coded =
      filter === null || retrieval.properties.length === 0 ? ofType : this.#coded(ofType, retrieval, filter);
    for (const resource of coded) this.#check(resource);
    return profile === null || coded.length === 0
      ? coded
      : coded.filter((resource) => this.#matches(profile, resource));
  }

  /** What a retrieve does not find is not read, so what is wrong in it is wrong for nobody, save what hides it from retrieves. */
  #checkElements(ofType: readonly FhirResource[], { resourceType, properties }: Retrieval): void {
    const key = `${resourceType} ${properties.join()}`;
    if (this.#checkedElements.has(key)) return;
    this.#shapes.checkElements(ofType, properties);
    this.#checkedElements.add(key);
  }

  #check(resource: FhirResource): void {
    if (this.#checked.has(resource)) return;
    this.#shapes.check(resource);
    this.#checked.add(resource);
  }

  #coded(
    ofType: readonly FhirResource[],
    { resourceType, properties, comparator }: Retrieval,
    filter: ValueSet | readonly Code[],
  ): readonly FhirResource[] {
    const positions = new Set<number>();
    for (const { system, code, positions: holders } of this.#codesOf(resourceType, properties))
      if (matches(filter, system, code)) for (const position of holders) positions.add(position);
    if (comparator === '~' && filter instanceof ValueSet)
      for (const [position, resource] of ofType.entries())
        if (negates(resource, properties, filter.id)) positions.add(position);
    if (positions.size === 0) return none;
    const found: FhirResource[] = [];
    for (const position of Array.from(positions).sort((a, b) => a - b)) {
      const resource = ofType[position];
      if (resource !== undefined) found.push(resource);
    }
    return found;
  }

  #codesOf(resourceType: string, properties: readonly string[]): readonly CodedResources[] {
    const key = `${resourceType} ${properties.join()}`;
    const known = this.#codes.get(key);
    if (known !== undefined) return known;
    const bySystem = new Map<string | null | undefined, Map<string, CodedResources>>();
    const made: CodedResources[] = [];
    for (const [position, resource] of this.#record.ofType(resourceType).entries())
      for (const property of properties)
        forEachCoding(resource[property], (system, code) => {
          let byCode = bySystem.get(system);
          if (byCode === undefined) {
            byCode = new Map();
            bySystem.set(system, byCode);
          }
          const entry = byCode.get(code);
          if (entry === undefined) {
            const coded = { system, code, positions: [position] };
            byCode.set(code, coded);
            made.push(coded);
          } else if (entry.positions.at(-1) !== position) entry.positions.push(position);
        });
    this.#codes.set(key, made);
    return made;
  }

  #matches(profile: string, resource: FhirResource): boolean {
    let ofProfile = this.#ofProfile.get(profile);
    if (ofProfile === undefined) {
      ofProfile = new Map();
      this.#ofProfile.set(profile, ofProfile);
    }
    const known = ofProfile.get(resource);
    if (known !== undefined) return known;
    const made = matchesProfile(profile, resource);
    ofProfile.set(resource, made);
    return made;
  }
}

function matches(filter: ValueSet | readonly Code[], system: string | null | undefined, code: string): boolean {
  if (filter instanceof ValueSet)
    return system === null ? filter.codes.systemsOf(code) > 0 : filter.codes.has(system, code);
  return filter.some((one) => one.code === code && (system === null || one.system === system));
}

function codesIn(value: Value): readonly Code[] {
  if (Array.isArray(value)) return value.flatMap(codesIn);
  if (value instanceof Concept) return value.codes;
  if (value instanceof ValueSet) return value.expand();
  return value instanceof Code ? [value] : [];
}

/** The codes of a CodeableConcept, a Coding, a code (`system` null: any), or a list of them. */
function forEachCoding(value: unknown, found: (system: string | null | undefined, code: string) => void): void {
  if (Array.isArray(value)) for (const item of value) forEachCoding(item, found);
  else if (typeof value === 'string') found(null, value);
  else if (typeof value === 'object' && value !== null) {
    if ('coding' in value) forEachCoding(value.coding, found);
    else if ('code' in value && typeof value.code === 'string')
      found('system' in value && typeof value.system === 'string' ? value.system : undefined, value.code);
  }
}

const notDoneValueSet = 'http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-notDoneValueSet';

/** QI-Core, negation: "none of this value set was done" is said by an extension on the code, without any code. */
function negates(resource: FhirResource, properties: readonly string[], url: string): boolean {
  return properties.some((property) => {
    const concept = resource[property];
    if (typeof concept !== 'object' || concept === null || !('extension' in concept)) return false;
    const extensions: readonly unknown[] = Array.isArray(concept.extension) ? concept.extension : [];
    return extensions.some((extension) => isNegation(extension, url));
  });
}

function isNegation(extension: unknown, url: string): boolean {
  return (
    typeof extension === 'object' &&
    extension !== null &&
    'url' in extension &&
    extension.url === notDoneValueSet &&
    'valueCanonical' in extension &&
    typeof extension.valueCanonical === 'string' &&
    extension.valueCanonical.split('|')[0] === url
  );
}
