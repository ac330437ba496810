import type { CodeableConcept, Coding } from '@medplum/fhirtypes';

const systems = {
  snomed: 'http://snomed.info/sct',
  icd10: 'http://hl7.org/fhir/sid/icd-10-cm',
  loinc: 'http://loinc.org',
  rxnorm: 'http://www.nlm.nih.gov/research/umls/rxnorm',
  cvx: 'http://hl7.org/fhir/sid/cvx',
  cpt: 'http://www.ama-assn.org/go/cpt',
  hcpcs: 'http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets',
  ucum: 'http://unitsofmeasure.org',
  demo: 'http://gapless.health/demo',
} as const;

/** A code system by its short name, or by its own URL. */
export type System = keyof typeof systems | `http${string}` | `urn:${string}`;

/** `[system, code, display]`. Displays of CPT codes are our own words; the AMA's descriptors are licensed. */
export type Code = readonly [system: System, code: string, display?: string];

/** Everything that the demo writes carries this tag, so that one search finds, and one delete removes, all of it. */
export const syntheticTag: Coding = Object.freeze({ system: systems.demo, code: 'synthetic' });

export function systemUrl(system: System): string {
  return system in systems ? systems[system as keyof typeof systems] : system;
}

export function coding([system, code, display]: Code): Coding {
  return Object.freeze({ system: systemUrl(system), code, ...(display !== undefined && { display }) });
}

/**
 * A concept that resources share: copy before changing one. Its objects are frozen; its list isn't, because V8 writes
 * frozen arrays as JSON at half the speed. Its text is the first display.
 */
export function concept(...codes: readonly [Code, ...Code[]]): CodeableConcept {
  const text = codes[0][2];
  const list = codes.map(coding);
  return Object.freeze({ coding: list, ...(text !== undefined && { text }) });
}

/** A code of HL7's own terminology server: `hl7('observation-category', 'laboratory')`. */
export function hl7(system: string, code: string, display?: string): CodeableConcept {
  const list = [coding([`http://terminology.hl7.org/CodeSystem/${system}`, code, display])];
  return Object.freeze({ coding: list });
}

/** Canonical of a US Core 6.1.0 profile or extension. */
export function usCore(name: string): string {
  return `http://hl7.org/fhir/us/core/StructureDefinition/us-core-${name}`;
}
