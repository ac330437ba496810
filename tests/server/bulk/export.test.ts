import { type RunningServer, startServer } from '../../support/running-server.ts';
import { exported, finished, later, linesOf, names, observation, pathOf, practice, store } from './exports.ts';

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
  await store(server, practice);
}, 60_000);
afterAll(() => server.stop());

const post = (...parameter: object[]) => ({ resourceType: 'Parameters', parameter });

describe('$export', () => {
  it('of the system gives everything that is stored, in files of one type', async () => {
    const manifest = await exported(server, '$export');
    expect(manifest.status).toBe(200);
    expect(manifest.headers.get('content-type')).toMatch(/^application\/json/);
    expect(manifest.headers.get('expires')).not.toBeNull();
    expect(manifest.json.output.map(({ type }: { type: string }) => type)).toEqual(
      expect.arrayContaining(['Group', 'Observation', 'Organization', 'Patient', 'Practitioner']),
    );
    expect(names(await linesOf(server, manifest))).toEqual(names(practice));
  });

  it('of all patients gives their compartments and what those refer to, and no Group', async () => {
    const manifest = await exported(server, 'Patient/$export');
    const wanted = practice.filter(({ resourceType }) => resourceType !== 'Group');
    expect(names(await linesOf(server, manifest))).toEqual(names(wanted));
  });

  it('of a Group gives its members alone, with the Group and what they refer to', async () => {
    const manifest = await exported(server, 'Group/roster/$export');
    expect(names(await linesOf(server, manifest))).toEqual([
      'Group/roster',
      'Observation/ann-hb',
      'Observation/ann-wt',
      'Organization/clinic',
      'Patient/ann',
      'Practitioner/dr-a',
    ]);
  });

  it('looks as STU1 to STU3 have it when it is asked for by GET', async () => {
    const { json } = await exported(server, 'Patient/$export?_type=Patient');
    expect(Object.keys(json)).toEqual(['transactionTime', 'request', 'requiresAccessToken', 'output', 'error']);
    expect(json).toMatchObject({
      request: `${server.url}/fhir/Patient/$export?_type=Patient`,
      requiresAccessToken: false,
    });
  });

  it('looks as 4.0.0 has it when it is asked for by POST', async () => {
    const { json } = await exported(
      server,
      'Patient/$export',
      post({ name: '_type', valueString: 'Patient' }, { name: '_type', valueString: 'Observation' }),
    );
    expect(json).toMatchObject({
      manifestType: 'http://hl7.org/fhir/uv/bulkdata/OperationDefinition/patient-export',
      outputFormat: 'application/fhir+ndjson',
      outcome: [],
    });
    expect(json.output.map(({ type, count }: { type: string; count: number }) => [type, count])).toEqual([
      ['Patient', 2],
      ['Observation', 3],
    ]);
  });

  it('keeps to the patients that are named', async () => {
    const body = post({ name: 'patient', valueReference: { reference: 'Patient/bob' } });
    const manifest = await exported(server, 'Patient/$export', body);
    expect(names(await linesOf(server, manifest))).toEqual(['Observation/bob-wt', 'Patient/bob', 'Practitioner/dr-b']);
  });

  it.each<[string, string, object | undefined, number, string]>([
    [
      'patients who are no members',
      'Group/roster/$export',
      post({ name: 'patient', valueReference: { reference: 'Patient/bob' } }),
      400,
      'no members',
    ],
    [
      'patients who do not exist',
      'Patient/$export',
      post({ name: 'patient', valueReference: { reference: 'Patient/x' } }),
      404,
      'do not exist',
    ],
    ['patients in a URL', 'Patient/$export?patient=Patient/ann', undefined, 400, 'by POST'],
    ['a Group that is not there', 'Group/none/$export', undefined, 404, 'Group/none'],
    ['a type that is none', '$export?_type=Patient,Pacient', undefined, 400, 'Pacient'],
    ['another format', '$export?_outputFormat=text/csv', undefined, 400, '_outputFormat'],
    ['an instant without an offset', '$export?_since=2026-01-01T00:00:00', undefined, 400, '_since'],
    ['a filter that is no search', '$export?_typeFilter=Observation%3Fcolour%3Dred', undefined, 400, 'colour'],
    ['a filter that includes', '$export?_typeFilter=Observation%3F_include%3D*', undefined, 400, '_include'],
    [
      'a filter of a type that is not wanted',
      '$export?_type=Patient&_typeFilter=Observation%3Fcode%3Dx',
      undefined,
      400,
      '_type does not name',
    ],
    [
      'associated data',
      '$export?includeAssociatedData=LatestProvenanceResources',
      undefined,
      400,
      'includeAssociatedData',
    ],
    ['another organization of files', '$export?organizeOutputBy=Patient', undefined, 400, 'organizeOutputBy'],
    ['a parameter that there is not', '$export?typo=1', undefined, 400, 'typo'],
  ])('refuses %s at once, by name', async (_, path, body, status, said) => {
    const answer = await server.fhir(body === undefined ? 'GET' : 'POST', path, body, later);
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(said)]);
  });

  it('is asynchronous, and says so', async () => {
    const { status, text } = await server.fhir('GET', '$export');
    expect([status, text]).toEqual([400, expect.stringContaining('respond-async')]);
  });

  it('leaves out what it does not support where the client prefers that, and tells it', async () => {
    const accepted = await server.fhir('GET', '$export?_type=Patient&organizeOutputBy=Patient', undefined, {
      prefer: 'respond-async, handling=lenient',
    });
    const manifest = await finished(server, pathOf(server, accepted));
    const [outcome] = await linesOf(server, manifest, 'error');
    expect(outcome.issue[0].diagnostics).toContain('organizeOutputBy is not supported');
  });

  it('selects by searches, any of which may find a resource; types without one are whole', async () => {
    const filters = ['Observation?code=http://loinc.org|718-7', 'Observation?patient=Patient/bob&code=29463-7'];
    const query = filters.map(encodeURIComponent).join(',');
    const manifest = await exported(server, `$export?_type=Observation,Practitioner&_typeFilter=${query}`);
    expect(names(await linesOf(server, manifest))).toEqual([
      'Observation/ann-hb',
      'Observation/bob-wt',
      'Practitioner/dr-a',
      'Practitioner/dr-b',
    ]);
  });

  it('gives the elements that are wanted and the mandatory ones, tagged as a part, with exact decimals', async () => {
    const manifest = await exported(server, '$export?_type=Observation&_elements=Observation.value,Patient.name');
    const [first] = await linesOf(server, manifest);
    expect(Object.keys(first).sort()).toEqual(['code', 'id', 'meta', 'resourceType', 'status', 'valueQuantity']);
    expect(first.meta.tag).toMatchObject([{ code: 'SUBSETTED' }]);
  });

  it('tells what changed and what was deleted since, and misses nothing between two exports', async () => {
    const before = await exported(server, '$export?_type=Observation');
    await store(server, [observation('new', 'ann', '718-7', 13), observation('gone', 'bob', '718-7', 9)]);
    const between = await exported(server, `$export?_type=Observation&_since=${before.json.transactionTime}`);
    expect(names(await linesOf(server, between))).toEqual(['Observation/gone', 'Observation/new']);
    expect(await linesOf(server, between, 'deleted')).toEqual([]);
    await server.fhir('DELETE', 'Observation/gone');
    const after = await exported(server, `Patient/$export?_type=Observation&_since=${between.json.transactionTime}`);
    expect(after.json.output).toEqual([]);
    expect(await linesOf(server, after, 'deleted')).toEqual([
      {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [{ request: { method: 'DELETE', url: 'Observation/gone' } }],
      },
    ]);
  });

  it('gives the state at its transactionTime, whatever is written while it runs', async () => {
    const accepted = await server.fhir(
      'GET',
      '$export?_type=Observation&_until=2999-01-01T00:00:00Z',
      undefined,
      later,
    );
    const manifest = await finished(server, pathOf(server, accepted));
    const texts = await linesOf(server, manifest);
    for (const { meta } of texts) expect(meta.lastUpdated <= manifest.json.transactionTime).toBe(true);
  });

  it('is cancelled by DELETE, and then is not there', async () => {
    const accepted = await server.fhir('GET', '$export', undefined, later);
    const path = pathOf(server, accepted);
    expect((await server.fhir('DELETE', path)).status).toBe(202);
    expect((await server.fhir('GET', path)).status).toBe(404);
    const done = await exported(server, '$export?_type=Patient');
    const [{ url }] = done.json.output;
    const file = url.slice(`${server.url}/fhir/`.length);
    expect((await server.fhir('DELETE', file.split('/output/')[0] ?? '')).status).toBe(202);
    expect((await server.fhir('GET', file)).status).toBe(404);
  });

  it('tells who asks too often to wait, and goes on', async () => {
    const path = pathOf(server, await server.fhir('GET', '$export?_type=Patient', undefined, later));
    const answers = [];
    for (let i = 0; i < 25; i += 1) answers.push(await server.fhir('GET', path));
    const last = answers.at(-1);
    expect(last?.status).toBe(429);
    expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(last?.json.issue[0].code).toBe('throttled');
  });

  it('sends a file from where a download broke off', async () => {
    const { json } = await exported(server, '$export?_type=Patient');
    const path = json.output[0].url.slice(`${server.url}/fhir/`.length);
    const whole = await server.fhir('GET', path, undefined, { 'accept-encoding': 'identity' });
    const etag = whole.headers.get('etag') ?? '';
    expect(etag).not.toBe('');
    const rest = await server.fhir('GET', path, undefined, { range: 'bytes=10-', 'if-range': etag });
    expect(rest.status).toBe(206);
    expect(rest.text).toBe(whole.text.slice(10));
    expect(rest.headers.get('content-range')).toBe(`bytes 10-${whole.text.length - 1}/${whole.text.length}`);
    const other = await server.fhir('GET', path, undefined, { range: 'bytes=10-', 'if-range': '"other"' });
    expect([other.status, other.text]).toEqual([200, whole.text]);
    const beyond = await server.fhir('GET', path, undefined, { range: `bytes=${whole.text.length}-` });
    expect(beyond.status).toBe(416);
    const packed = await server.fhir('GET', path, undefined, { 'accept-encoding': 'gzip' });
    expect([packed.headers.get('content-encoding'), packed.text]).toEqual(['gzip', whole.text]);
  });
});
