import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Milliseconds of processor time since some instant: what is left of a measurement on a machine that others use, too. */
export interface ProcessorTime {
  readonly node: number;
  /** Of the embedded PostgreSQL, all its processes; 0 where there is no /proc. */
  readonly postgres: number;
}

/** @param folder the data directory of the server */
export function processorTime(folder: string): ProcessorTime {
  const { user, system } = process.cpuUsage();
  return { node: (user + system) / 1000, postgres: postgresTime(join(folder, 'postgres', 'postmaster.pid')) };
}

/** Of both together. */
export function millisecondsSince(began: ProcessorTime, ended: ProcessorTime): number {
  return ended.node - began.node + ended.postgres - began.postgres;
}

/** proc(5) counts in hundredths of a second on every Linux that Node runs on. */
const msPerTick = 10;

function postgresTime(pidFile: string): number {
  const postmaster = attempt(() => readFileSync(pidFile, 'utf8').split('\n')[0]);
  if (postmaster === null || postmaster === undefined) return 0;
  let ticks = 0;
  for (const pid of attempt(() => readdirSync('/proc')) ?? []) {
    if (!/^\d+$/.test(pid)) continue;
    const fields = attempt(() =>
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' '),
    );
    // From the process's state on: its parent; user and system time; those of children that ended.
    const of = (...places: readonly number[]): number => places.reduce((sum, n) => sum + Number(fields?.[n] ?? 0), 0);
    if (pid === postmaster) ticks += of(11, 12, 13, 14);
    else if (fields?.[1] === postmaster) ticks += of(11, 12);
  }
  return ticks * msPerTick;
}

/** Null where there is no such file, any more or at all. */
function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
