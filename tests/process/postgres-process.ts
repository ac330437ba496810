import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Process id of the PostgreSQL that runs on the cluster of a data folder, from its own lock file. */
export function postmasterOf(dataDir: string): number {
  return Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
}

/** Ids of the living processes whose command line names the folder. */
export function processesOn(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(join('/proc', pid, 'cmdline'), 'utf8').includes(folder);
      } catch {
        return false; // it has ended meanwhile
      }
    })
    .map(Number);
}

/** Waits until no process names the folder; gives those that still do after a while. */
export async function orphansOn(folder: string, patienceMs = 20_000): Promise<number[]> {
  for (const end = Date.now() + patienceMs; Date.now() < end && processesOn(folder).length > 0; ) await sleep(100);
  return processesOn(folder);
}
