import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { orphansOn, processesOn } from './postgres-process.ts';
import { cleanUp, count, fhir, isHealthy, patience, startProcess, temporaryFolder } from './server-process.ts';

jest.setTimeout(2 * patience);
afterAll(cleanUp);

const patient = { resourceType: 'Patient', name: [{ family: 'Abel' }] };

describe('A server that cannot start says why, in words, and leaves nothing running', () => {
  let taken: Server;
  beforeAll(async () => {
    taken = createServer();
    await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
  });
  afterAll(() => taken.close());

  it.each<[string, () => Record<string, string>, RegExp]>([
    [
      'the port is taken',
      () => ({ PORT: String((taken.address() as { port: number }).port) }),
      /Port \d+ is taken: .*PORT=\d+ npm start/,
    ],
    [
      'the data folder cannot be written',
      () => ({ GAPLESS_DATA_DIR: '/sys/gapless' }),
      /\/sys\/gapless\S* cannot be written \((EPERM|EACCES)\): set GAPLESS_DATA_DIR/,
    ],
    [
      'nothing answers at DATABASE_URL',
      () => ({ DATABASE_URL: 'postgres://me:hush@127.0.0.1:9/gapless' }),
      /DATABASE_URL \(127\.0\.0\.1:9\/gapless\) cannot be used: .*ECONNREFUSED/,
    ],
    [
      'the database of DATABASE_URL does not exist',
      () => ({ DATABASE_URL: (process.env.GAPLESS_TEST_POSTGRES ?? '').replace('/postgres?', '/nowhere?') }),
      /cannot be used: database "nowhere" does not exist/,
    ],
    ['DATABASE_URL is something else', () => ({ DATABASE_URL: 'mysql://x' }), /DATABASE_URL: must start with postgres/],
    ['a setting makes no sense', () => ({ PORT: 'eighty', GAPLESS_ROLE: 'boss' }), /PORT: .*\nGAPLESS_ROLE: /],
    ['the demo mode would listen to strangers', () => ({ HOST: '0.0.0.0' }), /HOST: the demo mode has no login/],
  ])('%s', async (_, settings, message) => {
    const folder = temporaryFolder();
    const server = await startProcess({ GAPLESS_DATA_DIR: folder, ...settings() });
    expect(await server.ended()).toBe(1);
    expect(server.output()).toMatch(message);
    expect(server.output()).not.toMatch(/\n\s+at |hush/);
    expect(processesOn(folder)).toEqual([]);
  });
});

describe('A server with its own PostgreSQL', () => {
  it.each<[string, NodeJS.Signals, boolean, number | NodeJS.Signals]>([
    ['Ctrl-C', 'SIGINT', true, 0],
    ['SIGTERM', 'SIGTERM', false, 0],
    ['a closed terminal', 'SIGHUP', true, 'SIGHUP'],
    ['kill -9', 'SIGKILL', false, 'SIGKILL'],
  ])('leaves no orphan after %s, and has everything at the next start', async (_, signal, group, code) => {
    const folder = temporaryFolder();
    const first = await startProcess({ GAPLESS_DATA_DIR: folder });
    await first.ready();
    expect(processesOn(folder)).not.toEqual([]);
    const { status } = await fhir(first.url, 'POST', 'Patient', patient);
    expect(status).toBe(201);
    first.kill(signal, group);
    expect(await first.ended()).toBe(code);
    expect(await orphansOn(folder)).toEqual([]);

    const second = await startProcess({ GAPLESS_DATA_DIR: folder });
    await second.ready();
    expect(await count(second.url, 'Patient')).toBe(1);
    second.kill('SIGTERM');
    expect(await second.ended()).toBe(0);
  });

  it('starts at once after kill -9, while the PostgreSQL of before still shuts down', async () => {
    const folder = temporaryFolder();
    const first = await startProcess({ GAPLESS_DATA_DIR: folder });
    await first.ready();
    await fhir(first.url, 'POST', 'Patient', patient);
    first.kill('SIGKILL');
    const second = await startProcess({ GAPLESS_DATA_DIR: folder });
    await second.ready();
    expect(await count(second.url, 'Patient')).toBe(1);
    second.kill('SIGTERM');
    expect(await second.ended()).toBe(0);
    expect(await orphansOn(folder)).toEqual([]);
  });

  it('shares it with a second server on the same folder, which takes over when the first ends', async () => {
    const folder = temporaryFolder();
    const [first, second] = await Promise.all([
      startProcess({ GAPLESS_DATA_DIR: folder }),
      startProcess({ GAPLESS_DATA_DIR: folder }),
    ]);
    await Promise.all([first.ready(), second.ready()]);
    await fhir(first.url, 'POST', 'Patient', patient);
    expect(await count(second.url, 'Patient')).toBe(1);
    first.kill('SIGTERM');
    expect(await first.ended()).toBe(0);
    await second.ready();
    await fhir(second.url, 'POST', 'Patient', patient);
    expect(await count(second.url, 'Patient')).toBe(2);
    second.kill('SIGTERM');
    expect(await second.ended()).toBe(0);
    expect(await orphansOn(folder)).toEqual([]);
  });

  it('makes its cluster anew where a first start was killed half way', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'postgres.part-1', 'base'), { recursive: true });
    const early = await startProcess({ GAPLESS_DATA_DIR: folder });
    await early.printed(/starting at/);
    early.kill('SIGKILL');
    await early.ended();
    const server = await startProcess({ GAPLESS_DATA_DIR: folder });
    await server.ready();
    expect(await isHealthy(server.url)).toBe(true);
    server.kill('SIGTERM');
    expect(await server.ended()).toBe(0);
  });
});
