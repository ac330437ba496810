import { randomUUID } from 'node:crypto';
import { PgBoss } from 'pg-boss';
import type { Database, Sql } from '../db/database.ts';
import type { Logger } from '../log.ts';

export type JobStatus = 'queued' | 'active' | 'completed' | 'failed' | 'cancelled';

/** A background job as those see it who asked for it. */
export interface Job {
  readonly id: string;
  readonly kind: string;
  readonly input: unknown;
  readonly status: JobStatus;
  /** Between 0 and 1. */
  readonly progress: number;
  /** What it is doing, for X-Progress; null before it says so. */
  readonly message: string | null;
  /** What the handler returned, null until `completed`. */
  readonly result: unknown;
  /** Name and message of the error when `failed`; `issues` when the error has some. */
  readonly error: { readonly name: string; readonly message: string; readonly issues?: unknown } | null;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}

/** What a handler is given. */
export interface JobRun {
  readonly tenant: string;
  readonly id: string;
  readonly input: unknown;
  /** Aborted when the job is cancelled or the server stops. */
  readonly signal: AbortSignal;
  /** @param fraction between 0 and 1 */
  progress(fraction: number, message?: string): Promise<void>;
}

/** Does the work; what it returns must be JSON. It may run again from the start when a process died while it ran. */
export type JobHandler = (run: JobRun) => Promise<unknown>;

export interface Jobs {
  /** Queues a job; with `sql`, in the caller's transaction. @returns its id */
  enqueue(tenant: string, kind: string, input: unknown, sql?: Sql): Promise<string>;
  /** @returns null when the tenant has no such job */
  find(tenant: string, id: string): Promise<Job | null>;
  /** The newest jobs of a kind first. */
  list(tenant: string, kind: string, count?: number): Promise<Job[]>;
  /** @returns false when there is no such job or it has ended */
  cancel(tenant: string, id: string): Promise<boolean>;
  /** Forgets a job that has ended, with its result. @returns false when there is none */
  remove(tenant: string, id: string): Promise<boolean>;
  /**
   * Has a job of the kind queued again and again; of occurrences that nobody was there for, once.
   *
   * @param key names the schedule: another of the same name replaces it
   * @param cron five fields; null ends the schedule
   * @throws InvalidSchedule
   */
  schedule(tenant: string, kind: string, key: string, cron: string | null, input: unknown): Promise<void>;
  /** Lets running jobs stop; they are taken up again at the next start. */
  close(): Promise<void>;
}

export class UnknownJobKind extends Error {
  override readonly name = 'UnknownJobKind';
}

export class InvalidSchedule extends Error {
  override readonly name = 'InvalidSchedule';
}

export interface JobSettings {
  readonly database: Database;
  readonly log: Logger;
  /** By kind. Names the kinds also in processes that do not run them. */
  readonly handlers: Readonly<Record<string, JobHandler>>;
  /** False in processes that only queue jobs (role `api`). */
  readonly work: boolean;
  /** IANA zone that schedules are read in; UTC unless told. */
  readonly timezone?: string;
}

/** One process at a time: two that make pg-boss's schema at once get in each other's way. */
async function alone<T>(database: Database, work: () => Promise<T>): Promise<T> {
  const connection = await database.pool.connect();
  try {
    await connection.query(`SELECT pg_advisory_lock(hashtextextended('gapless.jobs', 0))`);
    return await work();
  } finally {
    connection.release(true); // ends the session, and the lock with it
  }
}

/** `id` names the job; what a schedule delivers is yet to become one. */
type Delivery =
  | { readonly tenant: string; readonly id: string }
  | { readonly tenant: string; readonly id: null; readonly input: unknown };

/** How long a process may be silent before another takes its job; pg-boss allows no less than 10 s. */
const heartbeatSeconds = 10;

/**
 * Background jobs on pg-boss, one queue per kind. The table `job` is what clients see; pg-boss delivers, retries what a
 * dead process left behind, and knows nothing of tenants.
 */
export async function startJobs({ database, log, handlers, work, timezone }: JobSettings): Promise<Jobs> {
  const boss = new PgBoss({ db: adapter(database), superviseIntervalSeconds: 5, monitorIntervalSeconds: 5 });
  boss.on('error', (error) => log.error('the job queue reports an error', { reason: error.message }));
  await alone(database, () => boss.start());
  const running = new Map<string, AbortController>();
  const workers = new Map<string, string>();
  let closing = false;

  async function run(kind: string, delivery: Delivery): Promise<void> {
    if (delivery.id === null) {
      await enqueue(delivery.tenant, kind, delivery.input);
      return;
    }
    const { tenant, id } = delivery;
    const started = await database.query<{ input: unknown }>(
      `UPDATE job SET status = 'active', started_at = now() WHERE tenant = $1 AND id = $2 AND status IN ('queued', 'active')
       RETURNING input`,
      [tenant, id],
    );
    const [row] = started.rows;
    const handler = handlers[kind];
    if (row === undefined || handler === undefined) return;
    const abort = new AbortController();
    running.set(id, abort);
    const watch = setInterval(() => void stopIfCancelled(tenant, id, abort).catch(() => {}), 1000);
    const progress = async (fraction: number, message?: string): Promise<void> => {
      await database.query(
        `UPDATE job SET progress = $3, message = coalesce($4, message) WHERE tenant = $1 AND id = $2 AND status = 'active'`,
        [tenant, id, Math.min(1, Math.max(0, fraction)), message ?? null],
      );
    };
    try {
      const result = await handler({ tenant, id, input: row.input, signal: abort.signal, progress });
      await end(tenant, id, 'completed', { result: JSON.stringify(result ?? null) });
    } catch (error) {
      if (closing && abort.signal.aborted) {
        await database.query(`UPDATE job SET status = 'queued' WHERE tenant = $1 AND id = $2 AND status = 'active'`, [
          tenant,
          id,
        ]);
        throw error; // pg-boss keeps it for the next start
      }
      if (!abort.signal.aborted) log.warn('a job failed', { kind, job: id, error: (error as Error).name });
      await end(tenant, id, 'failed', { error: JSON.stringify(describe(error)) });
    } finally {
      clearInterval(watch);
      running.delete(id);
    }
  }

  async function stopIfCancelled(tenant: string, id: string, abort: AbortController): Promise<void> {
    if ((await find(tenant, id))?.status === 'cancelled') abort.abort();
  }

  /** A job that was cancelled stays so, whatever its handler still does. */
  async function end(
    tenant: string,
    id: string,
    status: JobStatus,
    { result = null, error = null }: { result?: string | null; error?: string | null },
  ): Promise<void> {
    await database.query(
      `UPDATE job SET status = $3, result = $4, error = $5, ended_at = now(),
              progress = CASE WHEN $3 = 'completed' THEN 1 ELSE progress END
       WHERE tenant = $1 AND id = $2 AND status = 'active'`,
      [tenant, id, status, result, error],
    );
  }

  async function enqueue(tenant: string, kind: string, input: unknown, sql: Sql = database): Promise<string> {
    if (handlers[kind] === undefined) throw new UnknownJobKind(`There is no job of kind ${kind}`);
    const id = randomUUID();
    await sql.query(`INSERT INTO job (tenant, id, kind, input, status) VALUES ($1, $2, $3, $4, 'queued')`, [
      tenant,
      id,
      kind,
      JSON.stringify(input ?? null),
    ]);
    await boss.send(kind, { tenant, id } satisfies Delivery, { id, db: adapter(sql) });
    const worker = workers.get(kind);
    if (worker !== undefined && sql === database) boss.notifyWorker(worker);
    return id;
  }

  async function find(tenant: string, id: string): Promise<Job | null> {
    if (!/^[0-9a-f-]{36}$/i.test(id)) return null;
    const { rows } = await database.query<JobRow>(`SELECT * FROM job WHERE tenant = $1 AND id = $2`, [tenant, id]);
    return rows[0] === undefined ? null : asJob(rows[0]);
  }

  for (const kind of Object.keys(handlers)) {
    await boss.createQueue(kind, { retryLimit: 5, retryDelay: 1, heartbeatSeconds, expireInSeconds: 6 * 3600 });
    if (!work) continue;
    const worker = await boss.work<Delivery>(kind, { batchSize: 1, pollingIntervalSeconds: 1 }, async (jobs) => {
      for (const job of jobs) await run(kind, job.data);
    });
    workers.set(kind, worker);
  }

  return {
    enqueue,
    find,
    async list(tenant, kind, count = 50) {
      const { rows } = await database.query<JobRow>(
        `SELECT * FROM job WHERE tenant = $1 AND kind = $2 ORDER BY created_at DESC LIMIT $3`,
        [tenant, kind, count],
      );
      return rows.map(asJob);
    },
    async cancel(tenant, id) {
      const job = await find(tenant, id);
      if (job === null) return false;
      const { rowCount } = await database.query(
        `UPDATE job SET status = 'cancelled', ended_at = now()
         WHERE tenant = $1 AND id = $2 AND status IN ('queued', 'active')`,
        [tenant, id],
      );
      running.get(id)?.abort();
      return rowCount === 1;
    },
    async remove(tenant, id) {
      if ((await find(tenant, id)) === null) return false;
      const { rowCount } = await database.query(
        `DELETE FROM job WHERE tenant = $1 AND id = $2 AND status NOT IN ('queued', 'active')`,
        [tenant, id],
      );
      return rowCount === 1;
    },
    async schedule(tenant, kind, key, cron, input) {
      if (handlers[kind] === undefined) throw new UnknownJobKind(`There is no job of kind ${kind}`);
      const name = `${tenant}.${key}`;
      if (cron === null) return boss.unschedule(kind, name);
      const delivery = { tenant, id: null, input } satisfies Delivery;
      await boss
        .schedule(kind, cron, delivery, { key: name, tz: timezone ?? 'UTC', missed: 'once' })
        .catch((error: Error) => {
          throw new InvalidSchedule(`"${cron}" is no schedule: ${error.message}`);
        });
    },
    async close() {
      closing = true;
      for (const abort of running.values()) abort.abort();
      await boss.stop({ graceful: true, timeout: 5000, close: false });
    },
  };
}

interface JobRow {
  readonly id: string;
  readonly kind: string;
  readonly input: unknown;
  readonly status: JobStatus;
  readonly progress: number;
  readonly message: string | null;
  readonly result: unknown;
  readonly error: Job['error'];
  readonly created_at: Date;
  readonly ended_at: Date | null;
}

function asJob({ created_at, ended_at, id, kind, input, status, progress, message, result, error }: JobRow): Job {
  return { id, kind, input, status, progress, message, result, error, createdAt: created_at, endedAt: ended_at };
}

function describe(error: unknown): { name: string; message: string; issues?: unknown } {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const issues = 'issues' in error ? { issues: error.issues } : {};
  return { name: error.name, message: error.message, ...issues };
}

function adapter(sql: Sql): { executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }> } {
  return { executeSql: (text, values) => sql.query(text, values) };
}
