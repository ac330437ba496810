import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalogue } from '../content/catalogue.ts';
import type { Database } from '../db/database.ts';
import { type EvaluationPool, PoolClosed } from '../jobs/evaluation-pool.ts';
import type { Logger } from '../log.ts';
import { loadPatientRecords } from '../store/patient-record.ts';
import {
  type Claim,
  claimPatients,
  claimSeconds,
  lockClaims,
  queueWhenPlanChanged,
  releaseClaims,
  renewClaims,
  settleClaims,
  tenantsWithContent,
} from './change-feed.ts';
import { evaluatePatient, nowText, withError } from './evaluate-patient.ts';
import { type PatientOutcome, refreshStatistics, writeOutcomes } from './gap-state.ts';
import { type LivePlan, livePlan } from './live-plan.ts';
import { takeSnapshot } from './trend-points.ts';

export interface GapWorkerSettings {
  readonly database: Database;
  readonly catalogue: Catalogue;
  readonly pool: EvaluationPool;
  readonly log: Logger;
  /** The clock; the system's unless told. */
  readonly now?: () => Date;
  /** Patients claimed at once; 32 unless told. */
  readonly batchSize?: number;
  /** How often it looks for work when there was none, in ms; 500 unless told. */
  readonly pollMs?: number;
}

export interface GapWorker {
  /** Looks for work now instead of at the next poll. */
  wake(): void;
  /** Resolves when the feed is empty. */
  idle(): Promise<void>;
  /** Finishes what it holds and stops. What others hold or wait for stays on the feed. */
  stop(): Promise<void>;
}

/** Each lane claims, evaluates and writes: while one waits for the database, the other keeps the threads busy. */
const lanes = 2;
/** After so many patients the planner learns of them at once, and not when autovacuum comes by. */
const analyseAfter = 1_000;
/** How often it looks whether measures or their periods changed, in ms. */
const planMs = 1_000;

/**
 * Keeps the gap state live: takes changed patients off the feed, evaluates all live measures of their tenant on them and
 * writes state and history in one transaction with the feed. Any number may run, in any number of processes: a patient
 * is evaluated by one at a time, and what a dead worker held is taken over when its claim ends.
 */
export function startGapWorker(settings: GapWorkerSettings): GapWorker {
  const { database, catalogue, pool, log, now = () => new Date(), batchSize = 32, pollMs = 500 } = settings;
  const worker = randomUUID();
  const names = Array.from({ length: lanes }, (_, lane) => `${worker}/${lane}`);
  let stopping = false;
  let busy = 0;
  let wakeUp = new AbortController();
  let planned = 0;
  const worked = new Set<string>();
  let evaluated = 0;
  let planning: Promise<void> | null = null;

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

  /** Queues all patients of the tenants whose measures or periods changed; at most once a second, one lane at a time. */
  function checkPlans(): Promise<void> {
    if (Date.now() - planned < planMs) return Promise.resolve();
    planning ??= (async () => {
      for (const tenant of await tenantsWithContent(database)) {
        const { key } = await planOf(tenant);
        if (await queueWhenPlanChanged(database, tenant, key))
          log.info('measures or periods changed: all patients are evaluated again', { tenant });
      }
      planned = Date.now();
    })().finally(() => {
      planning = null;
    });
    return planning;
  }

  /** When the work is done for the moment: what the state says today of the tenants that were worked for. */
  async function keepSnapshots(): Promise<void> {
    const tenants = [...worked];
    worked.clear();
    for (const tenant of tenants) await takeSnapshot(database, tenant, now().toISOString().slice(0, 10));
    if (evaluated < analyseAfter) return;
    evaluated = 0;
    await refreshStatistics(database);
  }

  function planOf(tenant: string): Promise<LivePlan> {
    return livePlan(catalogue, tenant, now().toISOString().slice(0, 10), log);
  }

  async function work(lane: string): Promise<void> {
    while (!stopping) {
      try {
        await checkPlans();
        const claims = await claimPatients(database, lane, batchSize);
        if (claims.length > 0) await evaluateClaims(lane, claims);
        else {
          await keepSnapshots();
          await rest(pollMs);
        }
      } catch (error) {
        if (stopping || error instanceof PoolClosed) break;
        // Most likely the database is away: what was claimed is claimed again when it is back.
        log.error('the gap worker failed and tries again', { reason: (error as Error).message });
        await rest(1000);
        await releaseClaims(database, lane).catch(() => {});
      }
    }
    await releaseClaims(database, lane).catch(() => {});
  }

  async function rest(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: wakeUp.signal }).catch(() => {});
    if (wakeUp.signal.aborted) wakeUp = new AbortController();
  }

  async function evaluateClaims(lane: string, claims: readonly Claim[]): Promise<void> {
    busy += 1;
    try {
      for (const [tenant, own] of Map.groupBy(claims, (claim) => claim.tenant)) {
        const { measures, resourceTypes } = await planOf(tenant);
        const patients = own.map(({ patient }) => patient);
        const records = await loadPatientRecords(database, tenant, patients, resourceTypes);
        const at = now();
        const outcomes = await Promise.all(
          own.map((claim) => evaluatePatient(pool, claim, records.get(claim.patient) ?? null, measures, nowText(at))),
        );
        await write(lane, outcomes, at);
        worked.add(tenant);
        evaluated += outcomes.length;
      }
    } finally {
      busy -= 1;
    }
  }

  /** One patient's value that the database refuses must not keep the others of the batch from being written. */
  async function write(lane: string, outcomes: readonly PatientOutcome[], at: Date): Promise<void> {
    try {
      await writeTogether(lane, outcomes, at);
    } catch (error) {
      if (!/^22/.test((error as { code?: string }).code ?? '')) throw error; // SQLSTATE 22: data exception
      const [first, ...others] = outcomes;
      if (first !== undefined && others.length === 0) await writeTogether(lane, [withError(first, error as Error)], at);
      else for (const outcome of outcomes) await write(lane, [outcome], at);
    }
  }

  async function writeTogether(lane: string, outcomes: readonly PatientOutcome[], at: Date): Promise<void> {
    await database.transaction(async (sql) => {
      const held = await lockClaims(
        sql,
        lane,
        outcomes.map(({ claim }) => claim),
      );
      const mine = new Set(held.map(({ patient }) => patient));
      await writeOutcomes(
        sql,
        outcomes.filter(({ claim }) => mine.has(claim.patient)),
        at,
      );
      await settleClaims(sql, lane, held);
    });
  }

  const running = Promise.all(names.map(work));

  return {
    wake: () => wakeUp.abort(),
    async idle() {
      for (;;) {
        await checkPlans();
        const { rows } = await database.query<{ empty: boolean }>(
          'SELECT NOT EXISTS (SELECT FROM change_feed) AS empty',
        );
        if (rows[0]?.empty === true && busy === 0) return;
        await sleep(20);
      }
    },
    async stop() {
      stopping = true;
      wakeUp.abort();
      await running;
      clearInterval(heartbeat);
    },
  };
}
