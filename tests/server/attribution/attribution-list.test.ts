import type { Bundle, Group, GroupMember } from '@medplum/fhirtypes';
import type { FhirResource } from '../../../cql/index.ts';
import { findIds } from '../../../server/store/find-ids.ts';
import { readResource, readVersion } from '../../../server/store/read.ts';
import { type Answer, issuesOf, openPractice, type Practice, parameters, tenant } from '../operations/practice.ts';

let practice: Practice;
const npi = (value: string) => [{ system: 'http://hl7.org/fhir/sid/us-npi', value }];
const memberNumber = (value: string) => ({ system: 'http://payer.example/member', value });
const atr = 'http://hl7.org/fhir/us/davinci-atr/StructureDefinition';

function list(id: string, status: string, members: readonly object[] = []): FhirResource {
  return {
    resourceType: 'Group',
    id,
    extension: [
      { url: `${atr}/ext-contractValidityPeriod`, valuePeriod: { start: '2026-01-01', end: '2026-12-31' } },
      { url: `${atr}/ext-attributionListStatus`, valueCode: status },
    ],
    identifier: [{ system: 'http://payer.example/contract', value: `contract-${id}` }],
    active: true,
    type: 'person',
    actual: true,
    name: `List ${id}`,
    ...(members.length > 0 && { member: members }),
  };
}

const patient = (id: string): FhirResource => ({
  resourceType: 'Patient',
  id,
  identifier: [memberNumber(`M-${id}`)],
  birthDate: '1960-01-01',
  name: [{ family: 'Listed', given: [id] }],
});

beforeAll(async () => {
  practice = await openPractice();
  await practice.store(
    { resourceType: 'Practitioner', id: 'ada', identifier: npi('9000000001') },
    { resourceType: 'Practitioner', id: 'ben', identifier: npi('9000000002') },
    { resourceType: 'Practitioner', id: 'twin-1', identifier: npi('9000000003') },
    { resourceType: 'Practitioner', id: 'twin-2', identifier: npi('9000000003') },
    patient('anna'),
    patient('bert'),
    patient('cleo'),
    {
      resourceType: 'Coverage',
      id: 'anna-coverage',
      status: 'active',
      identifier: [{ system: 'http://payer.example/policy', value: 'P-1' }],
      beneficiary: { reference: 'Patient/anna' },
      payor: [{ display: 'Payer' }],
    },
  );
}, 120_000);
afterAll(() => practice.close());

const identifier = (name: string, value: object) => ({ name, valueIdentifier: value });
const reference = (name: string, target: string) => ({ name, valueReference: { reference: target } });
const call = (id: string, operation: string, ...values: readonly object[]): Promise<Answer> =>
  practice.post(`Group/${id}/$${operation}`, parameters(values));
const group = async (id: string): Promise<Group> =>
  JSON.parse((await readResource(practice.database, tenant, 'Group', id)).content ?? '');
const extension = ({ extension: extensions = [] }: GroupMember, name: string) =>
  extensions.find(({ url }) => url === `${atr}/${name}`);
const said = (member: GroupMember) => ({
  patient: member.entity.reference,
  provider: extension(member, 'ext-attributedProvider')?.valueReference?.reference,
  change: extension(member, 'ext-changeType')?.valueCode,
  inactive: member.inactive,
  period: member.period,
});

const asMember = identifier('memberId', memberNumber('M-anna'));
const asPatient = reference('patientReference', 'Patient/anna');
const byNpi = identifier('providerNpi', { value: '9000000001' });
const byReference = reference('providerReference', 'Practitioner/ada');
const period = { name: 'attributionPeriod', valuePeriod: { start: '2026-03-01', end: '2026-09-30' } };
const coverage = reference('coverageReference', 'Coverage/anna-coverage');

describe('$member-add', () => {
  it.each([
    ['memberId and providerNpi', [asMember, byNpi], { start: '2026-11-22', end: '2026-12-31' }],
    ['memberId, providerNpi and a period', [asMember, byNpi, period], { start: '2026-03-01', end: '2026-09-30' }],
    ['patientReference and providerReference', [asPatient, byReference], { start: '2026-11-22', end: '2026-12-31' }],
    [
      'patientReference, providerReference and a period',
      [asPatient, byReference, period],
      { start: '2026-03-01', end: '2026-09-30' },
    ],
    [
      'a Coverage’s identifier as memberId',
      [identifier('memberId', { system: 'http://payer.example/policy', value: 'P-1' }), byNpi],
      { start: '2026-11-22', end: '2026-12-31' },
    ],
  ])('takes %s', async (_, values, held) => {
    await practice.store(list('added', 'draft'));
    expect((await call('added', 'member-add', ...values)).status).toBe(200);
    const { member = [] } = await group('added');
    expect(member.map(said)).toEqual([
      { patient: 'Patient/anna', provider: 'Practitioner/ada', change: 'new', inactive: false, period: held },
    ]);
    expect(member.map((one) => extension(one, 'ext-coverageReference')?.valueReference?.reference)).toEqual([
      'Coverage/anna-coverage',
    ]);
  });

  it.each([
    ['nobody', [byNpi], /memberId: is required/],
    ['no provider', [asMember], /providerNpi: is required/],
    ['a member twice', [asMember, asPatient, byNpi], /cannot be used with patientReference/],
    ['a provider twice', [asMember, byNpi, byReference], /cannot be used with providerReference/],
    ['an unknown member', [identifier('memberId', { value: 'nobody' }), byNpi], /no Patient and no Coverage/],
    ['an unknown NPI', [asMember, identifier('providerNpi', { value: '12' })], /an NPI has ten digits/],
    ['an NPI of two', [asMember, identifier('providerNpi', { value: '9000000003' })], /of 2 Practitioners/],
    ['an absent Patient', [reference('patientReference', 'Patient/none'), byNpi], /does not exist/],
    [
      'dates reversed',
      [asMember, byNpi, { name: 'attributionPeriod', valuePeriod: { start: '2026-05-01', end: '2026-04-01' } }],
      /not after its end/,
    ],
    ['an empty period', [asMember, byNpi, { name: 'attributionPeriod', valuePeriod: {} }], /must be a Period/],
  ])('refuses %s and says what to do', async (_, values, sentence) => {
    await practice.store(list('refusing', 'open'));
    const answer = await call('refusing', 'member-add', ...values);
    expect([400, 404]).toContain(answer.status);
    expect(issuesOf(answer).join()).toMatch(sentence);
    expect((await group('refusing')).member).toBeUndefined();
  });

  it('changes nothing when the member is attributed so already', async () => {
    await practice.store(list('twice', 'open'));
    await call('twice', 'member-add', asMember, byNpi);
    const before = await group('twice');
    const answer = await call('twice', 'member-add', asPatient, byReference);
    expect(issuesOf(answer).join()).toMatch(/nothing was changed/);
    expect(await group('twice')).toEqual(before);
  });

  it('has one provider hold until the day before the next begins', async () => {
    await practice.store(list('moved', 'open'));
    await call('moved', 'member-add', asMember, byNpi, period);
    const july = { name: 'attributionPeriod', valuePeriod: { start: '2026-07-01' } };
    await call('moved', 'member-add', asMember, identifier('providerNpi', { value: '9000000002' }), july);
    expect((await group('moved')).member?.map(said)).toEqual([
      {
        patient: 'Patient/anna',
        provider: 'Practitioner/ada',
        change: 'changed',
        inactive: true,
        period: { start: '2026-03-01', end: '2026-06-30' },
      },
      {
        patient: 'Patient/anna',
        provider: 'Practitioner/ben',
        change: 'changed',
        inactive: false,
        period: { start: '2026-07-01', end: '2026-12-31' },
      },
    ]);
  });
});

describe('$member-remove', () => {
  const combinations: readonly (readonly [string, readonly object[]])[] = [
    ['memberId', [asMember]],
    ['memberId and providerNpi', [asMember, byNpi]],
    ['patientReference', [asPatient]],
    ['patientReference and providerReference', [asPatient, byReference]],
    ['patientReference, providerReference and coverageReference', [asPatient, byReference, coverage]],
    ['patientReference and coverageReference', [asPatient, coverage]],
    ['memberId, providerNpi and coverageReference', [asMember, byNpi, coverage]],
  ];
  it.each(combinations)('takes %s', async (_, values) => {
    await practice.store(list('removing', 'open'));
    await call('removing', 'member-add', asMember, byNpi, {
      name: 'attributionPeriod',
      valuePeriod: { start: '2026-01-01' },
    });
    expect((await call('removing', 'member-remove', ...values)).status).toBe(200);
    expect((await group('removing')).member?.map(said)).toEqual([
      {
        patient: 'Patient/anna',
        provider: 'Practitioner/ada',
        change: 'dropped',
        inactive: true,
        period: { start: '2026-01-01', end: '2026-11-22' },
      },
    ]);
  });

  it.each([
    ['another provider', [asMember, identifier('providerNpi', { value: '9000000002' })]],
    ['another coverage', [asMember, reference('coverageReference', 'Coverage/other')]],
    ['another member', [reference('patientReference', 'Patient/bert')]],
  ])('leaves the member of %s', async (_, values) => {
    await practice.store(list('staying', 'open'));
    await call('staying', 'member-add', asMember, byNpi);
    const answer = await call('staying', 'member-remove', ...values);
    expect(answer.status).toBe(404);
    expect(issuesOf(answer).join()).toMatch(/no active member/);
    expect((await group('staying')).member?.map(({ inactive }) => inactive)).toEqual([false]);
  });

  it('cancels an attribution that had not begun, as it was added in error', async () => {
    await practice.store(list('early', 'open'));
    await call('early', 'member-add', asMember, byNpi, {
      name: 'attributionPeriod',
      valuePeriod: { start: '2027-01-01' },
    });
    await call('early', 'member-remove', asMember);
    expect((await group('early')).member?.map(said)).toMatchObject([
      { change: 'cancelled', inactive: true, period: undefined },
    ]);
  });
});

describe('The status of a list', () => {
  const operations = ['member-add', 'member-remove', 'attribution-status'] as const;
  const states = ['draft', 'open', 'final', 'none'] as const;
  it.each(states.flatMap((state) => operations.map((operation) => [state, operation] as const)))(
    'a list that is %s answers $%s as the guide says',
    async (state, operation) => {
      await practice.store(list('state', 'open'));
      await call('state', 'member-add', asMember, byNpi);
      const { member = [] } = await group('state');
      const changed = list('state', state, member);
      await practice.store(state === 'none' ? { ...changed, extension: undefined } : changed);
      const values = operation === 'member-add' ? [reference('patientReference', 'Patient/bert'), byNpi] : [asMember];
      const answer = await call('state', operation, ...values);
      const refused = state === 'none' || (state === 'final' && operation !== 'attribution-status');
      expect(answer.status).toBe(refused ? 422 : 200);
      if (refused) expect(answer.body.resourceType).toBe('OperationOutcome');
    },
  );

  it.each(['draft', 'open', 'final'])(
    '$confirm-attribution-list answers 201 to a list that is %s, and makes it final',
    async (state) => {
      await practice.store(list('confirmed', state));
      const answer = await practice.post('Group/confirmed/$confirm-attribution-list', parameters([]));
      expect(answer.status).toBe(201);
      expect((await group('confirmed')).extension?.map(({ valueCode }) => valueCode)).toEqual([undefined, 'final']);
      expect((await call('confirmed', 'member-add', asMember, byNpi)).status).toBe(422);
    },
  );

  it('tells all that belongs to a member, and of the Group only that member', async () => {
    await practice.store(list('telling', 'open'));
    await call('telling', 'member-add', asMember, byNpi);
    await call('telling', 'member-add', reference('patientReference', 'Patient/bert'), byNpi);
    const { body } = await call('telling', 'attribution-status', asMember);
    const resources = ((body as unknown as Bundle).entry ?? []).flatMap(({ resource }) => resource ?? []);
    expect(resources.map(({ resourceType, id }) => `${resourceType}/${id}`)).toEqual([
      'Group/telling',
      'Patient/anna',
      'Practitioner/ada',
      'Coverage/anna-coverage',
    ]);
    expect((resources[0] as Group).member?.map(({ entity }) => entity.reference)).toEqual(['Patient/anna']);
    const stranger = await call('telling', 'attribution-status', reference('patientReference', 'Patient/cleo'));
    expect(stranger.status).toBe(404);
  });

  it('lists are found by identifier, by name and by member', async () => {
    await practice.store(list('found', 'open'));
    await call('found', 'member-add', asMember, byNpi);
    const find = (query: string) => findIds(practice.database, tenant, 'Group', query);
    expect(await find('identifier=http://payer.example/contract|contract-found')).toEqual(['found']);
    expect(await find('name=List found')).toEqual(['found']);
    expect(await find('member=Patient/anna')).toContain('found');
  });
});

describe('A list of many members', () => {
  const many = Array.from(
    { length: 1_000 },
    (_, n): GroupMember => ({
      entity: { reference: `Patient/many-${n}` },
      period: { start: '2026-01-01' },
      inactive: n % 10 === 0,
    }),
  );
  const text = async (): Promise<string> =>
    (await readResource(practice.database, tenant, 'Group', 'many')).content ?? '';
  const storedText = async (): Promise<string> => {
    const { rows } = await practice.database.query<{ content: string }>(
      `SELECT content FROM resource WHERE tenant = $1 AND type = 'Group' AND id = 'many'`,
      [tenant],
    );
    return rows[0]?.content ?? '';
  };

  it('changes by a member without its text being written, and reads as if it had been', async () => {
    await practice.store(list('many', 'open', many));
    const before = JSON.parse(await text());
    expect((await call('many', 'member-add', asMember, byNpi)).status).toBe(200);
    expect((await storedText()).length).toBeLessThan(1_500);
    const after: Group = JSON.parse(await text());
    expect(after).toEqual({ ...before, meta: after.meta, member: [...many, after.member?.at(-1)] });
    expect(Object.keys(after)).toEqual(Object.keys(before));
    expect(after.meta).toMatchObject({ versionId: '2', lastUpdated: expect.any(String) });
    expect(said(after.member?.at(-1) as GroupMember).patient).toBe('Patient/anna');
  });

  it('keeps every version as it was', async () => {
    await call('many', 'member-remove', asMember);
    const versions = await Promise.all(
      ['1', '2', '3'].map(async (version) =>
        JSON.parse((await readVersion(practice.database, tenant, 'Group', 'many', version)).content ?? ''),
      ),
    );
    expect(versions.map(({ member }) => member.length)).toEqual([1_000, 1_001, 1_001]);
    expect(versions.map(({ member }) => member.at(-1).inactive)).toEqual([false, false, true]);
    expect(versions.map(({ meta }) => meta.versionId)).toEqual(['1', '2', '3']);
  });

  it('is found by old and new members, and takes an update of the whole as any Group does', async () => {
    const find = (query: string) => findIds(practice.database, tenant, 'Group', query);
    expect(await find('member=Patient/many-999')).toEqual(['many']);
    expect(await find('member=Patient/anna&_id=many')).toEqual(['many']);
    await practice.store(list('many', 'open', many.slice(0, 300)));
    expect(await find('member=Patient/anna&_id=many')).toEqual([]);
    expect(JSON.parse(await text()).member).toHaveLength(300);
    await call('many', 'member-add', asMember, byNpi);
    expect(JSON.parse(await text()).member).toHaveLength(301);
    const second = JSON.parse((await readVersion(practice.database, tenant, 'Group', 'many', '2')).content ?? '');
    expect(second.member).toHaveLength(1_001);
  });

  it('two members that are added at once are both there', async () => {
    const answers = await Promise.all(
      ['anna', 'bert', 'cleo'].map((id) =>
        call('many', 'member-add', reference('patientReference', `Patient/${id}`), byNpi),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(JSON.parse(await text()).member).toHaveLength(303);
  });
});
