import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalogue } from '../content/catalogue.ts';
import type { Database } from '../db/database.ts';
import { type EvaluationPool, PoolClosed } from '../jobs/evaluation-pool.ts';
import type { Logger } from '../log.ts';
import { type Claim, claimPatients, claimSeconds, releaseClaims, renewClaims } from './change-feed.ts';
import { evaluateClaims, Stopped } from './evaluate-claims.ts';
import { refreshStatistics } from './gap-state.ts';
import { Plans } from './plans.ts';
import { instantIn } from './practice-day.ts';
import { Reaches } from './reach.ts';
import { takeSnapshot } from './trend-points.ts';

export interface GapWorkerSettings {
  readonly database: Database;
  readonly catalogue: Catalogue;
  readonly pool: EvaluationPool;
  readonly log: Logger;
  /** The clock; the system's unless told. */
  readonly now?: () => Date;
  /** IANA zone of the practice: its days begin and end there, and its periods; UTC unless told. */
  readonly timezone?: string;
  /** Patients claimed at once; 32 unless told. */
  readonly batchSize?: number;
  /** How often it looks for work when there was none for a while, in ms; 500 unless told. */
  readonly pollMs?: number;
}

export interface GapWorker {
  /** Looks for work now, and often for a while: what was written is seen once it is committed. */
  wake(): void;
  /** Resolves when nothing waits, neither on the feed nor for its day. */
  idle(): Promise<void>;
  /** Gives up what is being evaluated and stops; what it writes, it finishes. The rest stays on the feed. */
  stop(): Promise<void>;
}

/** Each lane claims, evaluates and writes: while one waits for the database, the other keeps the threads busy. */
const lanes = 2;
/** Of so many claims, one goes to who has waited longest, so that writes never keep the others waiting for good. */
const turns = 4;
/** After so many patients the planner learns of them at once, and not when autovacuum comes by. */
const analyseAfter = 1_000;
/** How often it looks whether measures, periods or the day changed, in ms. */
const planMs = 1_000;
/** How often it looks for work at first when there was none, in ms: with each look the next is twice as far. */
const shortestPollMs = 15;

/**
 * Keeps the gap state live: takes changed patients off the feed, evaluates those live measures on them that the change
 * can touch and writes state, history, results and events in one transaction with the feed. Any number may run, in any
 * number of processes: a patient is evaluated by one at a time, and what a dead worker held is taken over when its claim
 * ends.
 */
export function startGapWorker(settings: GapWorkerSettings): GapWorker {
  const { database, catalogue, pool, log, now = () => new Date(), timezone = 'UTC' } = settings;
  const { batchSize = 32, pollMs = 500 } = settings;
  const local = (at: Date): string => instantIn(at, timezone);
  const plans = new Plans({ database, catalogue, log, now: () => local(now()) });
  const reaches = new Reaches();
  const worker = randomUUID();
  const names = Array.from({ length: lanes }, (_, lane) => `${worker}/${lane}`);
  const stopping = new AbortController();
  let busy = 0;
  let wakeUp = new AbortController();
  let pauseMs = shortestPollMs;
  let planned = 0;
  const worked = new Set<string>();
  let evaluated = 0;
  let planning: Promise<boolean> | null = null;

  const heartbeat = setInterval(
    () => {
      if (busy > 0)
        renewClaims(database, names).catch((error: Error) =>
          log.warn('a claim was not renewed', { reason: error.message }),
        );
    },
    (claimSeconds * 1000) / 3,
  );
  heartbeat.unref();

  /** Queues whom time or measures bring; at most once a second unless asked for, one lane at a time. */
  function checkPlans(always = false): Promise<boolean> {
    if (!always && planning === null && Math.abs(Date.now() - planned) < planMs) return Promise.resolve(false);
    planning ??= plans.queue().finally(() => {
      planned = Date.now();
      planning = null;
    });
    return planning;
  }

  /** When the work is done for the moment: what the state says today of the tenants that were worked for. */
  async function keepSnapshots(): Promise<void> {
    const tenants = [...worked];
    worked.clear();
    for (const tenant of tenants) await takeSnapshot(database, tenant, await plans.of(tenant));
    if (evaluated < analyseAfter) return;
    evaluated = 0;
    await refreshStatistics(database);
  }

  async function work(lane: string): Promise<void> {
    for (let turn = 1; !stopping.signal.aborted; turn += 1) {
      try {
        await checkPlans();
        const claims = await claimPatients(database, lane, batchSize, turn % turns === 0 ? 'waiting' : 'turn');
        if (claims.length > 0) await evaluateAll(lane, claims);
        else if (pauseMs < pollMs) {
          pauseMs *= 1.5;
          await rest(Math.min(pauseMs, pollMs));
        } else {
          await keepSnapshots();
          await rest(pollMs);
        }
      } catch (error) {
        if (stopping.signal.aborted || error instanceof Stopped || error instanceof PoolClosed) break;
        // Most likely the database is away: what was claimed is claimed again when it is back.
        log.error('the gap worker failed and tries again', { reason: (error as Error).message });
        await rest(1000);
        await releaseClaims(database, lane).catch(() => {});
      }
    }
    await releaseClaims(database, lane).catch(() => {});
  }

  async function evaluateAll(lane: string, claims: readonly Claim[]): Promise<void> {
    busy += 1;
    pauseMs = shortestPollMs;
    try {
      for (const [tenant, own] of Map.groupBy(claims, (claim) => claim.tenant)) {
        const plan = await plans.of(tenant);
        const at = now();
        const clock = { at, now: local(at) };
        const { signal } = stopping;
        await evaluateClaims({ database, pool, reaches, lane, tenant, plan, signal, ...clock }, own);
        worked.add(tenant);
        evaluated += own.length;
      }
    } finally {
      busy -= 1;
    }
  }

  async function rest(milliseconds: number): Promise<void> {
    if (!stopping.signal.aborted) await sleep(milliseconds, undefined, { signal: wakeUp.signal }).catch(() => {});
    if (wakeUp.signal.aborted) wakeUp = new AbortController();
  }

  const running = Promise.all(names.map(work));

  return {
    wake() {
      pauseMs = shortestPollMs;
      wakeUp.abort();
    },
    async idle() {
      for (;;) {
        const more = await checkPlans(true);
        const { rows } = await database.query<{ empty: boolean }>(
          'SELECT NOT EXISTS (SELECT FROM change_feed) AND NOT EXISTS (SELECT FROM outside_change) AS empty',
        );
        if (rows[0]?.empty === true && !more && busy === 0) return;
        await sleep(20);
      }
    },
    async stop() {
      stopping.abort();
      wakeUp.abort();
      await running;
      clearInterval(heartbeat);
    },
  };
}
