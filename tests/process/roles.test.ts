import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { freshDatabaseUrl } from '../support/database.ts';
import { cleanUp, count, fhir, freePort, patience, startProcess, temporaryFolder } from './server-process.ts';

jest.setTimeout(4 * patience);
afterAll(cleanUp);

/** An older PostgreSQL that this machine may have (Debian's place for it). */
const older = ['14', '15', '16'].map((version) => `/usr/lib/postgresql/${version}/bin`).find(existsSync);

/** Starts the older PostgreSQL. @returns its URL, and how to stop it */
async function startOlder(bin: string): Promise<{ url: string; stop: () => void }> {
  const data = join(temporaryFolder(), 'data');
  const account = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  mkdirSync(data, { mode: 0o700 });
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', '65534:65534', join(data, '..')]);
  const run = (program: string, options: string[]): void =>
    void execFileSync(join(bin, program), options, { ...account, cwd: '/', stdio: 'ignore' });
  run('initdb', ['-D', data, '-U', 'gapless', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync']);
  const port = await freePort();
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off`;
  run('pg_ctl', ['-D', data, '-w', '-l', join(data, 'log'), '-o', options, 'start']);
  return {
    url: `postgres://gapless@127.0.0.1:${port}/postgres`,
    stop: () => run('pg_ctl', ['-D', data, '-m', 'immediate', 'stop']),
  };
}

describe.each<[string, boolean]>([
  ['of this version', false],
  ['of an older version', true],
])('An api and a worker process on one PostgreSQL %s', (_, wantsOlder) => {
  const suite = wantsOlder && older === undefined ? it.skip : it;
  if (suite === it.skip)
    console.warn('No older PostgreSQL is installed: what it does with two processes is not tested');
  suite('take writes in one and evaluate in the other', async () => {
    const database =
      wantsOlder && older !== undefined
        ? await startOlder(older)
        : { url: await freshDatabaseUrl(), stop: () => undefined };
    try {
      const settings = { DATABASE_URL: database.url };
      const api = await startProcess({ ...settings, GAPLESS_ROLE: 'api', GAPLESS_DEMO_PATIENTS: '8' });
      await api.ready();
      const worker = await startProcess({ ...settings, GAPLESS_ROLE: 'worker' });
      await api.printed(/Gapless is ready/);
      for (const end = Date.now() + patience; ; await sleep(200)) {
        const status = (await (await fetch(`${api.url}/api/status`)).json()) as { pending: number; evaluated: number };
        if (status.pending === 0 && status.evaluated === 8) break;
        if (Date.now() > end) throw new Error(`${JSON.stringify(status)}:\n${worker.output()}`);
      }
      expect(await count(api.url, 'Patient')).toBe(8);
      expect((await fhir(api.url, 'GET', 'Patient?name=a&_sort=birthdate&_count=2')).status).toBe(200);
      for (const server of [worker, api]) {
        server.kill('SIGTERM');
        expect(await server.ended()).toBe(0);
      }
    } finally {
      database.stop();
    }
  });
});
