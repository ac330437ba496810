import type { Parameters, ParametersParameter, RiskAssessment } from '@medplum/fhirtypes';
import type { FhirResource } from '../../../cql/index.ts';
import { baseProblems } from '../../support/base-r4.ts';
import { type Answer, issuesOf, openPractice, type Practice, tenant } from './practice.ts';

let practice: Practice;

const patient = (id: string, birthDate: string | undefined, gender = 'female'): FhirResource => ({
  resourceType: 'Patient',
  id,
  gender,
  name: [{ family: id, given: ['Test'] }],
  ...(birthDate !== undefined && { birthDate }),
});
const visit = (id: string, of: string, day: string, ...codes: readonly string[]): FhirResource => ({
  resourceType: 'Claim',
  id,
  status: 'active',
  use: 'claim',
  type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/claim-type', code: 'professional' }] },
  patient: { reference: `Patient/${of}` },
  created: day,
  provider: { display: 'Clinic' },
  priority: { text: 'normal' },
  billablePeriod: { start: day, end: day },
  insurance: [{ sequence: 1, focal: true, coverage: { display: 'plan' } }],
  diagnosis: codes.map((code, index) => ({
    sequence: index + 1,
    diagnosisCodeableConcept: { coding: [{ system: 'http://hl7.org/fhir/sid/icd-10-cm', code }] },
  })),
  item: [
    {
      sequence: 1,
      productOrService: { coding: [{ system: 'http://www.ama-assn.org/go/cpt', code: '99214' }] },
      servicedDate: day,
    },
  ],
});
const coverage = (of: string, ...extension: readonly object[]): FhirResource => ({
  resourceType: 'Coverage',
  id: `coverage-${of}`,
  status: 'active',
  type: { coding: [{ system: 'https://nahdo.org/sopt', code: '111' }] },
  beneficiary: { reference: `Patient/${of}` },
  payor: [{ display: 'Plan' }],
  extension: [...extension],
});
const ours = 'http://gapless.health/StructureDefinition';

beforeAll(async () => {
  practice = await openPractice();
  await practice.store(
    patient('heart', '1954-01-15', 'male'),
    visit('visit-1', 'heart', '2025-03-10', 'E11.22', 'I50.22'),
    visit('visit-2', 'heart', '2025-12-31', 'I48.91', 'N18.32'),
    visit('visit-3', 'heart', '2026-01-01', 'C34.90'),
    patient('dual', '1956-01-15'),
    coverage(
      'dual',
      { url: `${ours}/medicare-dual-status`, valueCode: '02' },
      { url: `${ours}/medicare-entitlement-reason`, valueCode: '0' },
      { url: `${ours}/long-term-institutional`, valueBoolean: false },
      { url: `${ours}/medicare-new-enrollee`, valueBoolean: false },
    ),
    patient('timeless', undefined),
    {
      resourceType: 'Group',
      id: 'roster',
      type: 'person',
      actual: true,
      member: ['heart', 'dual', 'timeless', 'nobody'].map((id) => ({ entity: { reference: `Patient/${id}` } })),
    },
  );
}, 120_000);
afterAll(() => practice.close());

const ask = (path: string, query: Record<string, string | string[]> = {}): Promise<Answer> =>
  practice.get(`${path}/$risk-score`, query);
const assessment = ({ body }: Answer): RiskAssessment => body as unknown as RiskAssessment;
const steps = (answer: RiskAssessment): readonly ParametersParameter[] => {
  const contained = answer.contained?.[0];
  return contained?.resourceType === 'Parameters' ? (contained.parameter ?? []) : [];
};
const partsOf = (all: readonly ParametersParameter[], name: string): readonly ParametersParameter[] =>
  all.filter((one) => one.name === name);

describe('$risk-score', () => {
  it('scores a patient from the claims of the year before, as the worked case G04', async () => {
    const answer = await ask('Patient/heart', { paymentYear: '2026' });
    expect(answer.status).toBe(200);
    const { prediction, subject, basis, status, contained } = assessment(answer);
    expect({ subject, status }).toEqual({ subject: { reference: 'Patient/heart' }, status: 'preliminary' });
    expect(prediction).toHaveLength(1);
    expect(prediction?.[0]).toMatchObject({
      relativeRisk: 1.51,
      outcome: { text: 'CMS-HCC V28, segment CNA' },
      whenPeriod: { start: '2026-01-01', end: '2026-12-31' },
    });
    expect(prediction?.[0]?.rationale).toContain('HF_KIDNEY_V28 0.176');
    expect(basis).toEqual([
      { reference: 'Claim/visit-1/_history/1' },
      { reference: 'Claim/visit-2/_history/1' },
      { reference: '#steps' },
    ]);
    expect(contained?.[0]?.id).toBe('steps');
    expect(baseProblems(assessment(answer))).toEqual([]);
  });

  it('shows each step with the resource behind it', async () => {
    const all = steps(assessment(await ask('Patient/heart', { paymentYear: '2026' })));
    const model = partsOf(all, 'model')[0]?.part ?? [];
    const diabetes = partsOf(model, 'diagnosis')[0]?.part ?? [];
    expect(partsOf(diabetes, 'code')[0]?.valueCoding?.code).toBe('E11.22');
    expect(partsOf(diabetes, 'category')[0]?.valueInteger).toBe(37);
    expect(partsOf(diabetes, 'evidence')[0]?.part).toEqual([
      { name: 'source', valueReference: { reference: 'Claim/visit-1/_history/1' } },
      { name: 'service', valueReference: { reference: 'Claim/visit-1/_history/1' } },
      { name: 'date', valueDate: '2025-03-10' },
    ]);
    const service = partsOf(all, 'service')[0]?.part ?? [];
    expect(partsOf(service, 'gate').map(({ part }) => part?.[0]?.valueCode)).toEqual([
      'date',
      'stands',
      'source',
      'chart-review',
      'eligible-code',
      'face-to-face',
    ]);
    expect(partsOf(model, 'table').map(({ part }) => part?.[0]?.valueString)).toContain('mapping-V28-2026');
    expect(partsOf(all, 'servicesOutsideCollection')[0]?.valueInteger).toBe(1);
    expect(partsOf(all, 'assumption').length).toBeGreaterThan(2);
  });

  it('takes the payment year of services of this year unless told', async () => {
    const { prediction, method } = assessment(await ask('Patient/heart'));
    expect(method?.text).toBe('CMS-HCC V28, payment year 2027');
    expect(prediction?.[0]?.rationale).toContain('HCC20 1.136');
  });

  it('weights both models in the blend of 2025', async () => {
    const { prediction } = assessment(await ask('Patient/dual', { paymentYear: '2025' }));
    expect(prediction?.map(({ outcome }) => outcome?.text)).toEqual([
      'Payment score of the blend',
      'CMS-HCC V24, segment CFA',
      'CMS-HCC V28, segment CFA',
    ]);
    expect(prediction?.[0]?.rationale).toMatch(/^33% of .* \+ 67% of /);
  });

  it('lets a request say day, collection and segment', async () => {
    const { prediction } = assessment(await ask('Patient/heart', { paymentYear: '2026', asOf: '2025-06-30' }));
    expect(prediction?.[0]?.rationale).not.toContain('HCC238');
    const other = assessment(
      await ask('Patient/heart', {
        paymentYear: '2026',
        collectionStart: '2026-01-01',
        collectionEnd: '2026-01-31',
        segment: 'INS',
      }),
    );
    expect(other.prediction?.[0]).toMatchObject({ outcome: { text: 'CMS-HCC V28, segment INS' } });
    expect(other.prediction?.[0]?.rationale).toContain('HCC20 0.672');
  });

  it.each<[Record<string, string>, number, RegExp]>([
    [{ paymentYear: '2031' }, 422, /Payment year 2031 has no tables: 2024 to 2027/],
    [{ paymentYear: '2026', model: 'V24' }, 422, /Part C is 100% V28/],
    [{ paymentYear: '2026', model: 'ESRD-V24' }, 422, /ESRD V24 is for members with ESRD/],
    [{ paymentYear: '2026', segment: 'XYZ' }, 422, /has no segment XYZ: there are CNA/],
    [{ paymentYear: '2026', segment: 'CND' }, 422, /not for this person's age/],
    [{ paymentYear: '2026', model: 'V99' }, 400, /must be one of V24, V28/],
    [{ asOf: '2026-02-30' }, 400, /must be a day/],
    [{ collectionStart: '2026-01-01' }, 400, /collectionEnd.*is required/],
    [{ collectionStart: '2026-02-01', collectionEnd: '2026-01-01' }, 400, /must not lie before/],
  ])('refuses %j with %d', async (query, status, message) => {
    const answer = await ask('Patient/heart', query);
    expect(answer.status).toBe(status);
    expect(issuesOf(answer).join()).toMatch(message);
  });

  it('answers categories of RxHCC, and says why they have no score', async () => {
    const { prediction, note } = assessment(await ask('Patient/heart', { paymentYear: '2026', model: 'RxHCC-V08' }));
    expect(prediction?.[0]?.relativeRisk).toBeUndefined();
    expect(note?.map(({ text }) => text).join()).toContain('holds two values for each coefficient');
  });

  it('refuses a patient that nobody can score, and one that is not there', async () => {
    const timeless = await ask('Patient/timeless');
    expect([timeless.status, issuesOf(timeless)[0]]).toEqual([
      422,
      'The Patient has no birth date with a day, without which nobody can be scored',
    ]);
    expect((await ask('Patient/nobody')).status).toBe(404);
  });

  it('scores a roster, and tells who could not be', async () => {
    const answer = await ask('Group/roster', { paymentYear: '2026' });
    const { parameter = [] } = answer.body as unknown as Parameters;
    const scored = parameter.flatMap(({ resource }) => (resource?.resourceType === 'RiskAssessment' ? [resource] : []));
    expect(scored.map(({ subject, prediction }) => [subject.reference, prediction?.[0]?.relativeRisk])).toEqual([
      ['Patient/heart', 1.51],
      ['Patient/dual', 0.446],
    ]);
    const outcome = parameter.find(({ name }) => name === 'outcome')?.resource;
    const issues = outcome?.resourceType === 'OperationOutcome' ? outcome.issue : [];
    expect(issues.map(({ diagnostics }) => diagnostics)).toEqual([
      'Patient/timeless: The Patient has no birth date with a day, without which nobody can be scored',
      'Patient/nobody does not exist',
    ]);
  });

  it('asks for the right to read every type that it reads', async () => {
    const scopes = ['user/Patient.rs', 'user/Claim.rs', 'user/Condition.rs', 'user/Encounter.rs', 'user/Coverage.rs'];
    const answer = await practice.send('GET', 'Patient/heart/$risk-score', { scopes });
    expect(answer.status).toBe(403);
  });

  it('leaves an AuditEvent that names the patient', async () => {
    await ask('Patient/heart');
    const { rows } = await practice.database.query<{ content: string }>(
      `SELECT content FROM resource WHERE tenant = $1 AND type = 'AuditEvent' ORDER BY last_updated DESC LIMIT 5`,
      [tenant],
    );
    expect(rows.some(({ content }) => content.includes('$risk-score') && content.includes('Patient/heart'))).toBe(true);
  });
});
