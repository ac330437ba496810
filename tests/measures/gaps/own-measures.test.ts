import { type FhirResource, PatientRecord } from '../../../cql/index.ts';
import { evaluateSubject, type GapAnswer, gapAnswers, type PreparedMeasure } from '../../../measures/index.ts';
import { prepareOwn } from '../content/installed.ts';
import { patientOf, type Sketch } from '../content/patient.ts';

const period = { start: '2026-01-01', end: '2026-12-31' };
const patient = { gender: 'female', birthDate: '1966-05-01' };
const visit: Sketch = {
  resourceType: 'Encounter',
  type: [{ coding: [{ system: 'http://www.ama-assn.org/go/cpt', code: '99213' }] }],
  period: { start: '2026-02-02T09:00:00Z', end: '2026-02-02T09:30:00Z' },
};

async function answer(prepared: PreparedMeasure, sketches: readonly Sketch[], asOf: string): Promise<GapAnswer> {
  const resources: FhirResource[] = patientOf(patient, sketches);
  const now = `${asOf}T12:00:00.000+00:00`;
  const result = await evaluateSubject(prepared, new PatientRecord(resources), { period, now, trace: true });
  const [gap] = gapAnswers(prepared, result, { period, asOf });
  if (gap === undefined) throw new Error('the measure has no group with a gap');
  return gap;
}

const texts = (of: readonly { readonly text: string }[]): string[] => of.map(({ text }) => text);

describe('Controlling high blood pressure tells a clinician', () => {
  const prepared = prepareOwn('ControllingHighBloodPressure');
  const hypertension: Sketch = {
    resourceType: 'Condition',
    code: { coding: [{ system: 'http://hl7.org/fhir/sid/icd-10-cm', code: 'I10' }] },
    onsetDateTime: '2020-03-01',
  };
  const pressure = (date: string, systolic: number, diastolic: number): Sketch => ({
    resourceType: 'Observation',
    code: { coding: [{ system: 'http://loinc.org', code: '85354-9' }] },
    effectiveDateTime: `${date}T10:00:00Z`,
    component: [['8480-6', systolic] as const, ['8462-4', diastolic] as const].map(([code, value]) => ({
      code: { coding: [{ system: 'http://loinc.org', code }] },
      valueQuantity: { value, unit: 'mmHg', system: 'http://unitsofmeasure.org', code: 'mm[Hg]' },
    })),
  });
  const chart = [visit, hypertension];

  it.each([
    [157, 88, ['Blood pressure of 23 Oct 2026 was 157/88 mm[Hg]; systolic must be below 140 mm[Hg]']],
    [132, 94, ['Blood pressure of 23 Oct 2026 was 132/94 mm[Hg]; diastolic must be below 90 mm[Hg]']],
    [
      145,
      91,
      [
        'Blood pressure of 23 Oct 2026 was 145/91 mm[Hg]; systolic must be below 140 mm[Hg]',
        'Blood pressure of 23 Oct 2026 was 145/91 mm[Hg]; diastolic must be below 90 mm[Hg]',
      ],
    ],
  ])('which of %d/%d is too high, and what would close the gap', async (systolic, diastolic, reasons) => {
    const gap = await answer(prepared, [...chart, pressure('2026-10-23', systolic, diastolic)], '2026-11-22');
    expect(gap.status).toBe('prospective-gap');
    expect(texts(gap.reasons)).toEqual(reasons);
    expect(texts(gap.nextSteps)).toEqual(['Record blood pressure below 140/90 mm[Hg] by 31 Dec 2026']);
    expect(gap.nextSteps[0]?.need.dateTo).toBe('2026-12-31');
  });

  it('that no reading was found', async () => {
    const gap = await answer(prepared, chart, '2026-11-22');
    expect(texts(gap.reasons)).toEqual(['No blood pressure between 1 Jan and 31 Dec 2026 was found']);
    expect(texts(gap.nextSteps)).toEqual(['Record blood pressure below 140/90 mm[Hg] by 31 Dec 2026']);
  });

  it('which reading closed the gap', async () => {
    const gap = await answer(
      prepared,
      [...chart, pressure('2026-03-01', 170, 99), pressure('2026-10-23', 128, 80)],
      '2026-11-22',
    );
    expect(gap).toMatchObject({ status: 'closed-gap', evidence: ['Observation/observation-4'] });
  });
});

describe('Breast cancer screening tells a clinician', () => {
  const prepared = prepareOwn('BreastCancerScreening');
  const mammogram = (date: string, more: object = {}): Sketch => ({
    resourceType: 'DiagnosticReport',
    code: { coding: [{ system: 'http://loinc.org', code: '24606-6' }] },
    effectiveDateTime: date,
    ...more,
  });

  it('once, not for each kind of resource, that no mammogram was found', async () => {
    const gap = await answer(prepared, [visit], '2026-11-22');
    expect(texts(gap.reasons)).toEqual(['No mammography between 1 Oct 2024 and 31 Dec 2026 was found']);
    expect(texts(gap.nextSteps)).toEqual(['Record mammography by 31 Dec 2026']);
  });

  it('that the last mammogram is too old', async () => {
    const gap = await answer(prepared, [visit, mammogram('2023-03-01'), mammogram('2024-02-03')], '2026-11-22');
    expect(texts(gap.reasons)[0]).toBe('Mammography of 3 Feb 2024 is before 1 Oct 2024');
    expect(texts(gap.nextSteps)).toEqual(['Record mammography by 31 Dec 2026']);
  });

  it('that a report is not final', async () => {
    const gap = await answer(prepared, [visit, mammogram('2026-02-03', { status: 'preliminary' })], '2026-11-22');
    expect(texts(gap.reasons)[0]).toBe(
      'Mammography of 3 Feb 2026 has the status preliminary; must be final, amended, corrected or appended',
    );
  });

  it('which mammograms closed the gap, the newest first, without those that do not count', async () => {
    const sketches = [visit, mammogram('2019-01-01'), mammogram('2025-01-01'), mammogram('2026-02-03')];
    const gap = await answer(prepared, sketches, '2026-11-22');
    expect(gap).toMatchObject({
      status: 'closed-gap',
      evidence: ['DiagnosticReport/diagnosticreport-4', 'DiagnosticReport/diagnosticreport-3'],
    });
  });

  it('what excludes a patient', async () => {
    const hospice: Sketch = {
      resourceType: 'ServiceRequest',
      status: 'active',
      intent: 'order',
      code: { coding: [{ system: 'http://snomed.info/sct', code: '385763009' }] },
      authoredOn: '2026-04-01',
    };
    const gap = await answer(prepared, [visit, hospice, mammogram('2026-02-03')], '2026-11-22');
    expect(gap).toMatchObject({ status: 'closed-gap', evidence: ['ServiceRequest/servicerequest-2'] });
  });
});
