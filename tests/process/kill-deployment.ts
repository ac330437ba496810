import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../demo/random.ts';
import { orphansOn, postmasterOf } from './postgres-process.ts';
import { freePort, isHealthy, type ServerProcess, startProcess } from './server-process.ts';

/** What is killed: a process of ours, the database, or one connection of it, which ends all others, too. */
export type Victim = 'server' | 'worker' | 'both' | 'postmaster' | 'backend';

/** `one`: a process that does everything. `two`: one that answers and one that evaluates; the first runs the database. */
export type Topology = 'one' | 'two';

const victims: Readonly<Record<Topology, readonly [Victim, ...Victim[]]>> = {
  one: ['server', 'server', 'postmaster', 'backend'],
  two: ['server', 'worker', 'worker', 'both', 'postmaster', 'backend'],
};

/** More than this, and it cannot be started at all. */
const deathsAtMost = 5;

/** The product as an operator runs it, with somebody who starts again whatever is killed. */
export class KillDeployment {
  readonly url: string;
  readonly #folder: string;
  readonly #port: string;
  readonly #processes = new Map<'server' | 'worker', ServerProcess>();
  #topology: Topology = 'one';
  /** What processes printed that ended by themselves. */
  readonly deaths: string[] = [];

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = String(port);
    this.url = `http://127.0.0.1:${port}`;
  }

  static async at(folder: string): Promise<KillDeployment> {
    return new KillDeployment(folder, await freePort());
  }

  async start(topology: Topology): Promise<void> {
    this.#topology = topology;
    await this.#launch('server');
    await this.ready();
    if (topology === 'two') await this.#launch('worker');
  }

  async #launch(role: 'server' | 'worker'): Promise<void> {
    const settings = { GAPLESS_DATA_DIR: this.#folder, GAPLESS_LOG_FORMAT: 'text' };
    const own: Record<string, string> =
      role === 'worker'
        ? { GAPLESS_ROLE: 'worker' }
        : { GAPLESS_ROLE: this.#topology === 'two' ? 'api' : 'all', PORT: this.#port };
    const started = await startProcess({ ...settings, ...own });
    this.#processes.set(role, started);
    void started.ended().then((code) => {
      // A process that was killed, or stopped, is not in the map any more.
      if (this.#processes.get(role) !== started) return;
      this.deaths.push(`the ${role} ended by itself (${code}):\n${started.output().slice(-3000)}`);
      void this.#launch(role);
    });
  }

  /** Resolves when it answers from its database. @throws Error after a minute and a half */
  async ready(): Promise<void> {
    for (const end = Date.now() + 90_000; !(await isHealthy(this.url)); await sleep(50))
      if (Date.now() > end || this.deaths.length > deathsAtMost)
        throw new Error(`the server does not come back:\n${[...this.deaths, this.output()].join('\n')}`);
  }

  output(): string {
    const printed = [...this.#processes].map(([role, { output }]) => `${role}:\n${output().slice(-3000)}`);
    const log = join(this.#folder, 'postgres', 'server.log');
    const database = existsSync(log) ? readFileSync(log, 'utf8').slice(-3000) : '(no log)';
    return [...printed, `PostgreSQL:\n${database}`].join('\n');
  }

  /** Kills something with SIGKILL, and starts again what an operator's supervisor would. @returns what it was */
  async kill(random: Random): Promise<Victim> {
    const victim = random.pick(victims[this.#topology]);
    if (victim === 'postmaster' || victim === 'backend') return this.#killDatabase(victim, random);
    const roles = victim === 'both' ? (['server', 'worker'] as const) : [victim];
    const killed = roles.flatMap((role) => {
      const found = this.#processes.get(role);
      this.#processes.delete(role);
      found?.kill('SIGKILL');
      return found ?? [];
    });
    await Promise.all(killed.map(({ ended }) => ended()));
    for (const role of roles) await this.#launch(role);
    return victim;
  }

  async #killDatabase(victim: 'postmaster' | 'backend', random: Random): Promise<Victim> {
    for (;;) {
      const postmaster = this.#postmaster();
      const children = postmaster === null ? [] : childrenOf(postmaster);
      const pid = victim === 'postmaster' ? postmaster : (children[random.integer(0, children.length - 1)] ?? null);
      try {
        if (pid !== null) {
          process.kill(pid, 'SIGKILL');
          return victim;
        }
      } catch {} // it ended meanwhile: the next one
      await sleep(20);
    }
  }

  #postmaster(): number | null {
    try {
      const pid = postmasterOf(this.#folder);
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres') ? pid : null;
    } catch {
      return null; // starting
    }
  }

  /** Folder of the socket on which the database answers. */
  socket(): string {
    const line = readFileSync(`/proc/${postmasterOf(this.#folder)}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return /unix_socket_directories=(\S+)/.exec(line)?.[1] ?? '';
  }

  /** Nothing is started again any more. */
  abandon(): void {
    const left = [...this.#processes.values()];
    this.#processes.clear();
    for (const { kill } of left) kill('SIGKILL');
  }

  /** Stops all as an operator does. @returns what went wrong with it */
  async stop(): Promise<string[]> {
    const problems: string[] = [];
    for (const role of ['worker', 'server'] as const) {
      const found = this.#processes.get(role);
      if (found === undefined) continue;
      this.#processes.delete(role);
      found.kill('SIGTERM');
      const code = await found.ended();
      if (code !== 0) problems.push(`the ${role} stopped with ${code}:\n${found.output().slice(-3000)}`);
    }
    const orphans = await orphansOn(this.#folder);
    if (orphans.length > 0) problems.push(`processes were left: ${orphans.join(', ')}`);
    return problems;
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
      } catch {
        return false; // it has ended meanwhile
      }
    })
    .map(Number);
}
