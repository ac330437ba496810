import { setTimeout as sleep } from 'node:timers/promises';
import type { EndpointRules } from '../../connectors/endpoint-addresses.ts';
import type { Database } from '../../db/database.ts';
import type { Logger } from '../../log.ts';
import { assignNumbers, behind } from './assign-numbers.ts';
import { claimDue, releaseClaim, type Turn } from './claims.ts';
import { deliver } from './deliver.ts';
import { removeOldEvents } from './old-events.ts';
import { type RetryRules, retryRules } from './retries.ts';
import { claimant } from './subscription-row.ts';

export interface DelivererSettings {
  readonly database: Database;
  readonly log: Logger;
  readonly rules: EndpointRules;
  readonly retries?: RetryRules;
  /** How often it looks for events and for what is due, in ms; 300 unless told. */
  readonly pollMs?: number;
  /** How long a claim lasts beyond the endpoint's timeout, in ms; 15,000 unless told. */
  readonly claimMs?: number;
}

export interface Deliverer {
  /** Ends what is being sent, which is sent again by the next, and stops. */
  stop(): Promise<void>;
}

/** Endpoints at once, by turn. No database connection is held while one is waited for. */
const slots: Readonly<Record<Turn, number>> = { healthy: 48, troubled: 32 };
const numberedAtOnce = 4;
const cleanUpMs = 3_600_000;

/**
 * Numbers the events of subscriptions and delivers them. Any number may run, in any number of processes: a subscription
 * is served by one at a time, and what a dead one held is taken over when its claim ends.
 */
export function startDeliverer(settings: DelivererSettings): Deliverer {
  const { database, log, rules, retries = retryRules, pollMs = 300, claimMs = 15_000 } = settings;
  const stopping = new AbortController();
  const { signal } = stopping;
  const me = claimant();
  const sending: Record<Turn, Set<Promise<void>>> = { healthy: new Set(), troubled: new Set() };
  let cleanedUp = 0;

  /** Runs until it stops; what fails is tried again, since most likely the database is away. */
  async function repeat(work: () => Promise<boolean>): Promise<void> {
    while (!signal.aborted) {
      try {
        if (!(await work())) await rest(pollMs);
      } catch (error) {
        if (signal.aborted) break;
        log.error('the deliverer failed and tries again', { reason: (error as Error).message });
        await rest(1_000);
      }
    }
  }

  async function rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal }).catch(() => {});
  }

  async function number(): Promise<boolean> {
    const waiting = await behind(database);
    let moved = false;
    const take = async (): Promise<void> => {
      for (let some = waiting.pop(); some !== undefined && !signal.aborted; some = waiting.pop())
        if (await assignNumbers(database, some)) moved = true;
    };
    await Promise.all(Array.from({ length: numberedAtOnce }, take));
    if (Date.now() - cleanedUp > cleanUpMs) {
      cleanedUp = Date.now();
      await removeOldEvents(database);
    }
    return moved;
  }

  async function start(turn: Turn): Promise<boolean> {
    const free = slots[turn] - sending[turn].size;
    if (free <= 0) {
      await Promise.race([...sending[turn], rest(pollMs)]);
      return true;
    }
    const claimed = await claimDue(database, me, turn, free, { claimMs });
    for (const one of claimed) {
      const work = deliver({ database, log, rules, retries, claimMs, signal }, one)
        .catch(async (error: Error) => {
          log.error('a notification failed', { subscription: one.id, error });
          // The claim ends by itself, which paces the next try, unless the server stops.
          if (signal.aborted) await releaseClaim(database, one).catch(() => {});
        })
        .finally(() => sending[turn].delete(work));
      sending[turn].add(work);
    }
    return claimed.length === free;
  }

  const running = [repeat(number), repeat(() => start('healthy')), repeat(() => start('troubled'))];
  return {
    async stop() {
      stopping.abort();
      await Promise.all(running);
      await Promise.all([...sending.healthy, ...sending.troubled]);
    },
  };
}
