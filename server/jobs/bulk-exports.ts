import type { Database, Sql } from '../db/database.ts';
import type { ExportPosition } from '../store/bulk-rows.ts';
import type { FileKind } from './job-files.ts';

/** How far an export is. */
export interface ExportProgress {
  /** Position in `types`; their number when all are read. */
  readonly type: number;
  /** Null: at the beginning of the type. */
  readonly after: ExportPosition | null;
  readonly files: Readonly<Record<FileKind, number>>;
  /** Rows that were looked at. */
  readonly read: number;
}

export interface ExportState {
  /** ISO instant. */
  readonly transactionTime: string;
  readonly types: readonly string[];
  readonly progress: ExportProgress;
}

/** @returns null when the job has not begun */
export async function findExport(sql: Sql, tenant: string, job: string): Promise<ExportState | null> {
  const { rows } = await sql.query<{ transaction_time: Date; types: string[]; progress: ExportProgress }>(
    'SELECT transaction_time, types, progress FROM bulk_export WHERE tenant = $1 AND job = $2',
    [tenant, job],
  );
  const [row] = rows;
  if (row === undefined) return null;
  return { transactionTime: row.transaction_time.toISOString(), types: row.types, progress: row.progress };
}

/** Whose data an export holds: everybody's, all patients', or those of a roster. */
export type ExportScope = 'system' | 'patients' | readonly string[];

/**
 * Notes what the export is about, once and for all, with the roster.
 *
 * @param since where only changes are wanted, patients who were deleted after it belong to the roster
 */
export async function beginExport(
  database: Pick<Database, 'transaction'>,
  tenant: string,
  job: string,
  { transactionTime, types }: Pick<ExportState, 'transactionTime' | 'types'>,
  scope: ExportScope,
  since: string | null,
): Promise<ExportState> {
  const progress: ExportProgress = { type: 0, after: null, files: { output: 0, deleted: 0, outcome: 0 }, read: 0 };
  await database.transaction(async (sql) => {
    await sql.query(
      'INSERT INTO bulk_export (tenant, job, transaction_time, types, progress) VALUES ($1, $2, $3, $4, $5)',
      [tenant, job, transactionTime, types, JSON.stringify(progress)],
    );
    if (scope === 'patients')
      await sql.query(
        `INSERT INTO bulk_export_patient (tenant, job, patient)
         SELECT DISTINCT $1, $2::uuid, id FROM resource
          WHERE tenant = $1 AND type = 'Patient' AND (NOT deleted OR last_updated > $3 OR last_updated > $4)`,
        [tenant, job, since, transactionTime],
      );
    else if (scope !== 'system')
      await sql.query(
        'INSERT INTO bulk_export_patient (tenant, job, patient) SELECT DISTINCT $1, $2::uuid, unnest($3::text[])',
        [tenant, job, scope],
      );
  });
  return { transactionTime, types, progress };
}

/** Patients of the roster in their order, so many after one. */
export async function rosterAfter(
  sql: Sql,
  tenant: string,
  job: string,
  after: string,
  count: number,
): Promise<readonly string[]> {
  const { rows } = await sql.query<{ patient: string }>(
    `SELECT patient FROM bulk_export_patient WHERE tenant = $1 AND job = $2 AND patient > $3 ORDER BY patient LIMIT $4`,
    [tenant, job, after, count],
  );
  return rows.map(({ patient }) => patient);
}

interface OpenFile {
  readonly resourceType: string;
  readonly lines: string[];
  bytes: number;
}

/** A file ends with the page that brings it to this size. */
const bytesPerFile = 8_000_000;

/**
 * The files of an export. They are stored together with how far it is, so that one that is taken up again has each
 * resource once.
 */
export class ExportFiles {
  readonly #database: Pick<Database, 'transaction'>;
  readonly #tenant: string;
  readonly #job: string;
  readonly #open = new Map<FileKind, OpenFile>();
  #numbers: Readonly<Record<FileKind, number>>;

  constructor(database: Pick<Database, 'transaction'>, tenant: string, job: string, { files }: ExportProgress) {
    this.#database = database;
    this.#tenant = tenant;
    this.#job = job;
    this.#numbers = files;
  }

  /** @param line JSON of a resource, without the newline */
  write(kind: FileKind, resourceType: string, line: string): void {
    const file = this.#open.get(kind) ?? { resourceType, lines: [], bytes: 0 };
    this.#open.set(kind, file);
    file.lines.push(line, '\n');
    file.bytes += Buffer.byteLength(line) + 1;
  }

  get full(): boolean {
    return [...this.#open.values()].some(({ bytes }) => bytes >= bytesPerFile);
  }

  /** Stores what is open, and how far the export is. @returns the progress as it is stored */
  async checkpoint(progress: Omit<ExportProgress, 'files'>): Promise<ExportProgress> {
    const numbers = { ...this.#numbers };
    const stored = { ...progress, files: numbers };
    await this.#database.transaction(async (sql) => {
      Object.assign(numbers, this.#numbers);
      for (const [kind, { resourceType, lines }] of this.#open) {
        numbers[kind] += 1;
        await sql.query(
          `INSERT INTO job_file (tenant, job, kind, number, resource_type, lines, content)
           VALUES ($1, $2, $3, $4, $5, $6, $7)`,
          [this.#tenant, this.#job, kind, numbers[kind], resourceType, lines.length / 2, lines.join('')],
        );
      }
      await sql.query('UPDATE bulk_export SET progress = $3 WHERE tenant = $1 AND job = $2', [
        this.#tenant,
        this.#job,
        JSON.stringify(stored),
      ]);
    });
    this.#open.clear();
    this.#numbers = numbers;
    return stored;
  }
}

const pollWindowSeconds = 10;
const pollsPerWindow = 20;

/**
 * Counts a request for the state of a job.
 *
 * @returns null when it may be answered, otherwise the seconds after which the next one may
 */
export async function pollTooFast(sql: Sql, tenant: string, job: string): Promise<number | null> {
  const { rows } = await sql.query<{ polls: number; wait: number }>(
    `INSERT INTO bulk_poll AS p (tenant, job, since, polls) VALUES ($1, $2, now(), 1)
     ON CONFLICT (tenant, job) DO UPDATE
       SET polls = CASE WHEN p.since < now() - $3 * interval '1 second' THEN 1 ELSE p.polls + 1 END,
           since = CASE WHEN p.since < now() - $3 * interval '1 second' THEN now() ELSE p.since END
     RETURNING polls, ceil(extract(epoch FROM p.since + $3 * interval '1 second' - now()))::int AS wait`,
    [tenant, job, pollWindowSeconds],
  );
  const [row] = rows;
  return row === undefined || row.polls <= pollsPerWindow ? null : Math.max(1, row.wait);
}

/** How long the files of an export are kept after it ended. */
export const exportDays = 7;

/** Forgets exports, and their files, that ended long enough ago. @returns how many */
export async function removeOldExports(sql: Sql, kinds: readonly string[]): Promise<number> {
  const { rowCount } = await sql.query(
    `DELETE FROM job WHERE kind = ANY ($1::text[]) AND status IN ('completed', 'failed', 'cancelled')
      AND ended_at < now() - $2 * interval '1 day'`,
    [kinds, exportDays],
  );
  return rowCount ?? 0;
}
