import type { Catalogue } from '../content/catalogue.ts';
import type { Database, Sql } from '../db/database.ts';
import type { Logger } from '../log.ts';
import { queueAllPatients, tenantsWithContent, tenantsWithoutContent } from './change-feed.ts';
import { queueDuePatients } from './due-measures.ts';
import { livePeriods } from './live-period.ts';
import { type LivePlan, livePlan } from './live-plan.ts';
import { queueReferringPatients } from './outside-queue.ts';
import { dayAfter } from './practice-day.ts';

/** How long the period that has ended is kept live: results and claims of it still come in. */
export const runOutDays = 90;
const duePatients = 1_000;
/** Steps of `queueReferringPatients` at most before something else has its turn. */
const outsideSteps = 20;
/** A plan is made anew now and then, so that a measure that could not be loaded gets another chance. */
const planAgeMs = 60_000;

export interface PlansSettings {
  readonly database: Database;
  readonly catalogue: Catalogue;
  readonly log: Logger;
  /** ISO date-time with offset, in the timezone of the practice. */
  readonly now: () => string;
}

/** What is to be kept live, and what of it time or a change of measures brings onto the feed. */
export class Plans {
  readonly #settings: PlansSettings;
  readonly #plans = new Map<
    string,
    { readonly stamp: string; readonly made: number; readonly plan: Promise<LivePlan> }
  >();

  constructor(settings: PlansSettings) {
    this.#settings = settings;
  }

  /**
   * The plan of a tenant as its content, periods and day are now. To be asked after patients were claimed: whoever changes
   * a measure queues them after the change.
   */
  async of(tenant: string): Promise<LivePlan> {
    const { database, catalogue, log, now } = this.#settings;
    const date = now().slice(0, 10);
    const periods = await livePeriods(database, tenant);
    const stamp = JSON.stringify([date, periods, await contentVersion(database, tenant)]);
    const known = this.#plans.get(tenant);
    if (known?.stamp === stamp && performance.now() - known.made < planAgeMs) return known.plan;
    const plan = livePlan(catalogue, tenant, date, log, periods);
    this.#plans.set(tenant, { stamp, made: performance.now(), plan });
    plan.catch(() => this.#plans.delete(tenant));
    return plan;
  }

  /**
   * Queues whom measures, periods, time or a resource of no compartment bring onto the feed. Any number of processes may
   * call it at once.
   * @returns whether there may be more to queue
   */
  async queue(): Promise<boolean> {
    const { database, log, now } = this.#settings;
    let more = false;
    for (const tenant of await tenantsWithContent(database)) {
      const plan = await this.of(tenant);
      if (await database.transaction((sql) => followPlan(sql, tenant, plan))) tellOfChange(log, tenant, plan);
      const due = await queueDuePatients(database, tenant, now(), duePatients);
      let outside = true;
      for (let step = 0; outside && step < outsideSteps; step += 1)
        outside = await queueReferringPatients(database, tenant, plan.resourceTypes);
      more ||= due > 0 || outside;
    }
    for (const tenant of await tenantsWithoutContent(database)) await queueReferringPatients(database, tenant, []);
    return more;
  }
}

/**
 * Queues all patients when the plan differs from the one that they were last queued for: of each, only what is not of the
 * plan is evaluated. A period that ended since goes on being kept for the run-out. Of several processes that notice at
 * once, one does it.
 */
async function followPlan(sql: Sql, tenant: string, plan: LivePlan): Promise<boolean> {
  const { rowCount } = await sql.query(
    `INSERT INTO gap_plan (tenant, plan) VALUES ($1, $2)
     ON CONFLICT (tenant) DO UPDATE SET plan = excluded.plan, queued_at = now() WHERE gap_plan.plan <> excluded.plan`,
    [tenant, plan.key],
  );
  if (rowCount === 0) return false;
  await keepEndedPeriods(sql, tenant, plan);
  await queueAllPatients(sql, tenant, []);
  return true;
}

async function keepEndedPeriods(sql: Sql, tenant: string, { all, date }: LivePlan): Promise<void> {
  const { rows } = await sql.query<{ url: string; start: string; end: string }>(
    `SELECT DISTINCT measure_url AS url, period_start::text AS start, period_end::text AS "end" FROM gap_state
     WHERE tenant = $1 AND live AND period_end < $2::date AND period_end >= $3::date`,
    [tenant, date, dayAfter(date, -runOutDays)],
  );
  for (const { url, start, end } of rows) {
    if (all.some(({ measure, period }) => measure.url === url && period.start === start)) continue;
    await sql.query(
      `INSERT INTO live_period (tenant, measure_url, period_start, period_end, source, until)
       VALUES ($1, $2, $3, $4, 'run-out', $5) ON CONFLICT DO NOTHING`,
      [tenant, url, start, end, dayAfter(end, runOutDays)],
    );
  }
}

function tellOfChange(log: Logger, tenant: string, { displaced }: LivePlan): void {
  log.info('measures or periods changed: what changed of them is evaluated for all patients', { tenant });
  for (const { measureUrl: measure, start, end } of displaced)
    log.warn('a period is not kept live: another of the measure starts on the same day', { measure, start, end });
}

async function contentVersion(sql: Sql, tenant: string): Promise<number> {
  const { rows } = await sql.query<{ version: number }>('SELECT version FROM content_version WHERE tenant = $1', [
    tenant,
  ]);
  return rows[0]?.version ?? 0;
}
