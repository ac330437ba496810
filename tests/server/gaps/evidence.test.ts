import { monthEnds, rollingYear } from '../../../server/gaps/fill-trend.ts';
import { patientHeader } from '../../../server/gaps/patient-header.ts';
import { evidenceOf } from '../../../server/gaps/views/evidence.ts';

describe('Evidence is told in one line', () => {
  it.each<[string, string, { readonly [element: string]: unknown } | null, string, string | null]>([
    [
      'a procedure',
      'Procedure/1',
      { code: { text: 'Mammography' }, performedDateTime: '2025-02-03T10:00:00Z' },
      'Mammography, 3 Feb 2025',
      '2025-02-03',
    ],
    [
      'a visit',
      'Encounter/1',
      { class: { code: 'AMB' }, type: [{ coding: [{ display: 'Office visit' }] }], period: { start: '2025-11-30' } },
      'Office visit, 30 Nov 2025',
      '2025-11-30',
    ],
    [
      'a result',
      'Observation/1',
      {
        code: { coding: [{ display: 'Haemoglobin A1c' }] },
        valueQuantity: { value: 7.2, unit: '%' },
        effectiveDateTime: '2025-03',
      },
      'Haemoglobin A1c 7.2 %, Mar 2025',
      '2025-03',
    ],
    [
      'a blood pressure',
      'Observation/2',
      {
        code: { text: 'Blood pressure' },
        component: [{ valueQuantity: { value: 138, unit: 'mmHg' } }, { valueQuantity: { value: 84, unit: 'mmHg' } }],
        effectiveDateTime: '2025',
      },
      'Blood pressure 138/84 mmHg, 2025',
      '2025',
    ],
    ['something that says nothing of itself', 'MedicationRequest/1', {}, 'Medication request', null],
    ['something that was deleted', 'Procedure/2', null, 'Procedure (deleted)', null],
  ])('%s', (_, reference, resource, summary, date) => {
    expect(evidenceOf(reference, resource)).toEqual({ reference, summary, date });
  });
});

describe('The header of a patient', () => {
  const text = (resource: object): string => JSON.stringify(resource);
  const visit = (start: string): string => text({ resourceType: 'Encounter', period: { start } });

  it('takes the official name, the practitioner and the latest visit up to the day', () => {
    const patient = {
      resourceType: 'Patient',
      id: 'p',
      name: [
        { use: 'nickname', given: ['Bea'] },
        { use: 'official', given: ['Beatrice', 'May'], family: 'Ödman' },
      ],
      telecom: [
        { system: 'email', value: 'x' },
        { system: 'phone', value: '555' },
      ],
      generalPractitioner: [{ reference: 'Practitioner/1', display: 'Dr One' }],
    };
    const header = patientHeader(
      [visit('2026-03-01T08:00:00Z'), text(patient), visit('2026-12-24'), visit('2025-01-01')],
      '2026-11-22',
    );
    expect(header).toEqual({
      id: 'p',
      name: 'Beatrice May Ödman',
      sortName: 'ödman, beatrice may',
      birthDate: null,
      gender: null,
      phone: '555',
      provider: 'Practitioner/1',
      providerName: 'Dr One',
      lastVisit: '2026-03-01',
    });
  });

  it('names a patient without a name by the id, and is absent without a Patient', () => {
    expect(patientHeader([text({ resourceType: 'Patient', id: 'p' })], '2026-01-01')?.name).toBe('Patient p');
    expect(patientHeader(['{"resourceType":"Patient",', visit('2026-01-01')], '2026-01-01')).toBeNull();
  });
});

describe('A trend', () => {
  it('has the ends of the months before today, leap years included', () => {
    expect(monthEnds('2024-03-31', 3)).toEqual(['2023-12-31', '2024-01-31', '2024-02-29']);
    expect(monthEnds('2026-01-01', 2)).toEqual(['2025-11-30', '2025-12-31']);
  });
  it('looks at the twelve months up to each', () => {
    expect(rollingYear('2024-02-29')).toEqual({ start: '2023-03-01', end: '2024-02-29' });
    expect(rollingYear('2025-12-31')).toEqual({ start: '2025-01-01', end: '2025-12-31' });
  });
});
