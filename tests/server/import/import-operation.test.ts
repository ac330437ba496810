import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type FhirAnswer, type RunningServer, startServer } from '../../support/running-server.ts';

const patients = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, n) => `{"resourceType":"Patient","id":"p${from + n}"}\n`).join('');

describe('POST /fhir/$import', () => {
  let gapless: RunningServer;
  let files: Server;
  let base = '';
  const asked: Record<string, number> = {};

  beforeAll(async () => {
    files = createServer((request, response) => {
      const path = request.url ?? '';
      const turn = (asked[path] ?? 0) + 1;
      asked[path] = turn;
      if (path === '/busy.ndjson' && turn === 1) return void response.writeHead(429, { 'retry-after': '1' }).end();
      if (path === '/gone.ndjson') return void response.writeHead(404).end();
      if (path === '/packed.ndjson.gz') return void response.end(gzipSync(patients(100, 150)));
      if (path === '/broken.ndjson' && turn === 1) {
        const whole = patients(200, 4_200);
        response.writeHead(200, { 'content-length': Buffer.byteLength(whole) });
        response.write(whole.slice(0, whole.length / 2), () => setTimeout(() => response.destroy(), 200));
        return;
      }
      if (path === '/broken.ndjson') return void response.end(patients(200, 4_200));
      if (path === '/endless.ndjson') {
        const timer = setInterval(() => response.write(patients(10_000 + turn, 10_050)), 20);
        return void response.on('close', () => clearInterval(timer));
      }
      response.end(`${patients(0, 3)}{"resourceType":"Patient","gender":1}\n`);
    });
    await new Promise<void>((done) => files.listen(0, '127.0.0.1', done));
    base = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
    gapless = await startServer({ GAPLESS_ALLOWED_HOSTS: '127.0.0.1' });
  }, 60_000);

  afterAll(async () => {
    await gapless.stop();
    files.closeAllConnections();
    await new Promise((done) => files.close(done));
  });

  const start = (paths: readonly string[]): Promise<FhirAnswer> =>
    gapless.fhir('POST', '$import', {
      resourceType: 'Parameters',
      parameter: paths.map((path) => ({ name: 'input', part: [{ name: 'url', valueUri: `${base}/${path}` }] })),
    });

  async function ended(location: string): Promise<FhirAnswer> {
    for (;;) {
      const answer = await gapless.fhir('GET', location.split('/fhir/')[1] ?? '');
      if (answer.status !== 202) return answer;
      await sleep(100);
    }
  }

  it('fetches the files, asks again where a server is busy or breaks off, and lists lines that were not stored', async () => {
    const accepted = await start(['plain.ndjson', 'busy.ndjson', 'packed.ndjson.gz', 'broken.ndjson']);
    expect(accepted.status).toBe(202);
    const { status, json } = await ended(accepted.headers.get('content-location') ?? '');
    expect(status).toBe(200);
    expect(json.error).toMatchObject([{ type: 'OperationOutcome', count: 2 }]);
    const errors = await gapless.fhir('GET', json.error[0].url.split('/fhir/')[1]);
    const outcome = JSON.parse(errors.text.split('\n')[0] ?? '');
    expect(outcome.issue[0].diagnostics).toMatch(/^line 4 of .*\.ndjson \(Patient\): /);
    const answer = await gapless.fhir('GET', json.output[0].url.split('/fhir/')[1]);
    const counts = answer.json.parameter.map(({ part }: { part: { name: string; valueInteger?: number }[] }) =>
      Object.fromEntries(part.map(({ name, valueInteger }) => [name, valueInteger])),
    );
    expect(counts).toMatchObject([
      { lines: 4, created: 3, failed: 1 },
      { lines: 4, unchanged: 3, failed: 1 },
      { lines: 50, created: 50 },
      { lines: 4_000, failed: 0 },
    ]);
    const { json: found } = await gapless.fhir('GET', 'Patient?_summary=count');
    expect(found.total).toBe(4_053);
    const { rows } = await gapless.services.database.query(
      `SELECT FROM resource WHERE type = 'Patient' AND version > 1`,
    );
    expect(rows).toHaveLength(0);
  }, 60_000);

  it('fails with the reason when a file is not there', async () => {
    const accepted = await start(['gone.ndjson']);
    const { status, json } = await ended(accepted.headers.get('content-location') ?? '');
    expect(status).toBeGreaterThanOrEqual(400);
    expect(json.issue[0].diagnostics).toMatch(/answers with status 404/);
  }, 30_000);

  it('stops when its URL is deleted', async () => {
    const accepted = await start(['endless.ndjson']);
    const path = (accepted.headers.get('content-location') ?? '').split('/fhir/')[1] ?? '';
    while (asked['/endless.ndjson'] === undefined) await sleep(50);
    expect((await gapless.fhir('DELETE', path)).status).toBe(202);
    expect((await gapless.fhir('GET', path)).status).toBe(404);
    await sleep(2_000);
    const connections = await new Promise<number>((done) => files.getConnections((_, count) => done(count)));
    expect(connections).toBe(0);
  }, 30_000);

  it.each([
    ['no input', { resourceType: 'Parameters', parameter: [] }],
    [
      'a file of the server',
      {
        resourceType: 'Parameters',
        parameter: [{ name: 'input', part: [{ name: 'url', valueUri: 'file:///etc/passwd' }] }],
      },
    ],
    [
      'an unknown type',
      {
        resourceType: 'Parameters',
        parameter: [
          {
            name: 'input',
            part: [
              { name: 'url', valueUri: 'http://x/y' },
              { name: 'type', valueCode: 'Pateint' },
            ],
          },
        ],
      },
    ],
  ])('refuses %s at once', async (_what, body) => {
    expect((await gapless.fhir('POST', '$import', body)).status).toBe(400);
  });
});
