import { put } from '../store/unconditional.ts';

export { put, remove } from '../store/unconditional.ts';

import fc from 'fast-check';
import type { FhirResource } from '../../../cql/index.ts';
import type { Entry } from '../../../server/store/entry.ts';
import { definitions, smallMeasure } from '../content/small-measure.ts';
import { breast, pressure } from './practice.ts';

/** What may happen to a practice of three patients, for tests that try any order of it. */

const small = 'http://example.org/Measure/Small';
const drug = 'http://example.org/Measure/Drug';
const aging = 'http://example.org/Measure/Aging';
export const allMeasures = [breast, pressure, small, drug, aging];
export const patients = ['a', 'b', 'c'] as const;

export const subject = (patient: string): object => ({ reference: `Patient/${patient}` });
const cpt = (code: string): object => ({ coding: [{ system: 'http://www.ama-assn.org/go/cpt', code }] });
const resources: Readonly<Record<string, (id: string, patient: string, date: string) => FhirResource>> = {
  Encounter: (id, patient, date) => ({
    resourceType: 'Encounter',
    id,
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
    type: [{ coding: [...(cpt('99213') as { coding: object[] }).coding, { system: 'http://codes', code: 'visit' }] }],
    subject: subject(patient),
    period: { start: `${date}T09:00:00Z`, end: `${date}T09:30:00Z` },
  }),
  Procedure: (id, patient, date) => ({
    resourceType: 'Procedure',
    id,
    status: 'completed',
    code: cpt('77067'),
    subject: subject(patient),
    performedDateTime: date,
  }),
  Condition: (id, patient, date) => ({
    resourceType: 'Condition',
    id,
    clinicalStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }],
    },
    code: { coding: [{ system: 'http://snomed.info/sct', code: '59621000' }] },
    subject: subject(patient),
    onsetDateTime: date,
  }),
  Observation: (id, patient, date) => ({
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '85354-9' }] },
    subject: subject(patient),
    effectiveDateTime: `${date}T09:10:00Z`,
    component: [
      ['8480-6', 128],
      ['8462-4', 76],
    ].map(([code, value]) => ({
      code: { coding: [{ system: 'http://loinc.org', code }] },
      valueQuantity: { value, unit: 'mm[Hg]', system: 'http://unitsofmeasure.org', code: 'mm[Hg]' },
    })),
  }),
  MedicationRequest: (id, patient, date) => ({
    resourceType: 'MedicationRequest',
    id,
    status: 'active',
    intent: 'order',
    medicationReference: { reference: 'Medication/pill' },
    subject: subject(patient),
    authoredOn: date,
  }),
};
export const types = Object.keys(resources);

const birth = (patient: string): string => `${1960 + patients.indexOf(patient as 'a') * 8}-12-15`;
export const person = (id: string, changes: object = {}): FhirResource => ({
  resourceType: 'Patient',
  id,
  gender: 'female',
  birthDate: birth(id),
  name: [{ family: 'Test', given: [id] }],
  ...changes,
});
export const pill = (code: string): FhirResource => ({
  resourceType: 'Medication',
  id: 'pill',
  code: { coding: [{ system: 'http://pills', code }] },
});
export const contentOf = (numerator: string): Entry[] => {
  const cql = definitions.replace('"Numerator": exists', `"Numerator": ${numerator}`);
  const { measure, library, valueSet } = smallMeasure({ cql });
  return [put(valueSet), put(library), put(measure)];
};
export const otherMeasure = (name: string, numerator: string): Entry[] => {
  const cql = definitions.replace(/define "Numerator":.*/s, `define "Numerator": ${numerator}`);
  const { measure, library, valueSet } = smallMeasure({ name, cql });
  return [put(valueSet), put(library), put(measure)];
};

export type Step =
  | {
      readonly kind: 'write';
      readonly type: string;
      readonly n: number;
      readonly patient: string;
      readonly date: string;
    }
  | { readonly kind: 'delete'; readonly type: string; readonly n: number }
  | { readonly kind: 'merge'; readonly from: string; readonly to: string }
  | { readonly kind: 'person'; readonly patient: string; readonly change: 'delete' | 'name' | 'birth' | 'restore' }
  | { readonly kind: 'pill'; readonly code: string }
  | { readonly kind: 'measure'; readonly numerator: string }
  | { readonly kind: 'time'; readonly days: number };

const patient = fc.constantFrom(...patients);
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      type: fc.constantFrom(...types),
      n: fc.nat(2),
      patient,
      date: fc.constantFrom('2024-12-20', '2026-03-10', '2026-10-31', '2026-12-24'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('delete' as const), type: fc.constantFrom(...types), n: fc.nat(2) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('merge' as const), from: patient, to: patient }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('person' as const),
      patient,
      change: fc.constantFrom('delete' as const, 'name' as const, 'birth' as const, 'restore' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pill' as const), code: fc.constantFrom('x', 'y') }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('measure' as const), numerator: fc.constantFrom('exists', 'not exists') }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('time' as const), days: fc.constantFrom(1, 9, 30) }) },
);
/** What the worker does after a step: nothing, dies on the way, or all of it. */
export const worker = fc.constantFrom('paused' as const, 'stopped midway' as const, 'idle' as const);

export const idOf = (type: string, n: number): string => `${type.toLowerCase()}-${n}`;
export const resourceOf = (type: string, n: number, patient: string, date: string): FhirResource => {
  const make = resources[type];
  if (make === undefined) throw new TypeError(type);
  return make(idOf(type, n), patient, date);
};
