import type cql from 'cql-execution';
import { matchesProfile } from '../profiles.ts';
import type { PatientRecord } from '../record.ts';
import type { FhirResource } from '../values.ts';
import type { FhirModel, FhirType } from './fhir-model.ts';
import { type FhirObject, FhirWrap } from './fhir-object.ts';
import { HashedValueSet } from './value-set-codes.ts';

type CqlCode = InstanceType<typeof cql.Code>;

/** What a Retrieve asks for. `valueSet` is set when the codes are those of a value set. */
export interface RetrieveDetails {
  readonly datatype: string;
  readonly templateId: string | null;
  readonly codeProperty: string | null;
  readonly codeComparator: string | null;
  readonly codes: readonly CqlCode[] | HashedValueSet | null;
}

interface Coding {
  readonly system: unknown;
  readonly code: unknown;
}

/** One record wrapped for one offset. Wraps, codes and profile matches are found once, whichever measure asks first. */
export class RecordView {
  readonly #record: PatientRecord;
  readonly #wrap: FhirWrap;
  readonly #objects = new Map<FhirResource, FhirObject>();
  readonly #profiled = new Map<string, readonly FhirResource[]>();
  readonly #codings = new Map<string, readonly (readonly Coding[])[]>();

  constructor(record: PatientRecord, model: FhirModel, offset: number, classes: Map<FhirType, typeof FhirObject>) {
    this.#record = record;
    this.#wrap = new FhirWrap(model, offset, classes);
  }

  find(details: RetrieveDetails): FhirObject[] {
    return this.resources(details).map((resource) => this.#object(resource));
  }

  /** The resources that a retrieve finds, in the order of the record. */
  resources({ datatype, templateId, codeProperty, codeComparator, codes }: RetrieveDetails): readonly FhirResource[] {
    const key = `${datatype} ${templateId ?? ''}`;
    const candidates = this.#candidates(key, datatype.replace(/^\{.*\}/, ''), templateId);
    if (codes === null || codeProperty === null || candidates.length === 0) return candidates;
    const codings = this.#codingsOf(`${key} ${codeProperty}`, candidates, codeProperty);
    const wanted = (resource: FhirResource, found: readonly Coding[]): boolean =>
      codes instanceof HashedValueSet
        ? found.some(({ system, code }) => (system === null ? codes.hasMatch(code) : codes.has(system, code))) ||
          (codeComparator === '~' && negates(resource, codeProperty, codes.oid))
        : found.some(({ system, code }) =>
            codes.some((one) => one.code === code && (system === null || one.system === system)),
          );
    return candidates.filter((resource, i) => wanted(resource, codings[i] ?? []));
  }

  #candidates(key: string, resourceType: string, templateId: string | null): readonly FhirResource[] {
    const known = this.#profiled.get(key);
    if (known !== undefined) return known;
    const ofType = this.#record.ofType(resourceType);
    const found = templateId === null ? ofType : ofType.filter((resource) => matchesProfile(templateId, resource));
    this.#profiled.set(key, found);
    return found;
  }

  #codingsOf(key: string, candidates: readonly FhirResource[], property: string): readonly (readonly Coding[])[] {
    const known = this.#codings.get(key);
    if (known !== undefined) return known;
    const type = this.#wrap.model.type(candidates[0]?.resourceType ?? '');
    const names = type?.properties(property).map(({ json }) => json) ?? [];
    const found = candidates.map((resource) => names.flatMap((name) => codingsIn(resource[name])));
    this.#codings.set(key, found);
    return found;
  }

  #object(resource: FhirResource): FhirObject {
    const known = this.#objects.get(resource);
    if (known !== undefined) return known;
    const type = this.#wrap.model.type(resource.resourceType) ?? this.#wrap.model.type('Resource');
    if (type === null) throw new Error('the FHIR model has no Resource');
    const made = this.#wrap.object(resource, type);
    this.#objects.set(resource, made);
    return made;
  }
}

/** The codes of a CodeableConcept, a Coding, a code (`system` null: any), or a list of them. */
function codingsIn(value: unknown): Coding[] {
  if (Array.isArray(value)) return value.flatMap(codingsIn);
  if (typeof value === 'string') return [{ system: null, code: value }];
  if (typeof value !== 'object' || value === null) return [];
  if ('coding' in value) return codingsIn(value.coding);
  return 'code' in value ? [{ system: 'system' in value ? value.system : undefined, code: value.code }] : [];
}

const notDoneValueSet = 'http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-notDoneValueSet';

/** QI-Core, negation: "none of this value set was done" is said by an extension on the code, without any code. */
function negates(resource: FhirResource, property: string, url: string): boolean {
  const concepts = [resource[property], resource[`${property}CodeableConcept`]];
  return concepts.some(
    (concept) =>
      typeof concept === 'object' &&
      concept !== null &&
      'extension' in concept &&
      Array.isArray(concept.extension) &&
      concept.extension.some(
        (extension) =>
          extension?.url === notDoneValueSet &&
          typeof extension.valueCanonical === 'string' &&
          extension.valueCanonical.split('|')[0] === url,
      ),
  );
}
