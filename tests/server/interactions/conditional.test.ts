import type { Database } from '../../../server/db/database.ts';
import { freshDatabase } from '../../support/database.ts';
import { type Api, baseUrl, bundleOf, openApi } from './api.ts';

let database: Database;
let api: Api;
beforeAll(async () => {
  database = await freshDatabase();
  api = openApi(database);
});
afterAll(async () => {
  await api.audit.close();
  await database.close();
});

const patient = (value: string, more = {}) => ({
  resourceType: 'Patient',
  identifier: [{ system: 'urn:mrn', value }],
  ...more,
});
const found = async (query: string): Promise<string[]> =>
  ((await api.send('GET', query)).json.entry ?? []).map(({ resource }: { resource: { id: string } }) => resource.id);

describe('A conditional create', () => {
  it('creates once, and answers with what is there after that', async () => {
    const create = () => api.send('POST', 'Patient', patient('c1'), { 'if-none-exist': 'identifier=urn:mrn|c1' });
    const [first, second] = [await create(), await create()];
    expect([first.status, second.status, second.text]).toEqual([201, 200, first.text]);
  });

  it('raced ten times yields one resource', async () => {
    const create = () => api.send('POST', 'Patient', patient('c2'), { 'if-none-exist': 'identifier=urn:mrn|c2' });
    const answers = await Promise.all(Array.from({ length: 10 }, create));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(await found('Patient?identifier=urn:mrn|c2')).toHaveLength(1);
  });

  it('is refused when the criteria match several, are unknown, or none', async () => {
    await api.send('POST', 'Patient', patient('c3'));
    await api.send('POST', 'Patient', patient('c3'));
    const create = (criteria: string) => api.send('POST', 'Patient', patient('c3'), { 'if-none-exist': criteria });
    await expect(create('identifier=urn:mrn|c3')).rejects.toMatchObject({ name: 'MultipleMatches' });
    await expect(create('colour=red')).rejects.toMatchObject({ name: 'UnknownSearchParameter' });
    await expect(create('')).rejects.toMatchObject({ name: 'InvalidRequest' });
  });
});

describe('A conditional update', () => {
  const update = (value: string, more = {}) =>
    api.send('PUT', `Patient?identifier=urn:mrn|${value}`, patient(value, more));

  it('creates where nothing matches, with the id of the body if it has one', async () => {
    expect((await update('u1')).status).toBe(201);
    expect((await update('u2', { id: 'chosen' })).json.id).toBe('chosen');
  });

  it('updates the one that matches', async () => {
    const { json } = await update('u1', { active: true });
    expect([json.meta.versionId, json.active]).toEqual(['2', true]);
  });

  it('is refused when the body has another id than the match', async () => {
    await expect(update('u1', { id: 'other' })).rejects.toMatchObject({ name: 'InvalidId' });
  });
});

it('A conditional patch changes the one that matches', async () => {
  await api.send('POST', 'Patient', patient('p1'));
  const patch = [{ op: 'add', path: '/active', value: true }];
  expect((await api.send('PATCH', 'Patient?identifier=urn:mrn|p1', patch)).json.active).toBe(true);
  await expect(api.send('PATCH', 'Patient?identifier=urn:mrn|none', patch)).rejects.toMatchObject({
    name: 'ResourceNotFound',
  });
});

it('A conditional delete deletes one, or nothing, but never several', async () => {
  await api.send('POST', 'Patient', patient('d1'));
  await api.send('POST', 'Patient', patient('d2'));
  await api.send('POST', 'Patient', patient('d2'));
  expect((await api.send('DELETE', 'Patient?identifier=urn:mrn|d1')).status).toBe(204);
  expect((await api.send('DELETE', 'Patient?identifier=urn:mrn|d1')).status).toBe(204);
  await expect(api.send('DELETE', 'Patient?identifier=urn:mrn|d2')).rejects.toMatchObject({ name: 'MultipleMatches' });
  expect(await found('Patient?identifier=urn:mrn|d1,urn:mrn|d2')).toHaveLength(2);
});

describe('A conditional reference', () => {
  const encounter = (reference: string) => ({
    resourceType: 'Encounter',
    status: 'finished',
    class: { code: 'AMB' },
    participant: [{ individual: { reference } }],
  });
  const practitioner = (value: string) => ({
    resourceType: 'Practitioner',
    identifier: [{ system: 'urn:npi', value }],
  });
  const load = async (reference: string, ...others: object[]): Promise<string> => {
    const entries = others.map((other) => ['POST', 'Practitioner', other] as const);
    const { json } = await api.send(
      'POST',
      '',
      bundleOf('transaction', ['POST', 'Encounter', encounter(reference)], ...entries),
      { prefer: 'return=representation' },
    );
    return json.entry[0].resource.participant[0].individual.reference;
  };

  it('finds what is stored, and what comes in the same Bundle', async () => {
    const { json } = await api.send('POST', 'Practitioner', practitioner('1'));
    expect(await load('Practitioner?identifier=urn:npi|1')).toBe(`Practitioner/${json.id}`);
    expect(await load('Practitioner?identifier=urn:npi|2', practitioner('2'))).toMatch(/^Practitioner\/[^?]+$/);
  });

  it('to nothing stays as it is, and to several is refused', async () => {
    expect(await load('Practitioner?identifier=urn:npi|9')).toBe('Practitioner?identifier=urn:npi|9');
    await api.send('POST', 'Practitioner', practitioner('3'));
    await api.send('POST', 'Practitioner', practitioner('3'));
    await expect(load('Practitioner?identifier=urn:npi|3')).rejects.toMatchObject({
      cause: { name: 'MultipleMatches' },
    });
  });
});

describe('A search', () => {
  it('gives the stored texts, exactly, and pages that follow each other', async () => {
    for (let n = 0; n < 5; n += 1) {
      await api.send(
        'PUT',
        `Observation/s${n}`,
        `{"resourceType":"Observation","id":"s${n}","status":"final","code":{"text":"x"},"valueQuantity":{"value":${n}.10}}`,
      );
    }
    const seen: string[] = [];
    let url: string | undefined = 'Observation?status=final&_count=2&_sort=_id';
    while (url !== undefined) {
      const { text, json } = await api.send('GET', url);
      for (const { resource, fullUrl, search } of json.entry) {
        expect([fullUrl, search.mode]).toEqual([`${baseUrl}/Observation/${resource.id}`, 'match']);
        expect(text).toContain((await api.send('GET', `Observation/${resource.id}`)).text);
        seen.push(resource.id);
      }
      expect(json.link[0].relation).toBe('self');
      url = json.link.find(({ relation }: { relation: string }) => relation === 'next')?.url.slice(baseUrl.length + 1);
    }
    expect(seen).toEqual(['s0', 's1', 's2', 's3', 's4']);
  });

  it('may be posted as a form, shaped, counted, and in a compartment', async () => {
    expect((await api.send('POST', 'Observation/_search', 'status=final&_summary=count')).json).toMatchObject({
      total: 5,
    });
    const { json } = await api.send('GET', 'Observation?_id=s1&_elements=status');
    expect(json.entry[0].resource).toMatchObject({ id: 's1', status: 'final', code: { text: 'x' } });
    expect(json.entry[0].resource.valueQuantity).toBeUndefined();
    await api.send('PUT', 'Condition/k', {
      resourceType: 'Condition',
      id: 'k',
      subject: { reference: 'Patient/chosen' },
    });
    expect(await found('Patient/chosen/Condition')).toEqual(['k']);
    expect(await found('Patient/other/Condition')).toEqual([]);
  });

  it('tells of parameters that it left out, and refuses them when it is to be strict', async () => {
    const { json } = await api.send('GET', 'Observation?_id=s1&colour=red');
    expect(json.entry.at(-1)).toMatchObject({
      search: { mode: 'outcome' },
      resource: { resourceType: 'OperationOutcome' },
    });
    await expect(
      api.send('GET', 'Observation?colour=red', undefined, { prefer: 'handling=strict' }),
    ).rejects.toMatchObject({ name: 'UnknownSearchParameter' });
  });

  it('needs the scope to search, and to read what it includes', async () => {
    const reader = openApi(database, ['user/Condition.s']);
    const { json } = await reader.send('GET', 'Condition?_id=k&_include=Condition:subject');
    expect(json.entry).toHaveLength(1);
    await expect(reader.send('GET', 'Patient?_id=x')).rejects.toMatchObject({ name: 'ForbiddenByScope' });
    await expect(reader.send('GET', '?_type=Condition')).rejects.toMatchObject({ name: 'ForbiddenByScope' });
    await reader.audit.close();
  });
});

describe('An AuditEvent', () => {
  it('tells of every read, search and write, and can be searched itself', async () => {
    await api.send('PUT', 'Patient/a1', { resourceType: 'Patient', id: 'a1' });
    await api.send('GET', 'Patient/a1');
    await api.send('GET', 'Patient?_id=a1');
    await api.send('DELETE', 'Patient/a1');
    await api.audit.flush();
    const { json } = await api.send('GET', 'AuditEvent?entity=Patient/a1&_count=50');
    const actions = json.entry.map(
      ({ resource }: { resource: { action: string; subtype: { code: string }[]; agent: object[] } }) =>
        `${resource.action} ${resource.subtype[0]?.code}`,
    );
    expect(actions.sort()).toEqual(['D delete', 'E search-type', 'R read', 'U update']);
    expect(json.entry[0].resource.agent[0].who.reference).toBe('Practitioner/tester');
  });
});
