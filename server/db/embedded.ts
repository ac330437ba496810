import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import type { Logger } from '../log.ts';
import { account, binaries, EmbeddedPostgresFailed, moveInto, own, reachable } from './embedded-files.ts';
import { clearRemains } from './embedded-remains.ts';

const run = promisify(execFile);

export interface EmbeddedSettings {
  /** Folder for the cluster; created when absent. */
  readonly dataDir: string;
  readonly log: Logger;
  /** Extra `name=value` settings of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
  readonly connectionString: string;
  /** Stops PostgreSQL, unless another process runs it. */
  stop(): Promise<void>;
}

/**
 * Starts a real PostgreSQL from npm, reachable through a socket in a folder that only its account and ours can enter:
 * no port, no password. It is restarted when it dies and stops when this process ends, however it ends. Several
 * processes may use the same folder: one runs PostgreSQL, and when that one ends another takes over.
 *
 * @throws EmbeddedPostgresFailed with the end of the server's own log
 */
export async function startEmbeddedPostgres(wanted: EmbeddedSettings): Promise<EmbeddedPostgres> {
  const { dataDir, binDir } = await reachable(resolve(wanted.dataDir), await binaries());
  const socketDir = join(tmpdir(), `gapless-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`);
  const connectionString = `postgres://gapless@localhost/postgres?host=${encodeURIComponent(socketDir)}`;
  const keeper = new Keeper(wanted, { dataDir, binDir, socketDir, connectionString });

  if (await answers(connectionString)) {
    wanted.log.info('using the PostgreSQL that another process started', { dataDir });
    keeper.watch();
    return { connectionString, stop: () => keeper.stop() };
  }
  own(socketDir);
  if (!existsSync(join(dataDir, 'PG_VERSION'))) await create(dataDir, binDir);
  keeper.start();
  for (let attempt = 0; !(await answers(connectionString)); attempt += 1) {
    if (attempt === 300) {
      await keeper.stop();
      throw new EmbeddedPostgresFailed(`PostgreSQL did not start:\n${tail(join(dataDir, 'server.log'))}`);
    }
    await sleep(attempt < 50 ? 20 : 100);
  }
  return { connectionString, stop: () => keeper.stop() };
}

/** A new cluster. @throws EmbeddedPostgresFailed */
async function create(dataDir: string, binDir: string): Promise<void> {
  own(dataDir);
  const options = ['-U', 'gapless', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
  await moveInto(dataDir, async (part) => {
    own(part);
    try {
      await run(join(binDir, 'initdb'), ['-D', part, ...options], { ...account(), cwd: '/' });
    } catch (error) {
      throw new EmbeddedPostgresFailed(`initdb failed: ${(error as { stderr?: string }).stderr ?? error}`);
    }
  });
}

interface Cluster {
  readonly dataDir: string;
  readonly binDir: string;
  readonly socketDir: string;
  readonly connectionString: string;
}

// The shell ends PostgreSQL when our end of its standard input closes, so that not even kill -9 leaves an orphan.
const script =
  'exec 3<&0; "$@" </dev/null >>"$LOG" 2>&1 & p=$!; (cat <&3 >/dev/null; kill -INT $p) & w=$!; wait $p; s=$?; kill $w; exit $s';

/** How often it looks whether the PostgreSQL of another process still answers, and how soon it starts its own again. */
const watchMs = 500;

/** Keeps PostgreSQL running: as its parent, or in waiting while another process is. */
class Keeper {
  readonly #settings: EmbeddedSettings;
  readonly #cluster: Cluster;
  #child: ChildProcess | null = null;
  #timer: NodeJS.Timeout | null = null;
  #stopping = false;

  constructor(settings: EmbeddedSettings, cluster: Cluster) {
    this.#settings = settings;
    this.#cluster = cluster;
  }

  /** Starts PostgreSQL and again when it ends. */
  start(): void {
    const { dataDir, binDir, socketDir } = this.#cluster;
    const ended = clearRemains(dataDir);
    if (ended.length > 0)
      this.#settings.log.warn('what was left of a PostgreSQL that was killed is ended', { processes: ended.length });
    const settings = { ...defaults, ...this.#settings.settings, unix_socket_directories: socketDir };
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = spawn('/bin/sh', ['-c', script, 'sh', join(binDir, 'postgres'), '-D', dataDir, ...options], {
      ...account(),
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: '/usr/bin:/bin', LOG: join(dataDir, 'server.log'), TZ: 'UTC' },
    });
    this.#child = child;
    child.stdin?.on('error', () => {}); // the pipe breaks when PostgreSQL dies; `exit` tells of that
    child.once('exit', (code) => {
      child.stdin?.destroy();
      this.#child = null;
      if (this.#stopping) return;
      this.#settings.log.error('PostgreSQL ended; starting it again', { code });
      this.watch();
    });
  }

  /** Starts PostgreSQL as soon as none answers: it cannot outlive the process that runs it. */
  watch(): void {
    this.#timer = setTimeout(() => void this.#look(), watchMs);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const kept = await answers(this.#cluster.connectionString);
    if (this.#stopping) return;
    if (kept) this.watch();
    else this.start();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const child = this.#child;
    if (child === null) return;
    const ended = new Promise<void>((done) => child.once('exit', () => done()));
    child.stdin?.end();
    await ended;
  }
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
