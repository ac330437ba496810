import type { Sql } from '../db/database.ts';

export type SubmissionStatus = 'in-progress' | 'completed' | 'stopped';

/** Whose submission it is. `submitter` is `system|value`. */
export interface SubmissionKey {
  readonly tenant: string;
  readonly submitter: string;
  readonly submissionId: string;
}

export interface SubmittedManifest {
  readonly url: string;
  readonly settings: ManifestSettings;
  /** Job that takes it. */
  readonly job: string;
  /** Its data were discarded, because another manifest replaces it. */
  readonly replaced: boolean;
}

/** JSON. */
export interface ManifestSettings {
  readonly fhirBaseUrl: string;
  /** By name; sent with requests for the manifest and its files. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Submission {
  readonly status: SubmissionStatus;
  /** Reference of who began it. */
  readonly actor: string;
  /** In the order of their URLs. */
  readonly manifests: readonly SubmittedManifest[];
}

/** @returns null when there is none. Locks it for the transaction. */
export async function findSubmission(sql: Sql, key: SubmissionKey): Promise<Submission | null> {
  const { rows } = await sql.query<{ status: SubmissionStatus; actor: string }>(
    `SELECT status, actor FROM bulk_submission WHERE tenant = $1 AND submitter = $2 AND submission_id = $3 FOR UPDATE`,
    valuesOf(key),
  );
  const [row] = rows;
  if (row === undefined) return null;
  const manifests = await sql.query<SubmittedManifest>(
    `SELECT url, settings, pull AS job, replaced FROM bulk_submission_manifest
      WHERE tenant = $1 AND submitter = $2 AND submission_id = $3 ORDER BY url`,
    valuesOf(key),
  );
  return { ...row, manifests: manifests.rows };
}

export async function saveSubmission(
  sql: Sql,
  key: SubmissionKey,
  { status, actor }: Pick<Submission, 'status' | 'actor'>,
): Promise<void> {
  await sql.query(
    `INSERT INTO bulk_submission (tenant, submitter, submission_id, status, actor) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (tenant, submitter, submission_id) DO UPDATE SET status = excluded.status`,
    [...valuesOf(key), status, actor],
  );
}

export async function addManifest(
  sql: Sql,
  key: SubmissionKey,
  { url, settings, job }: Omit<SubmittedManifest, 'replaced'>,
): Promise<void> {
  await sql.query(
    `INSERT INTO bulk_submission_manifest (tenant, submitter, submission_id, url, settings, pull)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [...valuesOf(key), url, JSON.stringify(settings), job],
  );
}

export async function markReplaced(sql: Sql, key: SubmissionKey, url: string): Promise<void> {
  await sql.query(
    `UPDATE bulk_submission_manifest SET replaced = true
      WHERE tenant = $1 AND submitter = $2 AND submission_id = $3 AND url = $4`,
    [...valuesOf(key), url],
  );
}

function valuesOf({ tenant, submitter, submissionId }: SubmissionKey): string[] {
  return [tenant, submitter, submissionId];
}

/** Name of a submitter among the sources of data: its ids are its own. */
export function sourceOf({ submitter }: Pick<SubmissionKey, 'submitter'>): string {
  return `submitter ${submitter}`;
}

/** Name of a manifest among the sources that are pulled. */
export function pullSourceOf({ submitter, submissionId }: Omit<SubmissionKey, 'tenant'>, url: string): string {
  return `submission ${submitter} ${submissionId} ${url}`;
}
