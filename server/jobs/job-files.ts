import type { Sql } from '../db/database.ts';

/** `output` holds what was asked for, `deleted` what is no more, `outcome` OperationOutcomes about what could not be given. */
export type FileKind = 'output' | 'deleted' | 'outcome';

export interface JobFile {
  readonly kind: FileKind;
  /** From 1. */
  readonly number: number;
  /** FHIR type of its resources. */
  readonly resourceType: string;
  readonly lines: number;
}

interface OpenFile {
  readonly resourceType: string;
  readonly lines: string[];
  bytes: number;
}

/** A file ends with the line that brings it to this size. */
const bytesPerFile = 8_000_000;

/**
 * NDJSON files of a job: a resource a line, each file of one type and of bounded size. What is written is in the database
 * as soon as a file is full, so that an answer of any size takes the memory of one file.
 */
export class JobFiles {
  readonly #sql: Sql;
  readonly #tenant: string;
  readonly #job: string;
  readonly #open = new Map<string, OpenFile>();
  readonly #numbers = new Map<FileKind, number>();
  readonly #bytesPerFile: number;

  private constructor(sql: Sql, tenant: string, job: string, size: number) {
    this.#sql = sql;
    this.#tenant = tenant;
    this.#job = job;
    this.#bytesPerFile = size;
  }

  /** Begins anew: what an attempt that died had written is removed. */
  static async begin(sql: Sql, tenant: string, job: string, size = bytesPerFile): Promise<JobFiles> {
    await sql.query('DELETE FROM job_file WHERE tenant = $1 AND job = $2', [tenant, job]);
    return new JobFiles(sql, tenant, job, size);
  }

  /** @param resource with `text`, its JSON is at hand */
  async write(kind: FileKind, resource: { readonly resourceType: string; readonly text?: unknown }): Promise<void> {
    const json = isText(resource) ? resource.text : JSON.stringify(resource);
    const line = `${json}\n`;
    const key = `${kind} ${resource.resourceType}`;
    const file = this.#open.get(key) ?? { resourceType: resource.resourceType, lines: [], bytes: 0 };
    this.#open.set(key, file);
    file.lines.push(line);
    file.bytes += Buffer.byteLength(line);
    if (file.bytes >= this.#bytesPerFile) await this.#close(key, kind);
  }

  /** Stores what is still open. */
  async end(): Promise<void> {
    for (const key of [...this.#open.keys()]) await this.#close(key, key.startsWith('output ') ? 'output' : 'outcome');
  }

  async #close(key: string, kind: FileKind): Promise<void> {
    const file = this.#open.get(key);
    if (file === undefined) return;
    this.#open.delete(key);
    const number = (this.#numbers.get(kind) ?? 0) + 1;
    this.#numbers.set(kind, number);
    await this.#sql.query(
      `INSERT INTO job_file (tenant, job, kind, number, resource_type, lines, content)
       VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [this.#tenant, this.#job, kind, number, file.resourceType, file.lines.length, file.lines.join('')],
    );
  }
}

/** A FHIR resource's own `text` is a Narrative, never a string. */
function isText(resource: { readonly text?: unknown }): resource is { readonly text: string } {
  return typeof resource.text === 'string';
}

/** The files of a job, without their contents: output first, in the order in which they were written. */
export async function listJobFiles(sql: Sql, tenant: string, job: string): Promise<JobFile[]> {
  const { rows } = await sql.query<JobFile>(
    `SELECT kind, number, resource_type AS "resourceType", lines FROM job_file
     WHERE tenant = $1 AND job = $2 ORDER BY kind DESC, number`,
    [tenant, job],
  );
  return rows;
}

/** @returns null when the job has no such file */
export async function readJobFile(
  sql: Sql,
  tenant: string,
  job: string,
  { kind, number }: Pick<JobFile, 'kind' | 'number'>,
): Promise<string | null> {
  const { rows } = await sql.query<{ content: string }>(
    'SELECT content FROM job_file WHERE tenant = $1 AND job = $2 AND kind = $3 AND number = $4',
    [tenant, job, kind, number],
  );
  return rows[0]?.content ?? null;
}
