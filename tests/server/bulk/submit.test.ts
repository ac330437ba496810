import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FhirAnswer, type RunningServer, startServer } from '../../support/running-server.ts';
import { observation } from './exports.ts';

/** Who submits: files by their path, and the headers that were sent for each. */
let files: Record<string, string> = {};
const asked = new Map<string, string | undefined>();
let host: Server;
let url: string;
let server: RunningServer;

beforeAll(async () => {
  host = createServer(({ url: path = '', headers }, response) => {
    asked.set(path, headers['x-key'] as string | undefined);
    response.statusCode = files[path] === undefined ? 404 : 200;
    response.end(files[path]);
  });
  await new Promise<void>((done) => host.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
  server = await startServer();
}, 60_000);
afterAll(async () => {
  await server.stop();
  await new Promise((done) => host.close(done));
});
beforeEach(() => {
  files = {};
});

const patient = (id: string, gender: string) => ({ resourceType: 'Patient', id, gender });

function offer(name: string, resources: Record<string, object[]>): string {
  const output = Object.entries(resources).map(([type, all]) => {
    files[`/${name}-${type}.ndjson`] = all.map((one) => `${JSON.stringify(one)}\n`).join('');
    return { type, url: `${url}/${name}-${type}.ndjson`, count: all.length };
  });
  const manifest = { transactionTime: '2026-01-01T00:00:00Z', requiresAccessToken: false, output, deleted: [] };
  files[`/${name}.json`] = JSON.stringify(manifest);
  return `${url}/${name}.json`;
}

const of = (submissionId: string): object[] => [
  { name: 'submitter', valueIdentifier: { system: 'urn:test', value: 'lab' } },
  { name: 'submissionId', valueString: submissionId },
];

const submit = (submissionId: string, ...more: object[]): Promise<FhirAnswer> =>
  server.fhir('POST', '$bulk-submit', { resourceType: 'Parameters', parameter: [...of(submissionId), ...more] });

const manifest = (at: string): object[] => [
  { name: 'manifestUrl', valueUrl: at },
  { name: 'fhirBaseUrl', valueUrl: 'https://lab.example.org/fhir' },
];
const status = (code: string): object => ({
  name: 'submissionStatus',
  valueCoding: { system: 'http://hl7.org/fhir/event-status', code },
});

async function ended(submissionId: string): Promise<FhirAnswer> {
  const begun = await server.fhir('POST', '$bulk-submit-status', {
    resourceType: 'Parameters',
    parameter: of(submissionId),
  });
  expect(begun.status).toBe(202);
  const path = (begun.headers.get('content-location') ?? '').slice(`${server.url}/fhir/`.length);
  for (let i = 0; i < 40; i += 1) {
    const answer = await server.fhir('GET', path);
    if (answer.status !== 202) return answer;
    expect(answer.headers.get('x-progress')).toMatch(/manifests/);
    await sleep(300);
  }
  throw new Error('the submission does not end');
}

async function outcomes(answer: FhirAnswer, position = 0): Promise<{ severity: string; diagnostics: string }[]> {
  const { text } = await server.fhir('GET', answer.json.outcome[position].url.slice(`${server.url}/fhir/`.length));
  const lines = text.trimEnd().split('\n');
  expect(lines).toHaveLength(answer.json.outcome[position].count);
  return lines.map((line) => JSON.parse(line).issue[0]);
}

describe('$bulk-submit', () => {
  it('fetches what the manifests name, with the headers that it was given, and tells what became of it', async () => {
    const bad = { resourceType: 'Patient', id: 'bad', gender: 7 };
    const first = offer('first', { Patient: [patient('s1', 'male'), bad] });
    const subject = { reference: 'https://lab.example.org/fhir/Patient/s1' };
    const secondOne = offer('second', { Observation: [{ ...observation('so1', 's1', 'x', 1), subject }] });
    const header = {
      name: 'fileRequestHeader',
      part: [
        { name: 'headerName', valueString: 'X-Key' },
        { name: 'headerValue', valueString: 'secret' },
      ],
    };
    expect((await submit('one', ...manifest(first), header)).status).toBe(200);
    expect((await submit('one', ...manifest(secondOne), status('completed'))).status).toBe(200);
    const answer = await ended('one');
    expect(answer.json).toMatchObject({
      submissionId: 'one',
      output: [],
      outcome: [
        { manifestUrl: first, count: 2, countSeverity: [{ code: 'information' }, { code: 'error', count: 1 }] },
        { manifestUrl: secondOne, count: 1 },
      ],
    });
    expect(await outcomes(answer)).toMatchObject([
      { severity: 'information', diagnostics: 'Patient: 2 lines, 1 created, 0 updated, 0 unchanged, 1 refused' },
      { severity: 'error', diagnostics: expect.stringContaining('line 2 of Patient file') },
    ]);
    expect([asked.get('/first.json'), asked.get('/first-Patient.ndjson'), asked.get('/second.json')]).toEqual([
      'secret',
      'secret',
      undefined,
    ]);
    expect((await server.fhir('GET', 'Observation/so1')).json.subject).toEqual({ reference: 'Patient/s1' });
  });

  it('replaces what a manifest brought by what another one brings', async () => {
    const old = offer('old', { Patient: [patient('r1', 'male'), patient('r2', 'male')] });
    const corrected = offer('corrected', { Patient: [patient('r1', 'female')] });
    await submit('two', ...manifest(old));
    await sleep(2_500);
    expect((await server.fhir('GET', 'Patient/r2')).status).toBe(200);
    const answer = await submit(
      'two',
      ...manifest(corrected),
      { name: 'replacesManifestUrl', valueUrl: old },
      status('completed'),
    );
    expect(answer.status).toBe(200);
    const done = await ended('two');
    expect((await outcomes(done, 1))[0]?.diagnostics).toBe('What this manifest brought was discarded');
    expect((await server.fhir('GET', 'Patient/r1')).json.gender).toBe('female');
    expect((await server.fhir('GET', 'Patient/r2')).status).toBe(410);
  });

  it('discards everything when it is stopped', async () => {
    await submit('three', ...manifest(offer('third', { Patient: [patient('t1', 'male')] })));
    await sleep(2_500);
    expect((await server.fhir('GET', 'Patient/t1')).status).toBe(200);
    expect((await submit('three', status('stopped'))).status).toBe(200);
    await sleep(2_500);
    expect((await server.fhir('GET', 'Patient/t1')).status).toBe(410);
    expect((await ended('three')).status).toBe(200);
  });

  it('tells of a manifest that cannot be fetched', async () => {
    await submit('four', ...manifest(`${url}/none.json`), status('completed'));
    const said = await outcomes(await ended('four'));
    expect(said).toMatchObject([
      { diagnostics: 'Nothing was taken' },
      { severity: 'error', diagnostics: expect.stringContaining('gives no manifest (status 404)') },
    ]);
  });

  it('asks no address that is not public, unless an operator allows it', async () => {
    await submit('five', ...manifest('http://10.0.0.1/manifest.json'), status('completed'));
    const [, error] = await outcomes(await ended('five'));
    expect(error?.diagnostics).toContain('is not at a public address');
  });

  it('refuses an id that another source uses, and says which', async () => {
    await server.fhir('PUT', 'Patient/mine', patient('mine', 'male'));
    await submit('six', ...manifest(offer('sixth', { Patient: [patient('mine', 'female')] })), status('completed'));
    const [, error] = await outcomes(await ended('six'));
    expect(error?.diagnostics).toContain('Patient/mine was stored here before');
    expect((await server.fhir('GET', 'Patient/mine')).json.gender).toBe('male');
  });

  it.each<[string, object[], string]>([
    ['neither a manifest nor a status', [], 'manifestUrl'],
    ['a manifest without a base', [{ name: 'manifestUrl', valueUrl: 'https://x.example.org/m' }], 'fhirBaseUrl'],
    ['a status that is none', [status('paused')], 'submissionStatus'],
    [
      'a replacement of nothing',
      [...manifest('https://x.example.org/m'), { name: 'replacesManifestUrl', valueUrl: 'https://x' }],
      'replacesManifestUrl',
    ],
    [
      'encrypted files',
      [...manifest('https://x.example.org/m'), { name: 'fileEncryptionKey', part: [] }],
      'fileEncryptionKey',
    ],
    [
      'a token to be asked for',
      [...manifest('https://x.example.org/m'), { name: 'oauthMetadataUrl', valueUrl: 'https://x' }],
      'gapless feeds add',
    ],
    [
      'a header that is ours',
      [
        ...manifest('https://x.example.org/m'),
        {
          name: 'fileRequestHeader',
          part: [
            { name: 'headerName', valueString: 'Host' },
            { name: 'headerValue', valueString: 'x' },
          ],
        },
      ],
      'Host is set by the server',
    ],
  ])('refuses %s, by name', async (_, more, said) => {
    const { status: code, text } = await submit('wrong', ...more);
    expect([code, text]).toEqual([400, expect.stringContaining(said)]);
  });

  it('takes nothing more for a submission that is completed', async () => {
    await submit('last', status('completed'));
    const { status: code, text } = await submit('last', status('in-progress'));
    expect([code, text]).toEqual([400, expect.stringContaining('completed already')]);
    const body = { resourceType: 'Parameters', parameter: of('unknown') };
    expect((await server.fhir('POST', '$bulk-submit-status', body)).status).toBe(404);
  });
});
