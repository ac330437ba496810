import type { Database } from '../../../server/db/database.ts';
import { freshDatabase } from '../../support/database.ts';
import { type Api, baseUrl, openApi } from './api.ts';

let database: Database;
let api: Api;
beforeAll(async () => {
  database = await freshDatabase();
  api = openApi(database);
  for (let version = 1; version <= 5; version += 1) {
    await api.send('PUT', 'Patient/h1', { resourceType: 'Patient', id: 'h1', multipleBirthInteger: version });
  }
  await api.send('DELETE', 'Patient/h1');
  await api.send('POST', 'Organization', { resourceType: 'Organization', name: 'x' });
  await database.query(
    `UPDATE resource_history SET last_updated = '2026-01-01T00:00:00Z'::timestamptz + version * interval '1 day' WHERE id = 'h1'`,
  );
});
afterAll(async () => {
  await api.audit.close();
  await database.close();
});

const versions = (json: {
  entry?: { resource?: { meta: { versionId: string } }; response: { etag: string } }[];
}): string[] => (json.entry ?? []).map(({ response }) => response.etag.replaceAll(/\D/g, ''));

describe('The history of a resource', () => {
  it('has every version, newest first, the deletion without content', async () => {
    const { json } = await api.send('GET', 'Patient/h1/_history');
    expect(json.total).toBe(6);
    expect(versions(json)).toEqual(['6', '5', '4', '3', '2', '1']);
    expect(json.entry[0]).toMatchObject({
      fullUrl: `${baseUrl}/Patient/h1`,
      request: { method: 'DELETE' },
      response: { status: '204' },
    });
    expect(json.entry[0].resource).toBeUndefined();
    expect(json.entry[5]).toMatchObject({ resource: { multipleBirthInteger: 1 }, response: { status: '201' } });
  });

  it('comes in pages that follow each other without gap or repetition', async () => {
    const seen: string[] = [];
    let url: string | undefined = 'Patient/h1/_history?_count=2';
    let pages = 0;
    while (url !== undefined) {
      const { json } = await api.send('GET', url);
      seen.push(...versions(json));
      url = json.link.find(({ relation }: { relation: string }) => relation === 'next')?.url.slice(baseUrl.length + 1);
      pages += 1;
    }
    expect([seen, pages]).toEqual([['6', '5', '4', '3', '2', '1'], 3]);
  });

  it.each<[string, string[]]>([
    ['_since=2026-01-05T00:00:00Z', ['6', '5', '4']],
    ['_since=2026-01-08T00:00:00%2B01:00', []],
    ['_at=2026-01-03T12:00:00Z', ['2']],
    ['_at=2026-01-03', ['2']],
    ['_at=2026-01', ['6', '5', '4', '3', '2', '1']],
    ['_at=2025', []],
    ['_count=0', []],
  ])('with %s', async (query, expected) => {
    expect(versions((await api.send('GET', `Patient/h1/_history?${query}`)).json)).toEqual(expected);
  });

  const cursor = (...parts: unknown[]): string => `_cursor=${Buffer.from(JSON.stringify(parts)).toString('base64url')}`;

  it.each([
    '_count=x',
    '_since=2026',
    '_since=0000-01-01T00:00:00Z',
    '_at=noon',
    '_at=0000',
    '_cursor=AAAA',
    cursor('Nov 22 2026 (noon)', 'Patient', 'h1', 1),
    cursor('0000-01-01T00:00:00Z', 'Patient', 'h1', 1),
  ])('refuses %s', async (query) => {
    await expect(api.send('GET', `Patient/h1/_history?${query}`)).rejects.toMatchObject({ name: 'InvalidRequest' });
  });
});

it('The history of a type has its resources, that of the system all', async () => {
  expect((await api.send('GET', 'Organization/_history')).json.total).toBe(1);
  const types = new Set(
    (await api.send('GET', '_history')).json.entry.map(({ fullUrl }: { fullUrl: string }) => fullUrl.split('/').at(-2)),
  );
  expect(types).toEqual(new Set(['Patient', 'Organization', 'AuditEvent']));
});
