import type { FhirResource } from '../../../cql/index.ts';
import type { Answer, Practice } from './practice.ts';

export const ucum = 'http://unitsofmeasure.org';

const weights = `library Weights version '1.0.0'
using FHIR version '4.0.1'
include FHIRHelpers version '4.0.1' called FHIRHelpers
parameter "Heavy" System.Quantity default 72 'kg'
context Patient
define "All Weights": [Observation] O where O.status = 'final'
define "Heavy Weights": "All Weights" O where (O.value as FHIR.Quantity) > "Heavy"
define "Adult": AgeInYears() >= 18
define private "Secret": 7
define "Fails": singleton from ({ 1, 2 })
define function "Twice"(x Integer): x * 2
define "Fourteen": "Twice"("Secret")`;

export function observation(id: string, value: number): FhirResource {
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { text: 'weight' },
    subject: { reference: 'Patient/ann' },
    effectivePeriod: { start: '2026-01-01' },
    valueQuantity: { value, unit: 'kg', system: ucum, code: 'kg' },
  };
}

export function library(name: string, version: string, cql: string): FhirResource {
  return {
    resourceType: 'Library',
    id: name.toLowerCase(),
    url: `http://example.org/Library/${name}`,
    name,
    version,
    status: 'active',
    type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/library-type', code: 'logic-library' }] },
    content: [{ contentType: 'text/cql', data: Buffer.from(cql).toString('base64') }],
  };
}

/** Ann, her weights, and the library about them. */
export async function storeWeights(practice: Practice): Promise<void> {
  await practice.store(
    { resourceType: 'Patient', id: 'ann', gender: 'female', birthDate: '1970-05-05' },
    observation('weight-1', 71.5),
    observation('weight-2', 73),
    library('Weights', '1.0.0', weights),
  );
}

/** What the parameter `evaluation error` says, which must be the only one. */
export function errorsIn({ body }: Answer): string[] {
  const [{ name = '', resource = null } = {}, ...others] = (body.parameter ?? []) as {
    name?: string;
    resource?: FhirResource;
  }[];
  expect([name, others]).toEqual(['evaluation error', []]);
  return ((resource?.issue ?? []) as { diagnostics: string }[]).map(({ diagnostics }) => diagnostics);
}
