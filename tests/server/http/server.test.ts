import { get } from 'node:http';
import { type RunningServer, startServer } from '../../support/running-server.ts';

let server: RunningServer;
beforeAll(async () => {
  server = await startServer({ GAPLESS_MAX_BODY: '2mb' });
});
afterAll(() => server.stop());

const patient = { resourceType: 'Patient', name: [{ family: 'Abel' }] };

describe('The server over HTTP', () => {
  it('creates, reads and finds a patient', async () => {
    const created = await server.fhir('POST', 'Patient', patient);
    expect([created.status, created.headers.get('etag')]).toEqual([201, 'W/"1"']);
    const read = await server.fhir('GET', `Patient/${created.json.id}`);
    expect(read.json).toEqual(created.json);
    expect(read.headers.get('content-type')).toBe('application/fhir+json; charset=utf-8');
    const found = await server.fhir('GET', 'Patient?family=abel');
    expect(found.json.entry.map((entry: { resource: { id: string } }) => entry.resource.id)).toContain(created.json.id);
  });

  it('keeps decimals as they were sent', async () => {
    const text =
      '{"resourceType":"Observation","status":"final","code":{"text":"weight"},"valueQuantity":{"value":71.10,"unit":"kg"}}';
    const { json } = await server.fhir('POST', 'Observation', text);
    const { text: stored } = await server.fhir('GET', `Observation/${json.id}`);
    expect(stored).toContain('"value":71.10,');
  });

  it('searches by POST, with names kept out of the URL', async () => {
    await server.fhir('POST', 'Patient', { ...patient, name: [{ family: 'Zander' }] });
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const { json } = await server.fhir('POST', 'Patient/_search', 'family=zander&_total=accurate', form);
    expect([json.type, json.total]).toEqual(['searchset', 1]);
  });

  it('says what it can do, from the definitions that it routes by', async () => {
    const { json } = await server.fhir('GET', 'metadata');
    const measure = json.rest[0].resource.find(({ type }: { type: string }) => type === 'Measure');
    expect(measure.operation.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(['validate', 'care-gaps', 'evaluate-measure', 'evaluate', 'data-requirements']),
    );
    expect([measure.conditionalDelete, measure.conditionalUpdate, measure.conditionalCreate]).toEqual([
      'single',
      true,
      true,
    ]);
    const interactions = measure.interaction.map(({ code }: { code: string }) => code);
    expect(interactions).toEqual(
      expect.arrayContaining([
        'read',
        'vread',
        'update',
        'patch',
        'delete',
        'history-instance',
        'create',
        'search-type',
      ]),
    );
    expect(json.rest[0].resource).toHaveLength(
      new Set(json.rest[0].resource.map((r: { type: string }) => r.type)).size,
    );
  });

  it('describes the parameters of its operations', async () => {
    const { status, json } = await server.fhir('GET', 'OperationDefinition/care-gaps');
    expect([status, json.code]).toEqual([200, 'care-gaps']);
    expect(json.parameter.map(({ name }: { name: string }) => name)).toContain('measureUrl');
  });

  it('answers a valid CapabilityStatement', async () => {
    const { json } = await server.fhir('GET', 'metadata');
    const { status, json: outcome } = await server.fhir('POST', 'CapabilityStatement/$validate', json);
    expect(status).toBe(200);
    expect(outcome.issue.filter(({ severity }: { severity: string }) => severity === 'error')).toEqual([]);
  });

  it('gives every answer a request id, and keeps one that the client brings', async () => {
    const mine = await fetch(`${server.url}/fhir/metadata`, { headers: { 'x-request-id': 'visit-7' } });
    expect(mine.headers.get('x-request-id')).toBe('visit-7');
    const hostile = await fetch(`${server.url}/fhir/metadata`, { headers: { 'x-request-id': 'a b<script>' } });
    expect(hostile.headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
  });

  it('is healthy', async () => {
    expect(await (await fetch(`${server.url}/health`)).json()).toMatchObject({ status: 'ok' });
  });
});

describe('Bad requests', () => {
  it.each<[string, string, string, unknown, number, RegExp]>([
    ['malformed JSON', 'POST', 'Patient', '{"resourceType":"Patient",}', 400, /not JSON.*line 1, column/],
    ['no body', 'POST', 'Patient', undefined, 400, /body/i],
    ['a body of another type', 'POST', 'Patient', { resourceType: 'Observation' }, 400, /URL says Patient/],
    ['a type that FHIR does not have', 'GET', 'Pateint/1', undefined, 404, /Pateint/],
    ['an unknown patient', 'GET', 'Patient/nobody', undefined, 404, /Patient\/nobody/],
    ['an id that is none', 'PUT', 'Patient/a%20b', { ...patient, id: 'a b' }, 400, /id/],
    ['a resource that breaks its definition', 'POST', 'Observation', { resourceType: 'Observation' }, 422, /required/],
    ['an unknown operation', 'GET', 'Measure/$foretell', undefined, 404, /metadata/],
    [
      'an unknown measure',
      'GET',
      'Measure/none/$evaluate-measure?periodStart=2026&periodEnd=2026',
      undefined,
      404,
      /none/,
    ],
    [
      'a period that ends before it starts',
      'GET',
      'Measure/none/$evaluate-measure?periodStart=2026-12-31&periodEnd=2026-01-01',
      undefined,
      400,
      /period/i,
    ],
    ['missing arguments, all at once', 'GET', 'Measure/$care-gaps', undefined, 400, /periodStart/],
    ['a bad search value', 'GET', 'Patient?birthdate=yesterday', undefined, 400, /birthdate/],
    ['a time zone that is none', 'GET', 'Patient', undefined, 400, /Timezone/],
  ])('are told what is wrong: %s', async (_, method, path, body, status, diagnostics) => {
    const zone: Record<string, string> = diagnostics.source === 'Timezone' ? { timezone: 'Mars/Olympus' } : {};
    const answer = await server.fhir(method, path, body, zone);
    expect(answer.json?.resourceType).toBe('OperationOutcome');
    expect([
      answer.status,
      answer.json.issue.map((issue: { diagnostics: string }) => issue.diagnostics).join('; '),
    ]).toEqual([status, expect.stringMatching(diagnostics)]);
  });

  it.each([
    ['POST', 'Patient'],
    ['PUT', 'Patient/x'],
    ['PATCH', 'Patient/x'],
    ['POST', ''],
    ['POST', 'Patient/$validate'],
    ['POST', 'Measure/$evaluate-measure'],
    ['POST', 'Measure/$evaluate'],
    ['POST', 'Measure/$care-gaps'],
    ['POST', 'Measure/$data-requirements'],
  ])('say where JSON is malformed: %s %s', async (method, path) => {
    const type = method === 'PATCH' ? 'application/json-patch+json' : 'application/fhir+json';
    const { status, json } = await server.fhir(method, path, '{"resourceType":\n "Parameters",,}', {
      'content-type': type,
    });
    expect([status, json.issue[0].diagnostics]).toEqual([400, expect.stringMatching(/not JSON.*line 2, column/)]);
  });

  it('say where JSON of the page is malformed', async () => {
    const response = await fetch(`${server.url}/api/measures/x/patients/_search`, { method: 'POST', body: '{,}' });
    expect([response.status, (await response.json()) as object]).toEqual([
      400,
      expect.objectContaining({ resourceType: 'OperationOutcome' }),
    ]);
  });

  it('name the element that is at fault', async () => {
    const { json } = await server.fhir('POST', 'Patient', { ...patient, birthDate: '1970-13-45' });
    expect(json.issue[0].expression).toEqual(['Patient.birthDate']);
  });

  it('are refused before they fill the memory when they are too large', async () => {
    const { status, json } = await server.fhir('POST', 'Patient', { ...patient, note: 'x'.repeat(3_000_000) });
    expect([status, json.issue[0].code]).toEqual([413, 'too-long']);
    expect(json.issue[0].diagnostics).toContain('GAPLESS_MAX_BODY');
  });

  it('name the entry when a transaction fails, and store nothing of it', async () => {
    const entry = (n: number) => ({
      fullUrl: `urn:uuid:00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
      resource:
        n === 499 ? { resourceType: 'Observation', status: 'final' } : { ...patient, identifier: [{ value: 'half' }] },
      request: { method: 'POST', url: n === 499 ? 'Observation' : 'Patient' },
    });
    const bundle = {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: Array.from({ length: 600 }, (_, n) => entry(n)),
    };
    const { status, json } = await server.fhir('POST', '', bundle);
    expect([status, json.issue[0].expression]).toEqual([422, ['Bundle.entry[499].resource.code']]);
    expect((await server.fhir('GET', 'Patient?identifier=half&_summary=count')).json.total).toBe(0);
  });
});

describe('A page of another origin', () => {
  const write = (headers: Record<string, string>) => server.fhir('POST', 'Patient', patient, headers);

  it('changes nothing here', async () => {
    const { status, json } = await write({ origin: 'https://elsewhere.example', 'content-type': 'text/plain' });
    expect([status, json.issue[0].code]).toEqual([403, 'forbidden']);
  });

  it('may when it is our own, and so may clients that are no pages', async () => {
    expect((await write({ origin: server.url })).status).toBe(201);
    expect((await write({})).status).toBe(201);
  });

  it('cannot reach a server in demo mode under a name of its own', async () => {
    const { port } = new URL(server.url);
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'rebound.example' };
      get({ host: '127.0.0.1', port, path: '/fhir/Patient', headers }, (response) => resolve(response.statusCode)).on(
        'error',
        reject,
      );
    });
    expect(status).toBe(403);
  });
});
