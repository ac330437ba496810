import { type FhirResource, PatientRecord } from '../../../cql/index.ts';
import {
  evaluateSubject,
  type GapAnswer,
  type GroupDefinition,
  gapAnswers,
  type PreparedMeasure,
} from '../../../measures/index.ts';
import { group, measure, now, period, population } from '../fakes.ts';
import { prepareCql } from '../prepared.ts';

const cql = `
library Gaps version '1'
using FHIR version '4.0.1'
include FHIRHelpers version '4.0.1'
codesystem "Codes": 'http://example.org/codes'
code "Systolic": 'systolic' from "Codes" display 'Systolic pressure'
valueset "Mammography": 'http://example.org/ValueSet/mammography'
valueset "A1c": 'http://example.org/ValueSet/a1c'
valueset "Pressure": 'http://example.org/ValueSet/pressure'
valueset "Hospice": 'http://example.org/ValueSet/hospice'
parameter "Measurement Period" Interval<DateTime>
context Patient
define "Everybody": true
define "Hospice Care": exists [Encounter: "Hospice"]
define "Mammogram": exists ([Observation: "Mammography"] M
  where M.status = 'final'
    and M.effective.toInterval() ends during day of Interval[start of "Measurement Period" - 15 months, end of "Measurement Period"])
define fluent function toInterval(choice Choice<FHIR.dateTime, FHIR.Period, FHIR.Timing, FHIR.instant>):
  Interval[FHIRHelpers.ToDateTime(choice as FHIR.dateTime), FHIRHelpers.ToDateTime(choice as FHIR.dateTime)]
define "A1c Tests": [Observation: "A1c"] T where T.effective.toInterval() ends during day of "Measurement Period"
define "Poor Control": not exists "A1c Tests" or Max("A1c Tests" T return (T.value as FHIR.Quantity).value.value) > 9.0
define "Pressures": [Observation: "Pressure"] P
  return singleton from (P.component C where C.code ~ "Systolic" return C.value as FHIR.Quantity).value.value
define "Low Pressure": Last("Pressures") < 140
`;

function numerator(expression: string, improvementNotation: 'increase' | 'decrease'): GroupDefinition {
  return group({
    id: expression,
    improvementNotation,
    populations: [
      population('initial-population', { expression: 'Everybody' }),
      population('denominator', { expression: 'Everybody' }),
      population('denominator-exclusion', { expression: 'Hospice Care' }),
      population('numerator', { expression }),
    ],
  });
}

const observation = (code: string, date: string, more: object = {}): FhirResource => ({
  resourceType: 'Observation',
  id: `${code}-${date}`,
  status: 'final',
  code: { coding: [{ system: 'http://example.org/codes', code }] },
  effectiveDateTime: date,
  ...more,
});
const hospice: FhirResource = {
  resourceType: 'Encounter',
  id: 'hospice',
  type: [{ coding: [{ system: 'http://example.org/codes', code: 'hospice' }] }],
};
const percent = (value: number): object => ({
  valueQuantity: { value, unit: '%', system: 'http://unitsofmeasure.org', code: '%' },
});
const systolic = (value: number): object => ({
  component: [
    { code: { coding: [{ system: 'http://example.org/codes', code: 'systolic' }] }, valueQuantity: { value } },
  ],
});

describe('The answer to the gaps of one patient', () => {
  let prepared: PreparedMeasure;
  beforeAll(async () => {
    const groups = [
      numerator('Mammogram', 'increase'),
      numerator('Poor Control', 'decrease'),
      numerator('Low Pressure', 'increase'),
    ];
    prepared = await prepareCql(measure(groups), cql);
  });

  async function answer(
    groupId: string,
    resources: readonly FhirResource[],
    asOf = '2027-02-01',
  ): Promise<GapAnswer | undefined> {
    const record = new PatientRecord([{ resourceType: 'Patient', id: 'p' }, ...resources]);
    const result = await evaluateSubject(prepared, record, { period, now, trace: true });
    return gapAnswers(prepared, result, { period, asOf }).find(({ group: { id } }) => id === groupId);
  }

  it('says what was not found, within which dates, and what would close the gap', async () => {
    const gap = await answer('Mammogram', []);
    expect(gap?.status).toBe('open-gap');
    expect(gap?.reasons).toMatchObject([
      {
        code: 'NotFound',
        reference: null,
        text: 'No mammography between 1 Oct 2024 and 31 Dec 2026 was found',
        need: {
          resourceType: 'Observation',
          valueSet: 'http://example.org/ValueSet/mammography',
          datePath: 'effective',
          dateFrom: '2024-10-01',
          dateTo: '2026-12-31',
        },
      },
    ]);
    expect(gap?.nextSteps.map(({ text }) => text)).toEqual(['Record mammography between 1 Oct 2024 and 31 Dec 2026']);
  });

  it('says which data was too old', async () => {
    const gap = await answer('Mammogram', [
      observation('mammography', '2024-09-30'),
      observation('mammography', '2020-01-01'),
    ]);
    expect(gap?.reasons).toMatchObject([
      { code: 'DateOutOfRange', reference: 'Observation/mammography-2024-09-30', path: 'Observation.effective' },
    ]);
  });

  it('says that data was found which does not count for another reason', async () => {
    const gap = await answer('Mammogram', [observation('mammography', '2026-03-01', { status: 'preliminary' })]);
    expect(gap?.reasons).toMatchObject([{ code: 'InvalidAttribute', reference: 'Observation/mammography-2026-03-01' }]);
  });

  it('names the data that closed the gap', async () => {
    const gap = await answer('Mammogram', [
      observation('mammography', '2026-03-01'),
      observation('mammography', '2019-03-01'),
    ]);
    expect(gap).toMatchObject({
      status: 'closed-gap',
      reasons: [],
      nextSteps: [],
      evidence: ['Observation/mammography-2026-03-01'],
    });
  });

  it('names the data that took the patient out of the measure', async () => {
    expect(await answer('Mammogram', [hospice])).toMatchObject({
      status: 'closed-gap',
      evidence: ['Encounter/hospice'],
    });
  });

  it('is prospective as long as the period runs, with the same reasons', async () => {
    expect(await answer('Mammogram', [], '2026-06-01')).toMatchObject({
      status: 'prospective-gap',
      reasons: [{ code: 'NotFound' }],
    });
  });

  it('where less is better, says which value is out of range, and which would be in', async () => {
    const gap = await answer('Poor Control', [observation('a1c', '2026-05-01', percent(9.4))]);
    expect(gap?.status).toBe('open-gap');
    expect(gap?.reasons).toMatchObject([
      {
        code: 'ValueOutOfRange',
        reference: 'Observation/a1c-2026-05-01',
        text: 'A1c of 1 May 2026 was 9.4; must be at most 9',
      },
    ]);
    expect(gap?.nextSteps.map(({ text }) => text)).toEqual(['Record A1c at most 9 between 1 Jan and 31 Dec 2026']);
  });

  it('where less is better and nothing is recorded, says so', async () => {
    expect((await answer('Poor Control', []))?.reasons).toMatchObject([{ code: 'NotFound' }]);
    expect(await answer('Poor Control', [observation('a1c', '2026-05-01', percent(7))])).toMatchObject({
      status: 'closed-gap',
    });
  });

  it('reads the value of the component that the measure asks for', async () => {
    const gap = await answer('Low Pressure', [observation('pressure', '2026-05-01', systolic(152))]);
    expect(gap?.reasons).toMatchObject([
      { code: 'ValueOutOfRange', text: 'Systolic pressure of 1 May 2026 was 152; must be below 140' },
    ]);
  });
});
