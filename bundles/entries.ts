import type { BundleEntry, Resource } from '@medplum/fhirtypes';

/**
 * Entries of a Bundle in the given order, each resource once. References inside are relative (`Patient/x`) and resolve
 * against the full URLs (https://hl7.org/fhir/R4/bundle.html#references).
 */
export function entriesOf(resources: Iterable<Resource>, baseUrl: string): BundleEntry[] {
  const entries = new Map<string, BundleEntry>();
  for (const resource of resources) {
    const fullUrl = `${baseUrl}/${resource.resourceType}/${resource.id ?? ''}`;
    if (!entries.has(fullUrl)) entries.set(fullUrl, { fullUrl, resource });
  }
  return [...entries.values()];
}
