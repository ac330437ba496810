import type { Database } from '../../../server/db/database.ts';
import { freshDatabase } from '../../support/database.ts';
import { type Api, openApi } from '../interactions/api.ts';
import { backport, closed, listChange, loopback, subscription } from './subscribers.ts';

interface Issue {
  readonly code: string;
  readonly diagnostics: string;
  readonly expression: readonly string[];
}

describe('A Subscription', () => {
  let database: Database;
  let api: Api;

  beforeAll(async () => {
    database = await freshDatabase();
    api = openApi(database);
    Object.assign(api.services, { endpoints: loopback });
  });
  afterAll(async () => {
    await api.audit.close();
    await database.close();
  });

  const endpoint = 'https://hooks.example.org/gaps';
  const issuesOf = async (body: unknown): Promise<Issue[]> => {
    const error: unknown = await api.send('PUT', 'Subscription/s', body).catch((reason: unknown) => reason);
    return error instanceof Error && 'issues' in error ? (error.issues as Issue[]) : [];
  };
  const withChannel = (channel: object): object => {
    const asked = subscription(endpoint);
    return { ...asked, channel: { ...(asked['channel'] as object), ...channel } };
  };

  it.each<[string, () => object, Partial<Issue>]>([
    [
      'of no topic of ours',
      () => subscription(endpoint, { topic: 'http://x/y' }),
      { code: 'not-supported', expression: ['Subscription.criteria'] },
    ],
    ['of R4’s own kind', () => subscription(endpoint, { topic: 'Observation?code=x' }), { code: 'not-supported' }],
    [
      'with a filter that the topic has not',
      () => subscription(endpoint, { filters: ['DetectedIssue?severity=high'] }),
      {
        code: 'not-supported',
        diagnostics: expect.stringContaining('there are patient, measure, group, practitioner'),
      },
    ],
    [
      'with a filter of a type that the topic has not',
      () => subscription(endpoint, { filters: ['Encounter?patient=1'] }),
      { code: 'not-supported', expression: ['Subscription.criteria.extension[0]'] },
    ],
    [
      'with a filter that says nothing',
      () => subscription(endpoint, { filters: ['DetectedIssue?'] }),
      { code: 'not-supported' },
    ],
    ['with a chained filter', () => subscription(endpoint, { filters: ['patient.name=x'] }), { code: 'not-supported' }],
    ['with a modifier', () => subscription(endpoint, { filters: ['patient:not=x'] }), { code: 'not-supported' }],
    [
      'with a name that every object has',
      () => subscription(endpoint, { filters: ['constructor=x'] }),
      { code: 'not-supported' },
    ],
    [
      'with a practitioner that is a patient',
      () => subscription(endpoint, { filters: ['practitioner=Patient/1'] }),
      { code: 'not-supported' },
    ],
    [
      'of a list, by patient',
      () => subscription(endpoint, { topic: listChange, filters: ['Group?patient=1'] }),
      { code: 'not-supported' },
    ],
    [
      'with content of another kind',
      () => subscription(endpoint, { content: 'everything' }),
      { code: 'not-supported' },
    ],
    [
      'without content',
      () => withChannel({ _payload: undefined }),
      { code: 'required', diagnostics: expect.stringContaining('backport-payload-content') },
    ],
    [
      'by websocket',
      () => withChannel({ type: 'websocket' }),
      { code: 'not-supported', expression: ['Subscription.channel.type'] },
    ],
    [
      'by a channel of its own',
      () =>
        withChannel({
          _type: { extension: [{ url: `${backport}/backport-channel-type`, valueCoding: { code: 'zulip' } }] },
        }),
      { code: 'not-supported' },
    ],
    [
      'in XML',
      () => withChannel({ payload: 'application/fhir+xml' }),
      { code: 'not-supported', expression: ['Subscription.channel.payload'] },
    ],
    ['without an endpoint', () => withChannel({ endpoint: undefined }), { code: 'required' }],
    ['to no URL', () => subscription('hooks.example.org'), { code: 'value' }],
    ['to a file', () => subscription('file:///etc/passwd'), { code: 'value' }],
    ['with a password in the URL', () => subscription('https://u:p@example.org/'), { code: 'value' }],
    ['to a private address', () => subscription('http://10.0.0.1/'), { code: 'forbidden' }],
    ['to a private address in disguise', () => subscription('http://0xA9FEA9FE/'), { code: 'forbidden' }],
    [
      'that ended',
      () => subscription(endpoint, { end: '2020-01-01T00:00:00Z' }),
      { code: 'value', expression: ['Subscription.end'] },
    ],
    ['in error', () => subscription(endpoint, { status: 'error' }), { code: 'business-rule' }],
    [
      'that waits too long',
      () => subscription(endpoint, { timeout: 3_600 }),
      { code: 'value', diagnostics: expect.stringContaining('between 1 and 60') },
    ],
    ['that never ceases', () => subscription(endpoint, { heartbeat: 0 }), { code: 'value' }],
    ['of no events', () => subscription(endpoint, { maxCount: 0 }), { code: 'structure' }],
    [
      'with a header of two lines',
      () => subscription(endpoint, { headers: ['X-A: 1\r\nX-B: 2'] }),
      { code: 'value', expression: ['Subscription.channel.header[0]'] },
    ],
    [
      'with a header that is ours',
      () => subscription(endpoint, { headers: ['X-A: 1', 'Host: internal'] }),
      { code: 'value', expression: ['Subscription.channel.header[1]'] },
    ],
    ['with a header that says nothing', () => subscription(endpoint, { headers: ['secret'] }), { code: 'value' }],
    [
      'with the mask of a value that it never said',
      () => subscription(endpoint, { headers: ['X-New: ********'] }),
      { code: 'value' },
    ],
  ])('%s is refused, and nothing of it is kept', async (_, body, issue) => {
    expect(await issuesOf(body())).toEqual([expect.objectContaining(issue)]);
    await expect(api.send('GET', 'Subscription/s')).rejects.toThrow('does not exist');
    expect((await database.query('SELECT 1 FROM subscription')).rows).toEqual([]);
  });

  it('with several faults is told of all', async () => {
    const body = { ...subscription('ftp://x', { topic: 'http://x/y', content: 'all' }), status: 'error' };
    expect((await issuesOf(body)).map(({ expression }) => expression[0])).toEqual([
      'Subscription.status',
      'Subscription.criteria',
      'Subscription.channel.payload',
      'Subscription.channel.endpoint',
    ]);
  });

  it('never shows what its headers hold, and keeps it when the mask comes back', async () => {
    const kept = async () =>
      (await database.query<{ headers: string[] }>('SELECT headers FROM subscription')).rows[0]?.headers;
    const headers = ['Authorization: Bearer s3cret', 'X-Key:k3y', 'X-Key: other-k3y'];
    await api.send('PUT', 'Subscription/s', subscription(endpoint, { headers }));
    const { json } = await api.send('GET', 'Subscription/s');
    expect(json.channel.header).toEqual(['Authorization: ********', 'X-Key: ********', 'X-Key: ********']);
    expect(await kept()).toEqual(headers);
    await api.send('PUT', 'Subscription/s', { ...json, reason: 'Another', status: 'active' });
    expect(await kept()).toEqual(headers);
    await api.send(
      'PATCH',
      'Subscription/s',
      [
        { op: 'replace', path: '/channel/header/1', value: 'X-Key: n3w' },
        { op: 'replace', path: '/reason', value: 'A third' },
      ],
      { 'content-type': 'application/json-patch+json' },
    );
    expect(await kept()).toEqual(['Authorization: Bearer s3cret', 'X-Key: n3w', 'X-Key:k3y']);
    const transaction = {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        {
          resource: subscription(endpoint, { headers: ['X-T: s3cret'] }),
          request: { method: 'PUT', url: 'Subscription/s' },
        },
      ],
    };
    await api.send('POST', '', transaction, { prefer: 'return=representation' });
    expect(await kept()).toEqual(['X-T: s3cret']);
    const { rows } = await database.query<{ all: string }>(
      `SELECT string_agg(content, '') AS all FROM resource_history WHERE type IN ('Subscription', 'AuditEvent')`,
    );
    expect(rows[0]?.all).not.toMatch(/s3cret|k3y|n3w/);
    await api.send('DELETE', 'Subscription/s');
    expect(await kept()).toBeUndefined();
  });

  it('is requested whatever the client says, unless it is off', async () => {
    for (const [status, stored] of [
      ['active', 'requested'],
      ['requested', 'requested'],
      ['off', 'off'],
    ] as const) {
      await api.send('PUT', 'Subscription/s', subscription(endpoint, { status }));
      expect((await api.send('GET', 'Subscription/s')).json.status).toBe(stored);
    }
    await api.send('DELETE', 'Subscription/s');
  });

  it('in a transaction that is refused names its entry', async () => {
    const entry = (body: object, url: string) => ({ resource: body, request: { method: 'PUT', url } });
    const bundle = {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        entry({ resourceType: 'Patient', id: 'p' }, 'Patient/p'),
        entry(subscription('http://10.0.0.1/'), 'Subscription/s'),
      ],
    };
    const error = await api.send('POST', '', bundle).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'TransactionFailed', entry: 1, cause: { name: 'UnsupportedSubscription' } });
    await expect(api.send('GET', 'Patient/p')).rejects.toThrow('does not exist');
  });

  it('is refused to whoever may not read what it tells', async () => {
    const some = openApi(database, ['system/Subscription.cruds', 'system/Group.r']);
    Object.assign(some.services, { endpoints: loopback });
    await expect(some.send('PUT', 'Subscription/s', subscription(endpoint, { topic: closed }))).rejects.toThrow(
      'Measure',
    );
    await some.send('PUT', 'Subscription/s', subscription(endpoint, { topic: listChange }));
    await some.send('DELETE', 'Subscription/s');
    await some.audit.close();
  });
});
