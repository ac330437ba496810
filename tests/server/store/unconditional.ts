import type { FhirResource } from '../../../cql/index.ts';
import type { Entry } from '../../../server/store/entry.ts';

/** Entries that ask for nothing but the change itself. */
export const put = (resource: FhirResource): Entry => ({
  method: 'PUT',
  type: resource.resourceType,
  id: resource.id ?? null,
  criteria: null,
  ifMatch: null,
  ifNoneMatch: null,
  fullUrl: null,
  resource,
});
export const remove = (type: string, id: string): Entry => ({
  method: 'DELETE',
  type,
  id,
  criteria: null,
  ifMatch: null,
});
