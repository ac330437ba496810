import type { FhirResource } from '../../../cql/index.ts';

/** A resource of a case: FHIR, but codes may be written `LOINC 24606-6` and what is usual may be left out. */
export type Sketch = { readonly resourceType: string; readonly [element: string]: unknown };

const systems: { readonly [name: string]: string } = {
  SNOMED: 'http://snomed.info/sct',
  LOINC: 'http://loinc.org',
  CPT: 'http://www.ama-assn.org/go/cpt',
  HCPCS: 'http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets',
  RxNorm: 'http://www.nlm.nih.gov/research/umls/rxnorm',
  'ICD-10-CM': 'http://hl7.org/fhir/sid/icd-10-cm',
  'ICD-10-PCS': 'http://www.cms.gov/Medicare/Coding/ICD10',
};

const usualStatus: { readonly [resourceType: string]: string } = {
  Encounter: 'finished',
  Observation: 'final',
  DiagnosticReport: 'final',
  Procedure: 'completed',
};

const conditionStatus = 'http://terminology.hl7.org/CodeSystem/condition-';
const patientReference = { reference: 'Patient/subject' };

/** The patient and the resources of a case as full FHIR. An element that a sketch sets to null is left out. */
export function patientOf(
  patient: { readonly [element: string]: unknown },
  resources: readonly Sketch[],
): FhirResource[] {
  return [
    { resourceType: 'Patient', id: 'subject', ...patient },
    ...resources.map((sketch, position) => resourceOf(sketch, position)),
  ];
}

function resourceOf(sketch: Sketch, position: number): FhirResource {
  const status = usualStatus[sketch.resourceType];
  const { dischargeDisposition, ...stated } = {
    id: `${sketch.resourceType.toLowerCase()}-${position + 1}`,
    ...(sketch.resourceType === 'Medication' ? {} : { subject: patientReference }),
    ...(status === undefined ? {} : { status }),
    ...(sketch.resourceType === 'Condition' ? { clinicalStatus: 'active' } : {}),
    ...(sketch.resourceType === 'Encounter' ? { class: 'AMB' } : {}),
    ...sketch,
  } as Sketch & { readonly dischargeDisposition?: unknown };
  const hospitalization =
    dischargeDisposition === undefined
      ? {}
      : { hospitalization: { dischargeDisposition: concept(dischargeDisposition) } };
  const elements = Object.entries({ ...stated, ...hospitalization })
    .filter(([, value]) => value !== null)
    .map(([name, value]) => [name, element(sketch.resourceType, name, value)]);
  return Object.fromEntries(elements) as FhirResource;
}

function element(resourceType: string, name: string, value: unknown): unknown {
  switch (name) {
    case 'class':
      return { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: value };
    case 'clinicalStatus':
      return { coding: [{ system: `${conditionStatus}clinical`, code: value }] };
    case 'verificationStatus':
      return { coding: [{ system: `${conditionStatus}ver-status`, code: value }] };
    case 'type':
      return resourceType === 'Encounter' ? [concept(value)] : concept(value);
    case 'bodySite':
      return Array.isArray(value) ? value.map(concept) : concept(value);
    case 'component':
      return Array.isArray(value) ? value.map(component) : value;
    default:
      return concept(value);
  }
}

function component(part: { readonly code: unknown }): unknown {
  return { ...part, code: concept(part.code) };
}

/** `LOINC 24606-6` as a CodeableConcept; anything else as it is. */
function concept(value: unknown): unknown {
  const [, name = '', code] = typeof value === 'string' ? (/^([A-Za-z0-9-]+) (\S+)$/.exec(value) ?? []) : [];
  const system = systems[name];
  return system === undefined ? value : { coding: [{ system, code }] };
}
