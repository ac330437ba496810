import type { Parameters, ParametersParameter } from '@medplum/fhirtypes';
import type { FhirResource } from '../../../cql/index.ts';
import { type Answer, openPractice, type Practice } from '../operations/practice.ts';

let practice: Practice;
const atr = 'http://hl7.org/fhir/us/davinci-atr/StructureDefinition';
const cpt = 'http://www.ama-assn.org/go/cpt';
const role = (clinician: string, organization: string, taxonomy: string): FhirResource => ({
  resourceType: 'PractitionerRole',
  id: `role-${clinician}`,
  practitioner: { reference: `Practitioner/${clinician}` },
  organization: { reference: `Organization/${organization}` },
  specialty: [{ coding: [{ system: 'http://nucc.org/provider-taxonomy', code: taxonomy }] }],
});
const organization = (id: string, tin: string): FhirResource => ({
  resourceType: 'Organization',
  id,
  identifier: [{ system: 'urn:oid:2.16.840.1.113883.4.4', value: tin }],
});
let visits = 0;
const visit = (patient: string, clinician: string, day: string, more: object = {}): FhirResource => {
  visits += 1;
  return {
    resourceType: 'Encounter',
    id: `seen-${visits}`,
    status: 'finished',
    class: { code: 'AMB' },
    type: [{ coding: [{ system: cpt, code: '99213' }] }],
    subject: { reference: `Patient/${patient}` },
    participant: [{ individual: { reference: `PractitionerRole/role-${clinician}` } }],
    period: { start: `${day}T09:00:00Z` },
    ...more,
  };
};
const benefit = (id: string, patient: string, organizationId: string, day: string, dollars: number): FhirResource => ({
  resourceType: 'ExplanationOfBenefit',
  id,
  status: 'active',
  type: { text: 'professional' },
  use: 'claim',
  patient: { reference: `Patient/${patient}` },
  created: day,
  insurer: { display: 'Payer' },
  provider: { reference: `Organization/${organizationId}` },
  outcome: 'complete',
  insurance: [{ focal: true, coverage: { display: 'c' } }],
  item: [
    {
      sequence: 1,
      productOrService: { coding: [{ system: cpt, code: '99214' }] },
      servicedDate: day,
      adjudication: [{ category: { coding: [{ code: 'eligible' }] }, amount: { value: dollars } }],
    },
  ],
});
const member = (patient: string, clinician: string): object => ({
  extension: [{ url: `${atr}/ext-attributedProvider`, valueReference: { reference: `Practitioner/${clinician}` } }],
  entity: { reference: `Patient/${patient}` },
});

beforeAll(async () => {
  practice = await openPractice();
  await practice.store(
    organization('main', '11'),
    organization('branch', '11'),
    organization('rival', '22'),
    ...['ann', 'bea', 'rex'].map((id): FhirResource => ({ resourceType: 'Practitioner', id })),
    role('ann', 'main', '207Q00000X'),
    role('bea', 'branch', '207R00000X'),
    role('rex', 'rival', '207Q00000X'),
    ...['agreed', 'moved', 'lost', 'unseen', 'gained'].map((id): FhirResource => ({ resourceType: 'Patient', id })),
    visit('agreed', 'ann', '2026-02-01'),
    visit('agreed', 'bea', '2026-02-02'),
    visit('agreed', 'ann', '2026-02-03'),
    visit('agreed', 'rex', '2026-05-01'),
    visit('moved', 'bea', '2026-02-01'),
    visit('lost', 'rex', '2026-02-01'),
    visit('lost', 'rex', '2026-03-01'),
    visit('gained', 'ann', '2026-02-01'),
    visit('gained', 'ann', '2026-02-09', { status: 'cancelled' }),
    benefit('b1', 'unseen', 'rival', '2026-04-01', 100),
    {
      resourceType: 'Group',
      id: 'compared',
      extension: [{ url: `${atr}/ext-attributionListStatus`, valueCode: 'open' }],
      type: 'person',
      actual: true,
      managingEntity: { reference: 'Organization/main' },
      member: [member('agreed', 'ann'), member('moved', 'ann'), member('lost', 'ann'), member('unseen', 'ann')],
    },
  );
}, 120_000);
afterAll(() => practice.close());

const named = (parameters: readonly ParametersParameter[] | undefined, name: string): ParametersParameter[] =>
  (parameters ?? []).filter((one) => one.name === name);
const value = (parameter: ParametersParameter | undefined): unknown => {
  const { name: _, part: __, ...values } = parameter ?? { name: '' };
  const [only] = Object.values(values);
  return typeof only === 'object' && 'reference' in only ? only.reference : only;
};
const ask = (query: Record<string, string> = {}): Promise<Answer> =>
  practice.get('Group/compared/$compare-attribution', query);

describe('A list beside what visits say', () => {
  it('tells for each patient who agrees, who was seen elsewhere, and which visits counted', async () => {
    const answer = await ask({ all: 'true' });
    expect(answer.status).toBe(200);
    const { parameter } = answer.body as unknown as Parameters;
    const patients = named(parameter, 'patient').map(({ part }) => [
      value(named(part, 'patient')[0]),
      value(named(part, 'agreement')[0]),
      value(named(part, 'computedProvider')[0]),
      value(named(part, 'withoutVisit')[0]) ?? false,
      named(part, 'elsewhere').map((one) => value(named(one.part, 'days')[0])),
    ]);
    expect(patients).toEqual([
      ['Patient/agreed', 'both', 'Practitioner/ann', false, [1]],
      ['Patient/gained', 'computed-only', 'Practitioner/ann', false, []],
      ['Patient/lost', 'list-only', 'Practitioner/rex', true, [2]],
      ['Patient/moved', 'other-provider', 'Practitioner/bea', false, []],
      ['Patient/unseen', 'list-only', undefined, true, [1]],
    ]);
    const shares = named(named(parameter, 'patient')[0]?.part, 'share').map(({ part }) => [
      value(named(part, 'organization')[0]),
      value(named(part, 'visits')[0]),
      named(part, 'counted').map(value),
    ]);
    expect(shares).toEqual([
      ['urn:oid:2.16.840.1.113883.4.4|11', 3, ['Encounter/seen-1', 'Encounter/seen-2', 'Encounter/seen-3']],
      ['urn:oid:2.16.840.1.113883.4.4|22', 1, ['Encounter/seen-4']],
    ]);
  });

  it('adds it up', async () => {
    const { parameter } = (await ask()).body as unknown as Parameters;
    const [summary] = named(parameter, 'summary');
    const counts = Object.fromEntries(
      (summary?.part ?? [])
        .filter(({ valueInteger }) => valueInteger !== undefined)
        .map((one) => [one.name, one.valueInteger]),
    );
    expect(counts).toEqual({
      members: 4,
      both: 1,
      'other-provider': 1,
      'list-only': 2,
      'computed-only': 1,
      'without-visit': 2,
      leaking: 3,
    });
    expect(named(summary?.part, 'leakage').map(({ part }) => part?.map(value))).toEqual([
      ['urn:oid:2.16.840.1.113883.4.4|22', 4, 3],
    ]);
    expect(named(summary?.part, 'note').map(value).join()).toMatch(/2025/);
  });

  it('looks at the window that is asked for, and refuses Groups that are no lists', async () => {
    const { parameter } = (await ask({ periodStart: '2025', periodEnd: '2025' })).body as unknown as Parameters;
    expect(value(named(named(parameter, 'summary')[0]?.part, 'without-visit')[0])).toBe(4);
    expect((await practice.get('Group/roster/$compare-attribution')).status).toBe(422);
  });
});
