import type { Group, Parameters, ParametersParameter } from '@medplum/fhirtypes';
import type { FhirResource } from '../../../cql/index.ts';
import { columnFields } from '../../../server/gaps/roster/columns.ts';
import { readRoster } from '../../../server/gaps/roster/read-roster.ts';
import { readResource } from '../../../server/store/read.ts';
import { type Answer, issuesOf, openPractice, type Practice, parameters, tenant } from '../operations/practice.ts';

let practice: Practice;
const npi = (value: string) => [{ system: 'http://hl7.org/fhir/sid/us-npi', value }];
const person = (id: string, family: string, given: string, birthDate: string): FhirResource => ({
  resourceType: 'Patient',
  id,
  identifier: [{ system: 'urn:member', value: `M-${id}` }],
  name: [{ family, given: [given] }],
  birthDate,
});
const atr = 'http://hl7.org/fhir/us/davinci-atr/StructureDefinition';
const list = (id: string, status = 'open'): FhirResource => ({
  resourceType: 'Group',
  id,
  extension: [
    { url: `${atr}/ext-contractValidityPeriod`, valuePeriod: { start: '2026-01-01', end: '2026-12-31' } },
    { url: `${atr}/ext-attributionListStatus`, valueCode: status },
  ],
  identifier: [{ system: 'urn:contract', value: 'H1234' }],
  type: 'person',
  actual: true,
});

beforeAll(async () => {
  practice = await openPractice();
  await practice.store(
    { resourceType: 'Practitioner', id: 'ada', identifier: npi('9000000001') },
    { resourceType: 'Practitioner', id: 'ben', identifier: npi('9000000002') },
    person('ann', 'Amber', 'Ann', '1950-01-02'),
    person('bob', 'Birch', 'Robert', '1951-02-03'),
    person('cat', 'Cedar', 'Catherine', '1952-03-04'),
    person('dan', 'Dogwood', 'Daniel', '1953-04-05'),
    person('twin-1', 'Elm', 'Eve', '1954-05-06'),
    person('twin-2', 'Elm', 'Eve', '1954-05-06'),
  );
}, 120_000);
afterAll(() => practice.close());

const send = (id: string, csv: string, ...others: object[]): Promise<Answer> =>
  practice.post(`Group/${id}/$import-roster`, parameters([{ name: 'roster', valueString: csv }, ...others]));
const all = ({ body }: Answer, name: string): ParametersParameter[] =>
  ((body as unknown as Parameters).parameter ?? []).filter((parameter) => parameter.name === name);
const part = (parameter: ParametersParameter, name: string): unknown => {
  const { name: _, ...value } = parameter.part?.find((one) => one.name === name) ?? { name };
  const [first] = Object.values(value);
  return typeof first === 'object' && 'reference' in first ? first.reference : first;
};
const changes = (answer: Answer): unknown[] =>
  all(answer, 'change').map((one) => [part(one, 'kind'), part(one, 'patient'), part(one, 'line')]);
const hashOf = (answer: Answer): string => all(answer, 'hash')[0]?.valueString ?? '';
const apply = async (id: string, csv: string, ...others: object[]): Promise<Answer> =>
  send(id, csv, { name: 'apply', valueString: hashOf(await send(id, csv, ...others)) }, ...others);
const members = async (id: string): Promise<unknown[]> => {
  const group: Group = JSON.parse((await readResource(practice.database, tenant, 'Group', id)).content ?? '');
  return (group.member ?? []).map(({ entity, extension = [], inactive, period }) => [
    entity.reference,
    extension.find(({ url }) => url.endsWith('ext-attributedProvider'))?.valueReference?.reference,
    inactive,
    period?.start,
    period?.end,
  ]);
};

const january = `Member ID,Last Name,First Name,DOB,PCP NPI,Effective Date
M-ann,Amber,Ann,1/2/1950,9000000001,1/1/2026
M-bob,Birch,Bob,2/3/1951,9000000001,1/1/2026
,Cedar,Kathy,1952-03-04,9000000002,
`;

describe('A roster', () => {
  it('is previewed without a change, applied exactly, and changes nothing the second time', async () => {
    await practice.store(list('jan'));
    const preview = await send('jan', january, { name: 'asOf', valueDate: '2026-01-01' });
    expect(preview.status).toBe(200);
    expect(changes(preview)).toEqual([
      ['new', 'Patient/ann', 2],
      ['new', 'Patient/bob', 3],
      ['new', 'Patient/cat', 4],
    ]);
    expect(await members('jan')).toEqual([]);
    expect((await apply('jan', january, { name: 'asOf', valueDate: '2026-01-01' })).status).toBe(200);
    expect(await members('jan')).toEqual([
      ['Patient/ann', 'Practitioner/ada', false, '2026-01-01', '2026-12-31'],
      ['Patient/bob', 'Practitioner/ada', false, '2026-01-01', '2026-12-31'],
      ['Patient/cat', 'Practitioner/ben', false, '2026-01-01', '2026-12-31'],
    ]);
    const again = await apply('jan', january);
    expect(changes(again)).toEqual([]);
    expect(all(again, 'unchanged')[0]?.valueInteger).toBe(3);
    expect(all(again, 'group')[0]?.valueReference?.reference).toBe('Group/jan/_history/2');
  });

  it('tells who is new, changed and dropped, and when', async () => {
    await practice.store(list('feb'));
    await apply('feb', january, { name: 'asOf', valueDate: '2026-01-01' });
    const february = 'member_id;npi\nM-ann;9000000002\nM-bob;9000000001\nM-dan;9000000001\n';
    const answer = await apply('feb', february, { name: 'asOf', valueDate: '2026-02-01' });
    expect(changes(answer)).toEqual([
      ['changed', 'Patient/ann', 2],
      ['new', 'Patient/dan', 4],
      ['dropped', 'Patient/cat', undefined],
    ]);
    expect(await members('feb')).toEqual([
      ['Patient/ann', 'Practitioner/ada', true, '2026-01-01', '2026-01-31'],
      ['Patient/bob', 'Practitioner/ada', false, '2026-01-01', '2026-12-31'],
      ['Patient/cat', 'Practitioner/ben', true, '2026-01-01', '2026-01-31'],
      ['Patient/ann', 'Practitioner/ben', false, '2026-02-01', '2026-12-31'],
      ['Patient/dan', 'Practitioner/ada', false, '2026-02-01', '2026-12-31'],
    ]);
    const partial = await send('feb', 'mbi,npi\nM-cat,9000000001\n', { name: 'partial', valueBoolean: true });
    expect(changes(partial)).toEqual([['new', 'Patient/cat', 2]]);
  });

  it('leaves out, by line and column, what is wrong, and drops nobody whom such a row may mean', async () => {
    await practice.store(list('wrong'));
    await apply('wrong', january);
    const csv = `Member ID,Name,DOB,NPI,Start,End,Contract
M-ann,"Amber, Ann",1950-01-02,9999999999,,,
M-bob,"Birch, Bob",13/13/1951,9000000001,,,
M-cat,"Cedar, Cat",1952-03-04,12,,,
M-dan,Dan Dogwood,1953-04-05,9000000001,2026-03-01,2026-02-01,
M-dan,Dan Dogwood,1953-04-05,9000000001,,,H9999
M-dan,Dan Dogwood,1953-04-05,9000000001,,,H1234
M-dan,Dan Dogwood,1953-04-05,9000000002,,,
,Nobody Here,1900-01-01,9000000001,,,
,Eve Elm,1954-05-06,9000000001,,,
M-dan,Else Somebody,1999-09-09,9000000001,,,
,,,9000000001,,,
`;
    const answer = await send('wrong', csv);
    expect(all(answer, 'problem').map((one) => [part(one, 'line'), part(one, 'column'), part(one, 'problem')])).toEqual(
      [
        [2, 'NPI', expect.stringContaining('no Practitioner or Organization has the NPI 9999999999')],
        [3, 'DOB', expect.stringContaining('is no date: write 2026-01-31')],
        [4, 'NPI', expect.stringContaining('ten digits')],
        [5, 'End', expect.stringContaining('is before the start')],
        [6, 'Contract', expect.stringContaining('is of contract H9999')],
        [8, 'Member ID', expect.stringContaining('same patient as line 7')],
        [12, 'Member ID', expect.stringContaining('is empty')],
      ],
    );
    expect(all(answer, 'unmatched').map((one) => part(one, 'line'))).toEqual([9]);
    expect(all(answer, 'ambiguous').map((one) => [part(one, 'line'), part(one, 'problem')])).toEqual([
      [10, expect.stringContaining('2 Patients fit')],
      [11, expect.stringContaining('another')],
    ]);
    const [scored] = all(answer, 'ambiguous')[0]?.part?.filter(({ name }) => name === 'candidate') ?? [];
    expect(scored?.part).toMatchObject([{ name: 'patient' }, { name: 'score', valueDecimal: expect.any(Number) }]);
    const dropped = changes(answer).filter((change) => Array.isArray(change) && change[0] === 'dropped');
    expect(dropped).not.toContainEqual(['dropped', 'Patient/ann', undefined]);
  });

  it('is refused when the list changed since the preview, or is final', async () => {
    await practice.store(list('moved'));
    const hash = hashOf(await send('moved', january));
    await practice.post(
      'Group/moved/$member-add',
      parameters([
        { name: 'patientReference', valueReference: { reference: 'Patient/dan' } },
        { name: 'providerReference', valueReference: { reference: 'Practitioner/ada' } },
      ]),
    );
    const late = await send('moved', january, { name: 'apply', valueString: hash });
    expect([late.status, issuesOf(late).join()]).toEqual([409, expect.stringContaining('Preview again')]);
    await practice.store(list('moved', 'final'));
    expect((await send('moved', january)).status).toBe(422);
  });

  it.each([
    ['an empty file', '', /is empty/],
    ['no one who is meant', 'a,npi\n1,2', /No column says who is meant/],
    ['no provider', 'member id\nM-1', /No column says who the provider is/],
    ['a quote that is not closed', 'member id,npi\n"M-1,2\n3,4', /no CSV/],
  ])('with %s is refused with what to do', async (_, csv, sentence) => {
    await practice.store(list('bad'));
    const answer = await send('bad', csv === '' ? '\n' : csv);
    expect([400, 422]).toContain(answer.status);
    expect(issuesOf(answer).join()).toMatch(csv === '' ? /roster/ : sentence);
  });
});

describe('The columns of a roster', () => {
  it.each<[string[], string[], Record<string, 'memberId' | 'providerNpi'>]>([
    [['Member ID', 'NPI'], ['memberId', 'providerNpi'], {}],
    [['SUBSCRIBER_ID', 'x', 'PCP NPI', 'Term Date'], ['memberId', '', 'providerNpi', 'end'], {}],
    [['Dr', 'Sub No'], ['providerNpi', 'memberId'], { Dr: 'providerNpi', 'sub no': 'memberId' }],
    [['Last', 'First', 'D.O.B.', 'Provider NPI'], ['family', 'given', 'birthDate', 'providerNpi'], {}],
  ])('%s are %s', (header, fields, mapping) => {
    expect(columnFields(header, mapping).map((field) => field ?? '')).toEqual(fields);
  });

  it('may be quoted, hold separators and a byte order mark, and lines may be empty', () => {
    const { rows, problems } = readRoster(
      '\uFEFFmember id,name,npi\r\n"M,1","Doe, J",9000000001\r\n\r\nM2,X,9000000001',
    );
    expect(problems).toEqual([]);
    expect(rows.map(({ line, values }) => [line, values.memberId])).toEqual([
      [2, 'M,1'],
      [4, 'M2'],
    ]);
  });
});
