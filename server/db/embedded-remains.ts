import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Clears away what keeps PostgreSQL from starting for good after its first process was killed: children that wait for
 * what nobody gives them any more and hold the shared memory, and a lock file that is empty or names a process that is
 * no PostgreSQL of this folder. Does nothing while one runs. Where there is no /proc, nothing is known, and nothing done.
 *
 * @returns ids of the processes that were ended
 */
export function clearRemains(dataDir: string): number[] {
  const lock = join(dataDir, 'postmaster.pid');
  const content = read(lock);
  if (content === null || folderOf(process.pid) === null) return [];
  const named = Number.parseInt(content, 10);
  if (folderOf(named) === dataDir && !isChild(named)) return []; // it runs
  const inFolder = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => folderOf(pid) === dataDir);
  // Whoever starts PostgreSQL at this very moment is no child, and has no children before its lock file is written.
  const orphans = inFolder.filter((pid) => isChild(pid) && !inFolder.includes(parentOf(pid)));
  for (const pid of orphans) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // it ended meanwhile
    }
  }
  if (inFolder.length === orphans.length && read(lock) === content) rmSync(lock, { force: true });
  return orphans;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // it is not there, or gone meanwhile
  }
}

/** PostgreSQL's processes work in their data folder. Null for a process that is not there, or not to be looked into. */
function folderOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return null;
  }
}

function isChild(pid: number): boolean {
  return read(`/proc/${pid}/cmdline`)?.startsWith('postgres: ') === true;
}

function parentOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`) ?? '';
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}
