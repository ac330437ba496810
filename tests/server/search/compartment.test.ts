import type { Resource } from '@medplum/fhirtypes';
import {
  compartmentParameters,
  compartments,
  patientOf,
  patientParameters,
} from '../../../server/search/compartment.ts';

const base = 'http://localhost/fhir';
const of = (reference: string): Resource => ({
  resourceType: 'Encounter',
  status: 'finished',
  class: { code: 'AMB' },
  subject: { reference },
});

describe('The Patient compartment', () => {
  it.each<[string, Resource, string]>([
    ['a Patient is its own', { resourceType: 'Patient', id: 'p1' }, 'p1'],
    ['a relative reference counts', of('Patient/p1'), 'p1'],
    ['a versioned reference counts', of('Patient/p1/_history/3'), 'p1'],
    ['an absolute reference with our base counts', of(`${base}/Patient/p1`), 'p1'],
    ["another server's patient does not", of('http://other.example/Patient/p1'), ''],
    ['a urn:uuid does not', of('urn:uuid:9a4b1c9e-0000-4000-8000-000000000000'), ''],
    ['a Group is no Patient', of('Group/g1'), ''],
    ['a contained patient does not', of('#p1'), ''],
    ['a Practitioner is in none', { resourceType: 'Practitioner', id: 'x' }, ''],
    [
      'two parameters with the same patient agree',
      { resourceType: 'Condition', subject: { reference: 'Patient/p1' }, asserter: { reference: 'Patient/p1' } },
      'p1',
    ],
    [
      'two patients make none',
      {
        resourceType: 'Group',
        type: 'person',
        actual: true,
        member: [{ entity: { reference: 'Patient/p1' } }, { entity: { reference: 'Patient/p2' } }],
      },
      '',
    ],
    [
      'one of several participants may be the patient',
      {
        resourceType: 'Appointment',
        status: 'booked',
        participant: [
          { actor: { reference: 'Practitioner/x' }, status: 'accepted' },
          { actor: { reference: 'Patient/p1' }, status: 'accepted' },
        ],
      },
      'p1',
    ],
  ])('%s', (_, resource, patient) => {
    expect(patientOf(resource, base)).toBe(patient);
  });

  it('is one of five', () => {
    expect([...compartments()].sort()).toEqual(['Device', 'Encounter', 'Patient', 'Practitioner', 'RelatedPerson']);
    expect(compartmentParameters('Patient', 'Observation')).toEqual(['subject', 'performer']);
    expect(compartmentParameters('Patient', 'Medication')).toEqual([]);
  });

  it('is entered by other names of the same elements too, and by nothing else', () => {
    expect([...patientParameters('Observation')].sort()).toEqual(['patient', 'performer', 'subject']);
    expect([...patientParameters('Encounter')].sort()).toEqual(['patient', 'subject']);
    expect([...patientParameters('Medication')]).toEqual([]);
    expect(patientParameters('Group').has('managing-entity')).toBe(false);
  });
});
