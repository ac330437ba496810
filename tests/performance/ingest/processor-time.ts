import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Seconds of processor time: other programs that share the machine do not count. */
export interface ProcessorTime {
  readonly node: number;
  /** Null where /proc does not tell. */
  readonly postgres: number | null;
}

const ticksPerSecond = 100;

/** What this process, and PostgreSQL with all its processes, have used so far. */
export function processorTime(dataDir: string): ProcessorTime {
  const { user, system } = process.cpuUsage();
  return { node: (user + system) / 1e6, postgres: postgresTime(dataDir) };
}

export function between(before: ProcessorTime, after: ProcessorTime): ProcessorTime {
  const postgres = before.postgres === null || after.postgres === null ? null : after.postgres - before.postgres;
  return { node: after.node - before.node, postgres };
}

function postgresTime(dataDir: string): number | null {
  try {
    const main = Number(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
    let ticks = 0;
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      const stat = Number.isInteger(pid) ? statOf(pid) : null;
      if (stat === null || (pid !== main && stat.parent !== main)) continue;
      ticks += stat.own + (pid === main ? stat.ended : 0);
    }
    return ticks / ticksPerSecond;
  } catch {
    return null;
  }
}

/** Of /proc/[pid]/stat: parent, own ticks, and those of children that have ended. */
function statOf(pid: number): { readonly parent: number; readonly own: number; readonly ended: number } | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ').map(Number) ?? [];
    const [, parent = 0] = fields;
    const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15);
    return { parent, own: user + system, ended: childUser + childSystem };
  } catch {
    return null; // it ended meanwhile
  }
}
