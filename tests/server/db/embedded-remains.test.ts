import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../server/db/embedded.ts';
import { clearRemains } from '../../../server/db/embedded-remains.ts';
import { createLogger } from '../../../server/log.ts';

const log = createLogger({ logLevel: 'error', logFormat: 'text' });
log.silent = true; // that PostgreSQL ended is an error there, and meant here

let folder: string;
let dataDir: string;
let postgres: EmbeddedPostgres;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gapless-remains-'));
  chmodSync(folder, 0o755); // as root, PostgreSQL runs as nobody, who has to get in
  dataDir = join(folder, 'postgres');
  postgres = await startEmbeddedPostgres({ dataDir, log });
}, 60_000);
afterAll(async () => {
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const lock = (): string => join(dataDir, 'postmaster.pid');
const postmaster = (): number => Number.parseInt(readFileSync(lock(), 'utf8'), 10);

function children(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === postmaster();
      } catch {
        return false; // it has ended meanwhile
      }
    })
    .map(Number);
}

async function answers(): Promise<boolean> {
  const client = new pg.Client({ connectionString: postgres.connectionString, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}

async function comesBack(than: number): Promise<void> {
  for (const end = Date.now() + 40_000; Date.now() < end; await sleep(100))
    if ((await answers()) && postmaster() !== than) return;
  throw new Error(readFileSync(join(dataDir, 'server.log'), 'utf8').split('\n').slice(-12).join('\n'));
}

const suite = process.platform === 'linux' ? describe : describe.skip;

suite('The embedded PostgreSQL comes back', () => {
  it('when it was killed and a child of it stands still and holds the shared memory', async () => {
    const killed = postmaster();
    for (const pid of children()) process.kill(pid, 'SIGSTOP');
    process.kill(killed, 'SIGKILL');
    await comesBack(killed);
  }, 60_000);

  it.each([
    ['is empty', ''],
    ['names a process that is none of its own', `${process.pid}\n${'x'.repeat(10)}\n`],
  ])(
    'when it was killed and the lock file %s',
    async (_, content) => {
      const killed = postmaster();
      process.kill(killed, 'SIGKILL');
      writeFileSync(lock(), content);
      await comesBack(killed);
    },
    60_000,
  );

  it('and is left alone while it runs', async () => {
    const before = postmaster();
    expect(clearRemains(dataDir)).toEqual([]);
    expect(postmaster()).toBe(before);
    expect(await answers()).toBe(true);
  });
});
