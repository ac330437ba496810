import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { RequestContext } from '../context.ts';
import type { Database } from '../db/database.ts';
import type { FhirRequest, FhirResponse } from '../interactions/interaction.ts';
import { exportDays, findExport, pollTooFast } from '../jobs/bulk-exports.ts';
import { type FileKind, type JobFile, listJobFiles, readJobFile } from '../jobs/job-files.ts';
import type { Job, Jobs } from '../jobs/jobs.ts';
import { ResourceNotFound } from '../store/errors.ts';
import { outcomeOfJob } from './async.ts';
import { MethodNotAllowed, TooManyRequests } from './errors.ts';
import { type ExportJobInput, exportJob, exportPath } from './export-job.ts';

export interface ExportFollowing {
  readonly database: Database;
  readonly jobs: Jobs;
  /** False where there is no login, so that no token can be sent. */
  readonly requiresAccessToken: boolean;
}

const retryAfterSeconds = '2';
const kinds: readonly FileKind[] = ['output', 'deleted', 'outcome'];

/** Answers `_export/[id]` and `_export/[id]/[kind]/[number]`; null for any other path. */
export function exportStatusHandler(
  services: ExportFollowing,
): (request: FhirRequest, context: RequestContext) => Promise<FhirResponse> | null {
  return (request, context) => {
    const [first, id, kind, number, ...rest] = request.path;
    if (first !== exportPath || id === undefined || rest.length > 0) return null;
    if (kind === undefined) return answerStatus(id, request, context, services);
    const found = kinds.find((one) => one === kind);
    if (found === undefined || !/^[1-9]\d{0,6}$/.test(number ?? '')) return null;
    return answerFile(id, { kind: found, number: Number(number) }, request, context, services);
  };
}

/** @throws ResourceNotFound, as well for the export of another client */
async function findOwn(id: string, { tenant, actor }: RequestContext, { jobs }: ExportFollowing): Promise<Job> {
  const job = await jobs.find(tenant, id);
  const input = job?.kind === exportJob ? (job.input as ExportJobInput) : null;
  if (job === null || job.status === 'cancelled' || input?.context.actor.reference !== actor.reference)
    throw new ResourceNotFound(
      `The export ${id} does not exist, was cancelled or was deleted; files are kept for ${exportDays} days`,
    );
  return job;
}

async function answerStatus(
  id: string,
  { method }: FhirRequest,
  context: RequestContext,
  services: ExportFollowing,
): Promise<FhirResponse> {
  const { tenant } = context;
  const job = await findOwn(id, context, services);
  if (method === 'DELETE') {
    if (!(await services.jobs.cancel(tenant, id))) await services.jobs.remove(tenant, id);
    return { status: 202, headers: {}, body: null };
  }
  allowOnly(method, ['GET', 'HEAD', 'DELETE']);
  const wait = await pollTooFast(services.database, tenant, id);
  if (wait !== null)
    throw new TooManyRequests(
      `The state of this export is asked for too often: wait ${wait} seconds, and then as long as Retry-After says`,
      wait,
    );
  if (job.status === 'failed') throw outcomeOfJob(job);
  if (job.status !== 'completed') {
    const text = `${Math.floor(job.progress * 100)} %${job.message === null ? '' : ` (${job.message})`}`.slice(0, 100);
    return { status: 202, headers: { 'X-Progress': text, 'Retry-After': retryAfterSeconds }, body: null };
  }
  const state = await findExport(services.database, tenant, id);
  const files = await listJobFiles(services.database, tenant, id);
  const expires = new Date((job.endedAt ?? job.createdAt).getTime() + exportDays * 86_400_000);
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json', Expires: expires.toUTCString() },
    body: manifest(job.input as ExportJobInput, id, state?.transactionTime ?? '', files, services.requiresAccessToken),
  };
}

/**
 * GET: as STU1 to STU3 have it. POST: as 4.0.0-ballot does, with the older versions' `request` and `error` beside,
 * because they know POST, too.
 */
function manifest(
  input: ExportJobInput,
  id: string,
  transactionTime: string,
  files: readonly JobFile[],
  requiresAccessToken: boolean,
): object {
  const { baseUrl } = input.context;
  const listed = (kind: FileKind): object[] =>
    files
      .filter((file) => file.kind === kind)
      .map(({ number, resourceType, lines }) => ({
        type: resourceType,
        url: `${baseUrl}/${exportPath}/${id}/${kind}/${number}`,
        count: lines,
      }));
  const outcome = listed('outcome');
  const common = {
    transactionTime,
    request: input.url,
    requiresAccessToken,
    output: listed('output'),
    ...(input.request.since === null ? {} : { deleted: listed('deleted') }),
    error: outcome,
  };
  return input.shape === 'query'
    ? common
    : { manifestType: input.definition, outputFormat: 'application/fhir+ndjson', ...common, outcome };
}

async function answerFile(
  id: string,
  file: Pick<JobFile, 'kind' | 'number'>,
  { method, headers }: FhirRequest,
  context: RequestContext,
  services: ExportFollowing,
): Promise<FhirResponse> {
  const job = await findOwn(id, context, services);
  allowOnly(method, ['GET', 'HEAD']);
  const text = job.status === 'completed' ? await readJobFile(services.database, context.tenant, id, file) : null;
  if (text === null) throw new ResourceNotFound(`The export ${id} has no ${file.kind} ${file.number}`);
  const etag = `"${id}-${file.kind}-${file.number}"`;
  const common = { 'Content-Type': 'application/fhir+ndjson', ETag: etag, 'Accept-Ranges': 'bytes' };
  if (headers['if-none-match'] === etag) return { status: 304, headers: common, body: null };
  const bytes = Buffer.from(text);
  const range = headers['if-range'] === undefined || headers['if-range'] === etag ? headers.range : undefined;
  if (range !== undefined) return partOf(bytes, range, common);
  if (!/\bgzip\b/.test(headers['accept-encoding'] ?? '')) return { status: 200, headers: common, body: bytes };
  const packed = await promisify(gzip)(bytes, { level: 4 });
  // Bytes that are packed anew need not be the same: a strong ETag holds for the file alone.
  const encoded = { ...common, ETag: `W/${etag}`, 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' };
  return { status: 200, headers: encoded, body: packed };
}

/** RFC 9110, 14: one range; what names several gets the whole file. */
function partOf(bytes: Buffer, range: string, headers: Readonly<Record<string, string>>): FhirResponse {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(range.trim()) ?? [];
  if (from === '' && to === '') return { status: 200, headers, body: bytes };
  const first = from === '' ? Math.max(0, bytes.length - Number(to)) : Number(from);
  const last = from === '' || to === '' ? bytes.length - 1 : Math.min(Number(to), bytes.length - 1);
  if (first > last || first >= bytes.length)
    return { status: 416, headers: { ...headers, 'Content-Range': `bytes */${bytes.length}` }, body: null };
  const contentRange = `bytes ${first}-${last}/${bytes.length}`;
  return { status: 206, headers: { ...headers, 'Content-Range': contentRange }, body: bytes.subarray(first, last + 1) };
}

function allowOnly(method: string, allow: readonly string[]): void {
  if (!allow.includes(method))
    throw new MethodNotAllowed(`An export answers ${allow.join(', ')}, not ${method}`, allow);
}
