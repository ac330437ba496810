import type { Catalogue } from '../content/catalogue.ts';
import type { Database } from '../db/database.ts';
import type { EvaluationPool } from '../jobs/evaluation-pool.ts';
import type { JobHandler } from '../jobs/jobs.ts';
import type { Logger } from '../log.ts';
import { fillTrend } from './fill-trend.ts';
import { livePlan } from './live-plan.ts';
import { dayIn } from './practice-day.ts';

/** Kind of the job that fills a tenant's trends; to be queued at start, when measures change, and when a month ends. */
export const trendJob = 'fill-trend';

/** Its handler. What is there already is not computed again, so that queueing it too often costs nothing. */
export function trendJobHandler(parts: {
  readonly database: Database;
  readonly catalogue: Catalogue;
  readonly pool: EvaluationPool;
  readonly log: Logger;
  readonly now?: () => Date;
  /** IANA zone of the practice; UTC unless told. */
  readonly timezone?: string;
}): JobHandler {
  const { database, catalogue, pool, log, now = () => new Date(), timezone = 'UTC' } = parts;
  return async ({ tenant, signal, progress }) => {
    const today = dayIn(now(), timezone);
    const plan = await livePlan(catalogue, tenant, today, log);
    const onProgress = (done: number, total: number): Promise<void> =>
      progress(done / Math.max(1, total), `${done} of ${total} patients`);
    return { points: await fillTrend(database, pool, { tenant, plan, today, signal, onProgress }) };
  };
}
