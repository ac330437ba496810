import { InvalidRecord } from './errors.ts';
import type { FhirResource } from './values.ts';

/** One patient's data, indexed by resource type. The resources are plain JSON and are never changed. */
export class PatientRecord {
  readonly patient: FhirResource;
  readonly #byType = new Map<string, FhirResource[]>();
  // In the record and not in a WeakMap of the engine: thousands of weak keys slow every garbage collection down.
  readonly #kept = new Map<object, object>();

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

  /**
   * What an engine derives from the record (an index), made when it is first asked for and kept as long as the record.
   * @param owner the engine, by identity
   */
  kept<T extends object>(owner: object, isOwn: (kept: object) => kept is T, make: () => T): T {
    const known = this.#kept.get(owner);
    if (known !== undefined && isOwn(known)) return known;
    const made = make();
    this.#kept.set(owner, made);
    return made;
  }

  get resourceTypes(): Iterable<string> {
    return this.#byType.keys();
  }
}
