import { InvalidRecord } from './errors.ts';
import type { FhirResource } from './values.ts';

/** One patient's data, indexed by resource type. The resources are plain JSON and are never changed. */
export class PatientRecord {
  readonly patient: FhirResource;
  readonly #byType = new Map<string, FhirResource[]>();

  /** @throws InvalidRecord unless there is exactly one Patient and every resource names its type */
  constructor(resources: Iterable<FhirResource>) {
    let position = 0;
    for (const resource of resources) {
      if (typeof resource?.resourceType !== 'string') throw new InvalidRecord(`[${position}]`, 'has no resourceType');
      const ofType = this.#byType.get(resource.resourceType);
      if (ofType === undefined) this.#byType.set(resource.resourceType, [resource]);
      else ofType.push(resource);
      position += 1;
    }
    const patients = this.ofType('Patient');
    if (patients.length !== 1)
      throw new InvalidRecord('Patient', `a record has one Patient, this one ${patients.length}`);
    this.patient = patients[0] as FhirResource;
  }

  /** Resources of a type in the order in which they were given; empty when there are none. */
  ofType(resourceType: string): readonly FhirResource[] {
    return this.#byType.get(resourceType) ?? [];
  }

  get resourceTypes(): Iterable<string> {
    return this.#byType.keys();
  }
}
