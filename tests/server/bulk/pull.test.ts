import type { JSONWebKeySet } from 'jose';
import { pullFeed } from '../../../server/jobs/bulk-pull.ts';
import type { Pull } from '../../../server/jobs/bulk-pulls.ts';
import { type Fault, type Gate, startGate } from '../../support/backend-services.ts';
import { type FhirAnswer, type RunningServer, startServer } from '../../support/running-server.ts';
import { observation, practice, store } from './exports.ts';

/** The EHR behind its gate, a second EHR that uses the same ids, and we who pull. */
let gate: Gate;
let ehr: RunningServer;
let secondGate: Gate;
let second: RunningServer;
let own: RunningServer;

const clientId = 'gapless-client';
const fast = { pollMs: 250, backoffMs: 5, mostBackoffMs: 20, attempts: 4, timeoutMs: 5_000 };
const quiet = { isCancelled: async () => false, progress: async () => {} };

beforeAll(async () => {
  [gate, secondGate, own] = await Promise.all([startGate(), startGate(), startServer({ HOST: '127.0.0.1' })]);
  [ehr, second] = await Promise.all([
    startServer({ GAPLESS_PUBLIC_URL: gate.url }),
    startServer({ GAPLESS_PUBLIC_URL: secondGate.url }),
  ]);
  const keys = async () => (await (await fetch(`${own.url}/.well-known/jwks.json`)).json()) as JSONWebKeySet;
  gate.open(ehr.url, { id: clientId, keys });
  secondGate.open(second.url, { id: clientId, keys });
  await store(ehr, practice);
}, 120_000);
afterAll(() => Promise.all([own.stop(), ehr.stop(), second.stop(), gate.close(), secondGate.close()]));
beforeEach(() => {
  gate.fault = () => null;
  gate.tokenSeconds = 300;
  gate.tokenUses = Number.POSITIVE_INFINITY;
  gate.manifest = (manifest) => ({ ...manifest, requiresAccessToken: true });
});

async function api(method: string, path: string, body?: object): Promise<FhirAnswer['json']> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(`${own.url}/api/${path}`, { method, ...sent });
  return { status: response.status, ...JSON.parse(await response.text()) };
}

function register(id: string, more: object = {}, at: Gate = gate): Promise<FhirAnswer['json']> {
  return api('PUT', `feeds/${id}`, {
    url: `${at.url}/fhir`,
    types: ['Patient', 'Observation'],
    authorization: { type: 'backend-services', clientId },
    ...more,
  });
}

function pull(id: string, signal = new AbortController().signal): Promise<Pull> {
  return pullFeed(id, { tenant: 'demo', signal, ...quiet }, { ...own.services.pulls, pace: fast });
}

async function stored(reference: string): Promise<FhirAnswer> {
  return own.fhir('GET', reference);
}

/** Forgets what was pulled, so that each story begins with nothing. */
async function forgetAll(): Promise<void> {
  for (const { id } of (await api('GET', 'feeds')).feeds) await api('DELETE', `feeds/${id}`);
  const { database } = own.services;
  const { rows } = await database.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename ~ '^(bulk|resource|search|import|change|record|outside)'`,
  );
  await database.query(`TRUNCATE ${rows.map(({ name }) => name).join(', ')} CASCADE`);
}

const isFile = ({ path }: { path: string }): boolean => /\/output\//.test(path);

describe('Pulling from an EHR', () => {
  beforeAll(forgetAll);

  it.each(['RS384', 'ES384'])(
    'takes what it exports, known by a signed assertion (%s), and reports it',
    async (alg) => {
      await forgetAll();
      await register('north', { authorization: { type: 'backend-services', clientId, alg } });
      const { report, status } = await pull('north');
      expect(gate.refused).toEqual([]);
      expect(status).toBe('completed');
      expect(report.types).toMatchObject({
        Patient: { lines: 2, created: 2, failed: 0 },
        Observation: { lines: 3, created: 3, failed: 0 },
      });
      expect((await stored('Patient/ann')).json.name).toEqual([{ family: 'Ann' }]);
      const { pulls, since } = await api('GET', 'feeds/north');
      expect(pulls[0]).toMatchObject({ status: 'completed', files: 2, error: null, transactionTime: since });
      expect(pulls[0].seconds).toBeGreaterThan(0);
    },
  );

  it('then takes what changed, and deletes what was deleted there', async () => {
    await store(ehr, [observation('extra', 'ann', 'x', 1), observation('ann-hb', 'ann', '718-7', 12.5)]);
    await ehr.fhir('DELETE', 'Observation/bob-wt');
    const { report } = await pull('north');
    expect(report).toMatchObject({ types: { Observation: { lines: 2, created: 1, updated: 1 } }, deleted: 1 });
    expect((await stored('Observation/bob-wt')).status).toBe(410);
    const { report: again } = await pull('north');
    expect(again).toMatchObject({ types: {}, deleted: 0, files: 0 });
    await store(ehr, [observation('bob-wt', 'bob', '29463-7', 90)]);
    expect((await pull('north')).report.types['Observation']).toMatchObject({ lines: 1, created: 1, failed: 0 });
    expect((await stored('Observation/bob-wt')).json.valueQuantity).toEqual({ value: 90 });
  });

  it('stores nothing anew when everything is asked for again', async () => {
    await own.services.database.query('UPDATE bulk_feed SET since = NULL');
    const { report } = await pull('north');
    expect(report.types['Observation']).toMatchObject({ lines: 4, unchanged: 4, created: 0, updated: 0 });
  });

  it('runs as a job that anybody can ask for', async () => {
    const { job } = await api('POST', 'feeds/north/$pull', {});
    for (let i = 0; i < 40; i += 1) {
      const found = await own.services.jobs.find('demo', job);
      if (found?.status === 'completed') return;
      expect(found?.error ?? null).toBeNull();
      await new Promise((done) => setTimeout(done, 500));
    }
    throw new Error('the pull does not end');
  });
});

describe('An EHR that', () => {
  beforeAll(async () => {
    await ehr.fhir('DELETE', 'Observation/extra');
  });
  beforeEach(async () => {
    await forgetAll();
    await register('north');
  });

  const times = (count: number, fault: Fault, matches: (asked: { path: string; method: string }) => boolean) => {
    let left = count;
    return (asked: { path: string; method: string }): Fault => {
      if (left === 0 || !matches(asked)) return null;
      left -= 1;
      return fault;
    };
  };
  const busy: Fault = { status: 429, headers: { 'retry-after': '0' } };
  const broken: Fault = { status: 500 };

  it.each<[string, Fault, (asked: { path: string }) => boolean]>([
    ['is asked too often at the start (429)', busy, ({ path }) => path.includes('$export')],
    ['is asked too often for the state (429)', busy, ({ path }) => /_export\/[^/]+$/.test(path)],
    ['is asked too often for files (429)', busy, isFile],
    ['gives no token at first (500)', broken, ({ path }) => path === '/token'],
    ['fails at the start (500)', broken, ({ path }) => path.includes('$export')],
    ['fails when asked for the state (500)', broken, ({ path }) => /_export\/[^/]+$/.test(path)],
    ['fails to give a file (503)', { status: 503 }, isFile],
    ['gives half a file, with a broken connection', { bytes: 100, end: 'broken' }, isFile],
    ['gives half a file, as if that were all', { bytes: 300, end: 'silent' }, isFile],
    ['says that the token is no longer good (401)', { status: 401 }, isFile],
  ])('%s: is asked again, and nothing is lost or doubled', async (_, fault, matches) => {
    const limit = fault !== null && 'status' in fault && fault.status === 401 ? 1 : 2;
    gate.fault = times(limit, fault, matches);
    const { report, status } = await pull('north');
    expect(status).toBe('completed');
    expect(report.retries).toBeGreaterThanOrEqual(1);
    expect(report.types).toMatchObject({
      Patient: { lines: 2, created: 2, failed: 0 },
      Observation: { created: 3, failed: 0 },
    });
  });

  it('gives tokens that end midway is asked for new ones', async () => {
    gate.tokenUses = 2;
    const { status, report } = await pull('north');
    expect(status).toBe('completed');
    expect(gate.asked.filter(({ path }) => path === '/token').length).toBeGreaterThan(1);
    expect(report.types).toMatchObject({ Patient: { created: 2 }, Observation: { created: 3 } });
  });

  it('keeps giving half a file is told of, and the next run goes on behind what is there', async () => {
    gate.fault = (asked) => (isFile(asked) && asked.path.endsWith('/2') ? { bytes: 100, end: 'broken' } : null);
    await expect(pull('north')).rejects.toThrow(
      /Observation file 2 .* is not whole: the connection broke .* tried 4 times/,
    );
    const [failed] = (await api('GET', 'feeds/north')).pulls;
    expect(failed).toMatchObject({
      status: 'failed',
      files: 1,
      error: expect.stringContaining('the next run goes on'),
    });
    expect((await api('GET', 'feeds/north')).since).toBeNull();
    gate.fault = () => null;
    gate.asked.length = 0;
    const { report, id } = await pull('north');
    expect(id).toBe(failed.id);
    expect(gate.asked.some(({ path }) => path.includes('$export'))).toBe(false);
    expect(gate.asked.filter(isFile)).toHaveLength(1);
    expect(report).toMatchObject({ resumed: 1, types: { Patient: { created: 2 }, Observation: { created: 3 } } });
  });

  it('is being pulled when this server stops is pulled on behind what is there, at the next start', async () => {
    const stop = new AbortController();
    gate.fault = (asked) => {
      if (isFile(asked) && asked.path.endsWith('/2')) stop.abort();
      return null;
    };
    await expect(pull('north', stop.signal)).rejects.toThrow();
    expect((await api('GET', 'feeds/north')).pulls).toMatchObject([{ status: 'running', files: 1 }]);
    gate.fault = () => null;
    const { report } = await pull('north');
    expect(report).toMatchObject({ resumed: 1, types: { Patient: { created: 2 }, Observation: { created: 3 } } });
    expect((await api('GET', 'feeds/north')).pulls).toMatchObject([{ status: 'completed', files: 2 }]);
  });

  it('has lost the export meanwhile is asked for another', async () => {
    gate.fault = (asked) => (isFile(asked) && asked.path.endsWith('/2') ? { bytes: 100, end: 'broken' } : null);
    await expect(pull('north')).rejects.toThrow('is not whole');
    gate.fault = () => null;
    const { state } = (await own.services.database.query('SELECT state FROM bulk_pull')).rows[0] ?? {};
    await ehr.fhir('DELETE', new URL(state.statusUrl).pathname.replace('/fhir/', ''));
    const { report, status } = await pull('north');
    expect(status).toBe('completed');
    expect(report.types['Observation']).toMatchObject({ lines: 3 });
  });

  it('refuses our client is told of, with what to check there', async () => {
    await register('north', { authorization: { type: 'backend-services', clientId: 'somebody' } });
    await expect(pull('north')).rejects.toThrow(
      /gives no access token \(400, invalid_client.*check there that client "somebody"/,
    );
  });

  it('refuses the export is quoted', async () => {
    const body = { resourceType: 'OperationOutcome', issue: [{ diagnostics: 'Group export only' }] };
    gate.fault = ({ path }) => (path.includes('$export') ? { status: 400, body } : null);
    await expect(pull('north')).rejects.toThrow(/starts no export \(status 400: Group export only\)/);
  });

  it('knows no GET is asked by POST', async () => {
    gate.fault = ({ path, method }) => (path.includes('$export') && method === 'GET' ? { status: 405 } : null);
    expect((await pull('north')).report.types).toMatchObject({ Patient: { created: 2 }, Observation: { created: 3 } });
  });

  it('spreads its manifest over pages is followed through them', async () => {
    const pages: object[] = [];
    gate.manifest = (manifest) => {
      const [first, ...others] = manifest['output'] as object[];
      pages.push({ ...manifest, requiresAccessToken: true, output: others });
      return {
        ...manifest,
        requiresAccessToken: true,
        output: [first],
        link: [{ relation: 'next', url: `${gate.url}/fhir/next` }],
      };
    };
    gate.fault = ({ path }) => (path === '/fhir/next' ? { status: 200, body: pages[0] ?? {} } : null);
    expect((await pull('north')).report.types).toMatchObject({ Patient: { created: 2 }, Observation: { created: 3 } });
  });

  it('names files at another host gets no token sent there, and addresses that are not public are not asked', async () => {
    const elsewhere = secondGate.url.replace('127.0.0.1', 'localhost');
    const leadTo = (url: string) => (manifest: Record<string, unknown>) => ({
      ...manifest,
      requiresAccessToken: true,
      output: [{ type: 'Patient', url }],
    });
    gate.manifest = leadTo(`${elsewhere}/file`);
    await expect(pull('north')).rejects.toThrow(
      /not sent to another host unless you allow that: add --token-host localhost/,
    );
    expect(secondGate.asked.filter(({ authorization }) => authorization !== null)).toEqual([]);
    await forgetAll();
    await register('north');
    gate.manifest = (manifest) => ({ ...leadTo('http://10.0.0.1/file')(manifest), requiresAccessToken: false });
    await expect(pull('north')).rejects.toThrow(/not at a public address/);
  });

  it('sends a line that is no resource has the others taken, and the line kept with the reason', async () => {
    await own.fhir('PUT', 'Patient/ann', { resourceType: 'Patient', id: 'ann', gender: 'female' });
    const { report } = await pull('north');
    expect(report.types['Patient']).toMatchObject({ lines: 2, created: 1, failed: 1 });
    const [{ id }] = (await api('GET', 'feeds/north')).pulls;
    const response = await fetch(`${own.url}/api/feeds/north/pulls/${id}/errors`);
    expect(JSON.parse(await response.text())).toMatchObject({
      line: 1,
      resourceType: 'Patient',
      id: 'ann',
      diagnostics: expect.stringContaining('was stored here before, and not by north'),
    });
    expect((await stored('Patient/ann')).json.name).toBeUndefined();
  });
});

describe('Two pulls of one feed', () => {
  it('never run at once: the second is told to wait', async () => {
    await forgetAll();
    await register('north');
    let release = (): void => {};
    const held = new Promise<void>((done) => {
      release = done;
    });
    const first = pullFeed(
      'north',
      { tenant: 'demo', signal: new AbortController().signal, isCancelled: async () => false, progress: () => held },
      { ...own.services.pulls, pace: fast },
    );
    await new Promise((done) => setTimeout(done, 100));
    await expect(pull('north')).rejects.toThrow('north is being pulled at the moment');
    release();
    expect((await first).status).toBe('completed');
  });
});

describe('The same patient from two EHRs', () => {
  beforeEach(async () => {
    await forgetAll();
    await store(second, [
      { resourceType: 'Patient', id: 'ann', gender: 'male', name: [{ family: 'Other' }] } as (typeof practice)[number],
      observation('second-1', 'ann', 'x', 5),
    ]);
    await register('north');
    await pull('north');
  });

  it('is refused where ids are kept, with what refers to it, and the first stays as it is', async () => {
    await register('south', {}, secondGate);
    const { report, id } = await pull('south');
    expect(report.types).toMatchObject({ Patient: { lines: 1, failed: 1 }, Observation: { lines: 1, failed: 1 } });
    expect((await stored('Patient/ann')).json.name).toEqual([{ family: 'Ann' }]);
    const text = await (await fetch(`${own.url}/api/feeds/south/pulls/${id}/errors`)).text();
    expect(text).toContain('Patient/ann comes from north already, and south uses the same id');
    expect(text).toContain('It refers to Patient/ann, which comes from north');
    expect(text).toContain('register one of them with ids');
  });

  it('becomes two patients where ids are mapped, each with its data and its identifier there', async () => {
    await register('south', { ids: 'map' }, secondGate);
    const { report } = await pull('south');
    expect(report.types).toMatchObject({ Patient: { created: 1, failed: 0 }, Observation: { created: 1, failed: 0 } });
    expect((await stored('Patient/ann')).json.name).toEqual([{ family: 'Ann' }]);
    const { json } = await stored('Patient/south-ann');
    expect(json).toMatchObject({
      name: [{ family: 'Other' }],
      identifier: [{ system: `${secondGate.url}/fhir/Patient`, value: 'ann' }],
      meta: { source: `${secondGate.url}/fhir/Patient/ann` },
    });
    expect((await stored('Observation/south-second-1')).json.subject).toEqual({ reference: 'Patient/south-ann' });
  });

  it('is deleted from where it came from only', async () => {
    await register('south', { ids: 'map' }, secondGate);
    await pull('south');
    await second.fhir('DELETE', 'Observation/second-1');
    await second.fhir('DELETE', 'Patient/ann');
    expect((await pull('south')).report).toMatchObject({ deleted: 2 });
    expect((await stored('Patient/ann')).status).toBe(200);
    expect((await stored('Patient/south-ann')).status).toBe(410);
  });
});

describe('Registering an EHR', () => {
  it.each<[string, object, string]>([
    ['a base that is no URL', { url: 'ehr' }, 'url'],
    ['a type that is none', { types: ['Pacient'] }, 'is a resource type of R4'],
    ['a Group without its id', { level: 'group' }, 'group: is given with level'],
    ['a schedule that is none', { schedule: 'daily' }, 'cron expression'],
    ['a schedule that never comes', { schedule: '61 2 * * *' }, 'no schedule'],
    ['a word too many', { colour: 'red' }, 'colour'],
  ])('refuses %s, by name', async (_, more, said) => {
    const answer = await register('wrong', more);
    expect([answer.status, JSON.stringify(answer)]).toEqual([400, expect.stringContaining(said)]);
  });

  it('keeps the schedule, and ends it with the feed', async () => {
    await register('timed', { schedule: '30 2 * * *' });
    const schedules = () => own.services.database.query(`SELECT key, cron FROM pgboss.schedule`);
    expect((await schedules()).rows).toMatchObject([{ key: 'demo.timed', cron: '30 2 * * *' }]);
    await api('DELETE', 'feeds/timed');
    expect((await schedules()).rows).toEqual([]);
    expect((await api('GET', 'feeds/timed')).status).toBe(404);
  });
});
