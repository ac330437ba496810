import type { Resource } from '@medplum/fhirtypes';
import type { FhirResource } from '../cql/index.ts';

/** `Type/id` of a resource; null for one without an id. */
export function referenceOf({ resourceType, id }: FhirResource): string | null {
  return id === undefined ? null : `${resourceType}/${id}`;
}

/** `Type/id` of `Type/id/_history/v`. */
export function unversioned(reference: string): string {
  return reference.replace(/\/_history\/.*$/, '');
}

/** A resource of a patient's record as an entry of a Bundle: it was validated when it came in. */
export function resourceOf(resource: FhirResource): Resource {
  return resource as unknown as Resource;
}
