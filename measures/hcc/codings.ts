import type { CodeableConcept, Resource } from '@medplum/fhirtypes';
import { plainCode } from './diagnosis.ts';

const icd10cm = ['http://hl7.org/fhir/sid/icd-10-cm', 'urn:oid:2.16.840.1.113883.6.90'];
const procedureSystems = [
  'http://www.ama-assn.org/go/cpt',
  'urn:oid:2.16.840.1.113883.6.12',
  'http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets',
  'https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets',
  'urn:oid:2.16.840.1.113883.6.285',
];

/** The ICD-10-CM codes of a concept, without dots. */
export function diagnosisCodes(concept: CodeableConcept | undefined): readonly string[] {
  return codesOf(concept, icd10cm).map(plainCode);
}

/** The CPT and HCPCS codes of concepts. */
export function procedureCodes(concepts: readonly (CodeableConcept | undefined)[]): readonly string[] {
  return concepts.flatMap((concept) => codesOf(concept, procedureSystems).map((code) => code.trim().toUpperCase()));
}

/** Codes of a concept in any of the systems; of whatever system when none is named. */
export function codesOf(concept: CodeableConcept | undefined, systems: readonly string[] = []): readonly string[] {
  return (concept?.coding ?? []).flatMap(({ system, code }) =>
    code !== undefined && (systems.length === 0 || (system !== undefined && systems.includes(system))) ? [code] : [],
  );
}

/** `Claim/x/_history/3`; without a version where the resource has none. */
export function pinned(resource: Resource): string {
  const version = resource.meta?.versionId;
  return `${resource.resourceType}/${resource.id}${version === undefined ? '' : `/_history/${version}`}`;
}

/** `Encounter/x` of a reference, whatever base or version it names; null for others. */
export function localOf(reference: string | undefined): string | null {
  return /(?:^|\/)([A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64})(?:\/_history\/.+)?$/.exec(reference ?? '')?.[1] ?? null;
}

/** The day of a dateTime as it was written, YYYY-MM-DD; null for a date that is less exact, or none. */
export function dayOf(dateTime: string | undefined): string | null {
  return /^\d{4}-\d\d-\d\d/.exec(dateTime ?? '')?.[0] ?? null;
}
