import type { Database } from '../../../server/db/database.ts';
import { freshDatabase } from '../../support/database.ts';
import { type Api, openApi } from './api.ts';

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

const patient = { resourceType: 'Patient', name: [{ family: 'Ng', given: ['Ada', 'B.'] }] };

describe('A created resource', () => {
  it('gets an id, version 1 and a time, whatever id the client sent', async () => {
    const { status, headers, json } = await api.send('POST', 'Patient', { ...patient, id: 'mine' });
    expect(status).toBe(201);
    expect(json.id).not.toBe('mine');
    expect(json.meta.versionId).toBe('1');
    expect(headers.ETag).toBe('W/"1"');
    expect(headers.Location).toBe(`http://gapless.test/fhir/Patient/${json.id}/_history/1`);
    expect(headers['Last-Modified']).toBe(new Date(json.meta.lastUpdated).toUTCString());
  });

  it.each([
    ['minimal', ''],
    ['representation', 'Patient'],
    ['OperationOutcome', 'OperationOutcome'],
  ])('answers Prefer: return=%s', async (wanted, type) => {
    const { text, json } = await api.send('POST', 'Patient', patient, { prefer: `return=${wanted}` });
    if (type === '') expect(text).toBe('');
    else expect(json.resourceType).toBe(type);
  });

  it('comes back as the text that was sent: numbers, order of elements, unknown extensions', async () => {
    const quantity = (value: string) =>
      `{"value":${value},"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}`;
    for (const value of ['1.10', '1e3', '0.0', '-0', '12345678901234567890.123', '0.0000001', '7']) {
      const sent = `{"resourceType":"Observation","extension":[{"url":"http://x.test/unknown","valueDecimal":${value}}],"status":"final","code":{"text":"x"},"valueQuantity":${quantity(value)}}`;
      const { json } = await api.send('POST', 'Observation', sent);
      const { text } = await api.send('GET', `Observation/${json.id}`);
      const { id, meta } = json;
      expect(text).toBe(sent.replace('"Observation",', `"Observation","id":"${id}","meta":${JSON.stringify(meta)},`));
    }
  });

  it.each<[string, string, string, string, RegExp]>([
    ['is not JSON', 'POST', 'Patient', '{"resourceType":"Patient",}', /^MalformedJson.*line 1, column 27/],
    ['is empty', 'POST', 'Patient', '', /^MalformedJson.*empty/],
    ['is cut', 'POST', 'Patient', '{"resourceType":"Pat', /^MalformedJson.*too early/],
    ['is of another type', 'POST', 'Patient', '{"resourceType":"Observation"}', /^WrongResourceType/],
    ['is a list', 'POST', 'Patient', '[]', /^InvalidResource/],
    ['has no type', 'POST', 'Patient', '{}', /^InvalidResource.*resourceType/],
    ['is of no known type', 'POST', 'Dragon', '{"resourceType":"Dragon"}', /^UnknownResourceType/],
    ['has an unknown element', 'POST', 'Patient', '{"resourceType":"Patient","tail":1}', /^InvalidResource.*tail/],
    [
      'has a wrong date',
      'POST',
      'Patient',
      '{"resourceType":"Patient","birthDate":"1.2.1990"}',
      /^InvalidResource.*Patient.birthDate/,
    ],
    [
      'lacks a mandatory element',
      'POST',
      'Observation',
      '{"resourceType":"Observation","status":"final"}',
      /^InvalidResource.*Observation.code/,
    ],
    [
      'has a single value for a list',
      'POST',
      'Patient',
      '{"resourceType":"Patient","name":{"family":"x"}}',
      /^InvalidResource.*Patient.name/,
    ],
    ['has no id in an update', 'PUT', 'Patient/a', '{"resourceType":"Patient"}', /^InvalidId/],
    ['has another id in an update', 'PUT', 'Patient/a', '{"resourceType":"Patient","id":"b"}', /^InvalidId/],
    ['has an impossible id', 'PUT', 'Patient/a_b', '{"resourceType":"Patient","id":"a_b"}', /^Invalid(Id|Resource)/],
    ['updates by no criteria', 'PUT', 'Patient', '{"resourceType":"Patient"}', /^UnsupportedInteraction/],
    ['deletes by no criteria', 'DELETE', 'Patient', '', /^UnsupportedInteraction/],
  ])('is refused when it %s', async (_, method, url, body, error) => {
    const refused = await api.send(method, url, body).catch((reason: Error) => `${reason.name}: ${reason.message}`);
    expect(refused).toMatch(error);
  });
});

describe('An update', () => {
  it('makes new versions, and creates what is not there', async () => {
    const created = await api.send('PUT', 'Patient/u1', { ...patient, id: 'u1' });
    const updated = await api.send('PUT', 'Patient/u1', { ...patient, id: 'u1', gender: 'female' });
    expect([created.status, created.json.meta.versionId]).toEqual([201, '1']);
    expect([updated.status, updated.json.meta.versionId]).toEqual([200, '2']);
    expect((await api.send('GET', 'Patient/u1/_history/1')).text).toBe(created.text);
  });

  it('is refused when If-Match names another version than the current', async () => {
    await api.send('PUT', 'Patient/u2', { ...patient, id: 'u2' });
    const body = { ...patient, id: 'u2', active: true };
    await expect(api.send('PUT', 'Patient/u2', body, { 'if-match': 'W/"7"' })).rejects.toThrow(
      'is at version 1, not 7',
    );
    expect((await api.send('PUT', 'Patient/u2', body, { 'if-match': 'W/"1"' })).json.meta.versionId).toBe('2');
  });

  it('with If-None-Match: * only creates', async () => {
    const put = () => api.send('PUT', 'Patient/u3', { ...patient, id: 'u3' }, { 'if-none-match': '*' });
    expect((await put()).status).toBe(201);
    await expect(put()).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });

  it('is never lost among concurrent ones: of ten with the same If-Match one wins, of ten without all count', async () => {
    await api.send('PUT', 'Patient/u4', { ...patient, id: 'u4' });
    const put = (headers = {}) => api.send('PUT', 'Patient/u4', { ...patient, id: 'u4' }, headers);
    const guarded = await Promise.allSettled(Array.from({ length: 10 }, () => put({ 'if-match': 'W/"1"' })));
    expect(guarded.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await Promise.all(Array.from({ length: 10 }, () => put()));
    expect((await api.send('GET', 'Patient/u4')).json.meta.versionId).toBe('12');
  });

  it('as create, raced ten times with the resource in two compartments, makes one resource', async () => {
    const put = (n: number) =>
      api.send('PUT', 'Condition/u5', {
        resourceType: 'Condition',
        id: 'u5',
        subject: { reference: `Patient/p${n % 2}` },
      });
    await Promise.all(Array.from({ length: 10 }, (_, n) => put(n)));
    const { rows } = await database.query(`SELECT version FROM resource WHERE type = 'Condition' AND id = 'u5'`);
    expect(rows).toEqual([{ version: 10 }]);
  });
});

describe('A deleted resource', () => {
  it('is gone, but its versions are not, and it can be created again', async () => {
    await api.send('PUT', 'Patient/d1', { ...patient, id: 'd1' });
    expect((await api.send('DELETE', 'Patient/d1')).status).toBe(204);
    expect((await api.send('DELETE', 'Patient/d1')).status).toBe(204);
    await expect(api.send('GET', 'Patient/d1')).rejects.toMatchObject({ name: 'ResourceDeleted', version: 2 });
    await expect(api.send('GET', 'Patient/d1/_history/2')).rejects.toMatchObject({ name: 'ResourceDeleted' });
    await expect(api.send('GET', 'Patient/d1/_history/3')).rejects.toMatchObject({ name: 'ResourceNotFound' });
    expect((await api.send('GET', 'Patient/d1/_history/1')).status).toBe(200);
    const again = await api.send('PUT', 'Patient/d1', { ...patient, id: 'd1' });
    expect([again.status, again.json.meta.versionId]).toEqual([201, '3']);
  });

  it('that never was deletes without complaint', async () => {
    expect((await api.send('DELETE', 'Patient/never')).status).toBe(204);
  });
});

describe('A read', () => {
  it('of what is not there says so', async () => {
    await expect(api.send('GET', 'Patient/nobody')).rejects.toMatchObject({ name: 'ResourceNotFound' });
    await expect(api.send('GET', 'Patient/nobody/_history/x')).rejects.toMatchObject({ name: 'ResourceNotFound' });
    await expect(api.send('GET', 'Patient/nobody/_history')).rejects.toMatchObject({ name: 'ResourceNotFound' });
  });

  it.each<[string, (etag: string, modified: string) => Record<string, string>, number]>([
    ['the same ETag', (etag) => ({ 'if-none-match': etag }), 304],
    ['one of several ETags', (etag) => ({ 'if-none-match': `W/"9", ${etag}` }), 304],
    ['another ETag', () => ({ 'if-none-match': 'W/"9"' }), 200],
    ['the same time', (_, modified) => ({ 'if-modified-since': modified }), 304],
    ['an earlier time', () => ({ 'if-modified-since': 'Thu, 01 Jan 2026 00:00:00 GMT' }), 200],
    ['a time that is none', () => ({ 'if-modified-since': 'yesterday' }), 200],
    [
      'another ETag and the same time',
      (_, modified) => ({ 'if-none-match': 'W/"9"', 'if-modified-since': modified }),
      200,
    ],
  ])('with %s', async (_, headersOf, status) => {
    const { headers } = await api.send('PUT', 'Patient/r1', { ...patient, id: 'r1' });
    const current = await api.send(
      'GET',
      'Patient/r1',
      undefined,
      headersOf(headers.ETag ?? '', headers['Last-Modified'] ?? ''),
    );
    expect([current.status, current.text === '']).toEqual([status, status === 304]);
  });
});

describe('The change feed', () => {
  const feed = async (): Promise<Record<string, string[]>> => {
    const { rows } = await database.query<{ patient: string; resource_types: string[] }>('SELECT * FROM change_feed');
    return Object.fromEntries(rows.map((row) => [row.patient, row.resource_types]));
  };

  it('names the patient of each change, and both when a resource moves from one to another', async () => {
    await database.query('DELETE FROM change_feed');
    const condition = (subject: string) => ({ resourceType: 'Condition', id: 'f1', subject: { reference: subject } });
    await api.send('PUT', 'Condition/f1', condition('Patient/from'));
    expect(await feed()).toEqual({ from: ['Condition'] });
    await database.query('DELETE FROM change_feed');
    await api.send('PUT', 'Condition/f1', condition('Patient/to'));
    expect(await feed()).toEqual({ from: ['Condition'], to: ['Condition'] });
    await api.send('PUT', 'Patient/to', { ...patient, id: 'to' });
    await api.send('DELETE', 'Condition/f1');
    expect((await feed()).to).toEqual(['Condition', 'Patient']);
    expect((await api.send('GET', 'Condition/f1/_history')).json.total).toBe(3);
  });

  it('gives each change a new place in the order', async () => {
    const place = async () =>
      (await database.query<{ sequence: number }>(`SELECT sequence FROM change_feed WHERE patient = 'to'`)).rows[0]
        ?.sequence ?? 0;
    const before = await place();
    await api.send('PUT', 'Patient/to', { ...patient, id: 'to' });
    expect(await place()).toBeGreaterThan(before);
  });

  it('leaves out what belongs to no patient, and AuditEvents', async () => {
    await database.query('DELETE FROM change_feed');
    await api.send('POST', 'Organization', { resourceType: 'Organization', name: 'Clinic' });
    await api.send('PUT', 'Patient/to', { ...patient, id: 'to' });
    await api.send('GET', 'Patient/to');
    await api.audit.flush();
    expect(await feed()).toEqual({ to: ['Patient'] });
  });
});
