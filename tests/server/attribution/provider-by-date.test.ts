import type { FhirResource } from '../../../cql/index.ts';
import { attributionDay } from '../../../server/gaps/attribution-on-day.ts';
import { breast, openPractice, type Practice, tenant } from '../operations/practice.ts';

let practice: Practice;
beforeAll(async () => {
  practice = await openPractice();
}, 120_000);
afterAll(() => practice.close());

const atr = 'http://hl7.org/fhir/us/davinci-atr/StructureDefinition';
const member = (patient: string, provider: string | null, period: object, more: object = {}): object => ({
  ...(provider !== null && {
    extension: [{ url: `${atr}/ext-attributedProvider`, valueReference: { reference: provider } }],
  }),
  entity: { reference: `Patient/${patient}` },
  period,
  ...more,
});
const list = (members: object[], more: object = {}): FhirResource => ({
  resourceType: 'Group',
  id: 'payer-list',
  extension: [
    { url: `${atr}/ext-contractValidityPeriod`, valuePeriod: { start: '2025-01-01', end: '2026-12-31' } },
    { url: `${atr}/ext-attributionListStatus`, valueCode: 'open' },
  ],
  type: 'person',
  actual: true,
  member: members,
  ...more,
});

/** The subjects of a report of a provider over a period. */
async function reported(practitioner: string, periodStart: string, periodEnd: string): Promise<string[]> {
  const answer = await practice.get('Measure/$evaluate-measure', {
    measure: breast,
    periodStart,
    periodEnd,
    practitioner,
    reportType: 'subject-list',
  });
  expect(answer.status).toBe(200);
  const all = JSON.stringify(answer.body).match(/Patient\/(open|closed|man)(?=")/g) ?? [];
  return [...new Set(all)].toSorted();
}

// In the practice, Dr. "doctor" is the general practitioner of open and closed (by a role), "other" that of man.
describe('The patients of a provider', () => {
  it('are those of the list that holds on the last day of the period, before any general practitioner', async () => {
    await practice.store(
      list([
        member('open', 'Practitioner/doctor', { start: '2025-01-01', end: '2026-06-30' }, { inactive: true }),
        member('open', 'Practitioner/other', { start: '2026-07-01' }),
      ]),
    );
    expect(await reported('Practitioner/doctor', '2026-01-01', '2026-06-30')).toEqual([
      'Patient/closed',
      'Patient/open',
    ]);
    expect(await reported('Practitioner/doctor', '2026', '2026')).toEqual(['Patient/closed']);
    expect(await reported('Practitioner/other', '2026-01-01', '2026-06-30')).not.toContain('Patient/open');
    expect(await reported('Practitioner/other', '2026', '2026')).toContain('Patient/open');
  });

  it.each<[string, object, string[]]>([
    [
      'inactive today',
      member('open', 'Practitioner/other', { start: '2026-01-01' }, { inactive: true }),
      ['Patient/closed', 'Patient/open'],
    ],
    [
      'dropped before',
      member('open', 'Practitioner/other', { start: '2026-01-01', end: '2026-03-31' }),
      ['Patient/closed', 'Patient/open'],
    ],
    [
      'still to come',
      member('open', 'Practitioner/other', { start: '2026-12-01' }),
      ['Patient/closed', 'Patient/open'],
    ],
    ['without a provider', member('open', null, {}), ['Patient/closed', 'Patient/open']],
    ['without an end', member('open', 'Practitioner/other', {}), ['Patient/closed']],
  ])('fall back to the general practitioner where the member is %s', async (_, one, patients) => {
    await practice.store(list([one]));
    expect(await reported('Practitioner/doctor', '2026', '2026')).toEqual(patients);
  });

  it('know the practitioner behind a role', async () => {
    await practice.store(list([member('man', 'PractitionerRole/role', { start: '2026-01-01' })]));
    // "man" is in no report of breast cancer: who is attributed shows in who is left out for others.
    expect(await reported('Practitioner/doctor', '2026', '2026')).toEqual(['Patient/closed', 'Patient/open']);
    await practice.store(list([member('open', 'PractitionerRole/role', { start: '2026-01-01' })]));
    expect(await reported('Practitioner/doctor', '2026', '2026')).toEqual(['Patient/closed', 'Patient/open']);
    expect(await reported('Practitioner/other', '2026', '2026')).not.toContain('Patient/open');
  });

  it('of an organization are the members of the lists that it manages, while they hold', async () => {
    const managed = (contract: object): FhirResource => ({
      ...list([member('closed', 'Practitioner/other', { start: '2026-01-01' })], {
        managingEntity: { reference: 'Organization/clinic' },
      }),
      extension: [
        { url: `${atr}/ext-contractValidityPeriod`, valuePeriod: contract },
        { url: `${atr}/ext-attributionListStatus`, valueCode: 'final' },
      ],
    });
    const of = async (): Promise<string> => {
      const answer = await practice.get('Measure/$care-gaps', {
        measureUrl: breast,
        periodStart: '2026-01-01',
        periodEnd: '2026-12-31',
        organization: 'Organization/clinic',
        provider: 'Organization/clinic',
        status: ['open-gap', 'closed-gap', 'prospective-gap'],
      });
      return [...new Set(JSON.stringify(answer.body).match(/"Patient\/(open|closed)"/g) ?? [])].toSorted().join();
    };
    await practice.store(managed({ start: '2026-01-01', end: '2026-12-31' }));
    expect(await of()).toBe('"Patient/closed","Patient/open"');
    await practice.store(managed({ start: '2025-01-01', end: '2025-12-31' }));
    expect(await of()).toBe('"Patient/open"');
    expect(tenant).toBe('practice');
  });

  it.each([
    ['a year that is over', '2025-01-01', '2025-12-31', '2025-12-31'],
    ['the year that it is', '2026-01-01', '2026-12-31', '2026-11-22'],
    ['a year to come', '2027-01-01', '2027-12-31', '2027-01-01'],
  ])('are asked for %s on a day of it', (_, start, end, day) => {
    expect(attributionDay({ start, end }, '2026-11-22')).toEqual({ day, today: '2026-11-22' });
  });
});
