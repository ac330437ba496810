import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { cleanUp, count, fhir, patience, type ServerProcess, startProcess, temporaryFolder } from './server-process.ts';

jest.setTimeout(4 * patience);
afterAll(cleanUp);

const megabytes = 60;
/** What a request that has nothing to do with the large one may wait; a busy machine may double it. */
const longestWait = 4_000;

function bundle(size: number): string {
  const note = [{ text: 'x'.repeat(20_000) }];
  const one = (n: number): string =>
    JSON.stringify({
      resource: {
        resourceType: 'Observation',
        status: 'final',
        code: { text: 'note' },
        subject: { reference: `Patient/p${n % 20}` },
        effectiveDateTime: '2026-03-01',
        note,
      },
      request: { method: 'POST', url: 'Observation' },
    });
  const entries = Array.from({ length: Math.ceil((size * 1e6) / one(0).length) }, (_, n) => one(n));
  return `{"resourceType":"Bundle","type":"transaction","entry":[${entries.join(',')}]}`;
}

function memoryOf({ pid }: ServerProcess): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1000;
}

describe(`A Bundle of ${megabytes} MB`, () => {
  let server: ServerProcess;
  beforeAll(async () => {
    server = await startProcess({ GAPLESS_DATA_DIR: temporaryFolder(), GAPLESS_MAX_BODY: `${megabytes + 5}mb` });
    await server.printed(/Gapless is ready/);
  });

  it('is stored, while other requests are answered and the memory stays reasonable', async () => {
    const text = bundle(megabytes);
    const before = memoryOf(server);
    let done = false;
    const storing = fhir(server.url, 'POST', '', text).finally(() => {
      done = true;
    });
    let longest = 0;
    let memory = 0;
    while (!done) {
      const asked = performance.now();
      await fetch(`${server.url}/health`, { headers: { connection: 'close' } }).then((answer) => answer.arrayBuffer());
      longest = Math.max(longest, performance.now() - asked);
      memory = Math.max(memory, memoryOf(server) - before);
      await sleep(20);
    }
    const { status, json } = await storing;
    expect([status, json.entry.length]).toEqual([200, await count(server.url, 'Observation')]);
    expect(longest).toBeLessThan(longestWait);
    expect(memory).toBeLessThan(20 * megabytes);
  });

  it('is refused beyond the limit, and the server goes on', async () => {
    const { status, json } = await fhir(server.url, 'POST', '', bundle(megabytes + 10));
    expect([status, json.issue[0].code]).toEqual([413, 'too-long']);
    expect((await fhir(server.url, 'GET', 'metadata')).status).toBe(200);
  });
});
