import { setTimeout as sleep } from 'node:timers/promises';
import { isDatabaseAway } from '../db/away.ts';
import type { Logger } from '../log.ts';

/** Does the work again each second for as long as it fails because the database is away. */
export async function withPatience<T>(work: () => Promise<T>, signal: AbortSignal, log: Logger): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !isDatabaseAway(error)) throw error;
      log.warn('waiting for the database', { reason: (error as Error).message });
      await sleep(1000, undefined, { signal }).catch(() => {});
    }
  }
}
