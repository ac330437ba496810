import { randomUUID } from 'node:crypto';
import type { BulkFile } from '../connectors/bulk-client.ts';
import type { Database, Sql } from '../db/database.ts';
import type { ImportCounts } from '../store/import-source.ts';

/** What a pull needs to go on where it stopped. */
export interface PullState {
  /** ISO instant that it asked for changes since; null: it asked for everything. */
  readonly since: string | null;
  /** URL of the export's state; null before it is kicked off, and for manifests that lie somewhere. */
  readonly statusUrl: string | null;
  /** Null before the manifest is there. */
  readonly manifest: { readonly transactionTime: string; readonly files: readonly BulkFile[] } | null;
  /** How many of the files are done. */
  readonly done: number;
}

/** What a pull took, for people. */
export interface PullReport {
  /** By resource type. */
  readonly types: Readonly<Record<string, ImportCounts>>;
  /** Resources that were deleted, because the system deleted them. */
  readonly deleted: number;
  /** Deletions that were not done: of what is not there, or came from elsewhere. */
  readonly deletedSkipped: number;
  readonly files: number;
  readonly bytes: number;
  /** What the system itself says that it could not give; the first of them. */
  readonly warnings: readonly string[];
  /** Waits and new attempts. */
  readonly retries: number;
  /** How often it went on after a stop. */
  readonly resumed: number;
}

export interface Pull {
  readonly id: string;
  readonly source: string;
  readonly status: 'running' | 'completed' | 'failed' | 'stopped';
  readonly state: PullState;
  readonly report: PullReport;
  readonly error: string | null;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
}

/** Another pull of the same source is under way. */
export class PullUnderWay extends Error {
  override readonly name = 'PullUnderWay';
}

const newReport: PullReport = {
  types: {},
  deleted: 0,
  deletedSkipped: 0,
  files: 0,
  bytes: 0,
  warnings: [],
  retries: 0,
  resumed: 0,
};

/**
 * Runs `work` unless somebody pulls the source, in whatever process: a session lock that ends with the connection, and so
 * with a process that dies.
 *
 * @throws PullUnderWay
 */
export async function aloneWith<T>(
  { pool }: Pick<Database, 'pool'>,
  tenant: string,
  source: string,
  work: () => Promise<T>,
): Promise<T> {
  const connection = await pool.connect();
  const lock = [`bulk-pull ${tenant} ${source}`];
  try {
    const { rows } = await connection.query<{ locked: boolean }>(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 10)) AS locked',
      lock,
    );
    if (rows[0]?.locked !== true)
      throw new PullUnderWay(`${source} is being pulled at the moment: wait until that pull has ended`);
    return await work();
  } finally {
    // Closing alone would end the lock only some time after this returned. A connection that broke has none any more.
    const unlocked = await connection.query('SELECT pg_advisory_unlock(hashtextextended($1, 10))', lock).then(
      () => true,
      () => false,
    );
    connection.release(!unlocked);
  }
}

/**
 * The pull that goes on: one that a process left behind or that failed after its export had begun. Otherwise a new one.
 * Call it with the lock (aloneWith).
 */
export async function openPull(
  sql: Sql,
  tenant: string,
  source: string,
  fresh: Pick<PullState, 'since' | 'manifest'>,
): Promise<Pull> {
  const [last] = await listPulls(sql, tenant, source, 1);
  const goesOn =
    last !== undefined &&
    (last.status === 'running' ||
      (last.status === 'failed' && last.state.statusUrl !== null && last.state.since === fresh.since));
  if (goesOn) {
    const report = { ...last.report, resumed: last.report.resumed + 1 };
    await sql.query(
      `UPDATE bulk_pull SET status = 'running', error = NULL, ended_at = NULL, report = $3 WHERE tenant = $1 AND id = $2`,
      [tenant, last.id, JSON.stringify(report)],
    );
    return { ...last, status: 'running', report, error: null, endedAt: null };
  }
  const id = randomUUID();
  const state: PullState = { ...fresh, statusUrl: null, done: 0 };
  await sql.query(
    `INSERT INTO bulk_pull (tenant, id, source, status, state, report) VALUES ($1, $2, $3, 'running', $4, $5)`,
    [tenant, id, source, JSON.stringify(state), JSON.stringify(newReport)],
  );
  return { id, source, status: 'running', state, report: newReport, error: null, startedAt: new Date(), endedAt: null };
}

export async function savePull(sql: Sql, tenant: string, { id, state, report }: Pick<Pull, 'id' | 'state' | 'report'>) {
  await sql.query('UPDATE bulk_pull SET state = $3, report = $4 WHERE tenant = $1 AND id = $2', [
    tenant,
    id,
    JSON.stringify(state),
    JSON.stringify(report),
  ]);
}

export async function endPull(
  sql: Sql,
  tenant: string,
  id: string,
  status: Exclude<Pull['status'], 'running'>,
  error: string | null,
): Promise<void> {
  await sql.query('UPDATE bulk_pull SET status = $3, error = $4, ended_at = now() WHERE tenant = $1 AND id = $2', [
    tenant,
    id,
    status,
    error,
  ]);
}

/** The newest pulls of a source first. */
export async function listPulls(sql: Sql, tenant: string, source: string, count: number): Promise<readonly Pull[]> {
  const { rows } = await sql.query<Pull>(
    `SELECT id, source, status, state, report, error, started_at AS "startedAt", ended_at AS "endedAt"
       FROM bulk_pull WHERE tenant = $1 AND source = $2 ORDER BY started_at DESC LIMIT $3`,
    [tenant, source, count],
  );
  return rows;
}

/** @returns null when there is no such pull */
export async function findPull(sql: Sql, tenant: string, id: string): Promise<Pull | null> {
  const { rows } = await sql.query<Pull>(
    `SELECT id, source, status, state, report, error, started_at AS "startedAt", ended_at AS "endedAt"
       FROM bulk_pull WHERE tenant = $1 AND id = $2`,
    [tenant, id],
  );
  return rows[0] ?? null;
}
