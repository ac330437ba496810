import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import pg from 'pg';
import { orphansOn, postmasterOf } from './postgres-process.ts';
import { cleanUp, count, fhir, patience, type ServerProcess, startProcess, temporaryFolder } from './server-process.ts';

jest.setTimeout(3 * patience);
afterAll(cleanUp);

/** A transaction of a patient and ten observations, all with one tag. */
function visit(tag: string): object {
  const patient = `urn:uuid:00000000-0000-4000-8000-${tag.padStart(12, '0')}`;
  const identifier = [{ system: 'urn:visit', value: tag }];
  const observations = Array.from({ length: 10 }, () => ({
    resource: {
      resourceType: 'Observation',
      identifier,
      status: 'final',
      code: { text: 'weight' },
      subject: { reference: patient },
    },
    request: { method: 'POST', url: 'Observation' },
  }));
  const entry = [
    {
      fullUrl: patient,
      resource: { resourceType: 'Patient', identifier, gender: 'female', birthDate: '1970-01-01' },
      request: { method: 'POST', url: 'Patient' },
    },
    ...observations,
  ];
  return { resourceType: 'Bundle', type: 'transaction', entry };
}

/** Clients that post visits, one after the other, until told to stop. */
class Load {
  readonly acknowledged: string[] = [];
  readonly refused: { readonly tag: string; readonly status: number; readonly retryAfter: string | null }[] = [];
  readonly #server: ServerProcess;
  readonly #clients: Promise<void>[];
  #next = 1;
  #stopped = false;

  constructor(server: ServerProcess, clients: number) {
    this.#server = server;
    this.#clients = Array.from({ length: clients }, () => this.#post(server));
  }

  async #post({ url }: ServerProcess): Promise<void> {
    while (!this.#stopped) {
      const tag = String(this.#next++);
      const { status, headers } = await fhir(url, 'POST', '', visit(tag));
      if (status === 200) this.acknowledged.push(tag);
      else {
        this.refused.push({ tag, status, retryAfter: headers.get('retry-after') });
        await sleep(50);
      }
    }
  }

  async until(done: () => boolean): Promise<void> {
    for (const end = Date.now() + patience; !done(); await sleep(20)) {
      if (Date.now() > end) {
        const state = `${this.acknowledged.length} acknowledged, ${this.refused.length} refused`;
        throw new Error(`the server does not come back: ${state}\n${this.#server.output()}`);
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
  }
}

let folder: string;
let server: ServerProcess;
let load: Load;
let database: () => pg.Client;
beforeAll(async () => {
  folder = temporaryFolder();
  server = await startProcess({ GAPLESS_DATA_DIR: folder });
  await server.printed(/Gapless is ready/);
  const [, host = ''] = /unix_socket_directories=(\S+)/.exec(await commandLine(postmasterOf(folder))) ?? [];
  database = () => new pg.Client({ host, user: 'gapless', database: 'postgres' });
});

describe('The database killed under load', () => {
  beforeAll(async () => {
    load = new Load(server, 4);
    await load.until(() => load.acknowledged.length >= 20);

    const client = database();
    await client.connect();
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gapless' AND pid <> pg_backend_pid()`,
    );
    await client.end();
    const afterBackends = load.acknowledged.length;
    await load.until(() => load.acknowledged.length >= afterBackends + 20);

    process.kill(postmasterOf(folder), 'SIGKILL');
    const afterKill = load.acknowledged.length;
    await load.until(() => load.acknowledged.length >= afterKill + 40);
    await load.stop();
  });

  it('comes back by itself, and the server with it', async () => {
    await server.ready();
    expect(load.acknowledged.length).toBeGreaterThanOrEqual(80);
  });

  it('is told to the clients of that moment as 503 with Retry-After, never as an error of ours', () => {
    expect(load.refused.length).toBeGreaterThan(0);
    expect(load.refused.filter(({ status, retryAfter }) => status !== 503 || retryAfter === null)).toEqual([]);
  });

  it('has lost nothing that was acknowledged', async () => {
    const client = database();
    await client.connect();
    const { rows } = await client.query<{ tag: string; n: string }>(
      `SELECT content::jsonb -> 'identifier' -> 0 ->> 'value' AS tag, count(*) AS n FROM resource
        WHERE type IN ('Patient', 'Observation') AND NOT deleted GROUP BY 1`,
    );
    await client.end();
    const stored = new Map(rows.map(({ tag, n }) => [tag, Number(n)]));
    expect(load.acknowledged.filter((tag) => stored.get(tag) !== 11)).toEqual([]);
  });

  it('has kept every other transaction wholly or not at all', async () => {
    const counts = await Promise.all(
      load.refused.slice(0, 50).map(async ({ tag }) => {
        const found = await Promise.all(
          ['Patient', 'Observation'].map((type) => count(server.url, `${type}?identifier=urn:visit%7C${tag}`)),
        );
        return found.join();
      }),
    );
    expect(counts.filter((each) => each !== '0,0' && each !== '1,10')).toEqual([]);
  });

  it('goes on evaluating gaps, and running jobs', async () => {
    for (const end = Date.now() + patience; (await waiting()) > 0; await sleep(200)) {
      if (Date.now() > end) throw new Error(`patients still wait:\n${server.output()}`);
    }
    const started = await fetch(
      `${server.url}/fhir/Measure/$evaluate-measure?measure=http://gapless.health/Measure/BreastCancerScreening&periodStart=2026&periodEnd=2026&reportType=summary`,
      { headers: { prefer: 'respond-async' } },
    );
    expect(started.status).toBe(202);
    const poll = started.headers.get('content-location') ?? '';
    for (const end = Date.now() + patience; ; await sleep(200)) {
      const { status } = await fetch(poll);
      if (status === 200) break;
      if (status !== 202 || Date.now() > end) throw new Error(`the job answers ${status}:\n${server.output()}`);
    }
  });

  it('shuts down cleanly after all that', async () => {
    server.kill('SIGTERM');
    expect(await server.ended()).toBe(0);
    expect(await orphansOn(folder)).toEqual([]);
  });
});

async function waiting(): Promise<number> {
  const client = database();
  await client.connect();
  const { rows } = await client.query<{ n: string }>('SELECT count(*) AS n FROM change_feed');
  await client.end();
  return Number(rows[0]?.n);
}

async function commandLine(pid: number): Promise<string> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
}
