import type { Resource } from '@medplum/fhirtypes';
import type { RequestContext } from '../context.ts';
import type { Database } from '../db/database.ts';
import type { FhirRequest, FhirResponse } from '../interactions/interaction.ts';
import { type JobFile, JobFiles, listJobFiles, readJobFile } from '../jobs/job-files.ts';
import type { Job, JobHandler, Jobs } from '../jobs/jobs.ts';
import type { Logger } from '../log.ts';
import { ResourceNotFound } from '../store/errors.ts';
import type { RawParameter } from './arguments.ts';
import { invalidArgument, MethodNotAllowed, UnknownOperation } from './errors.ts';
import type { Operation, ResourceText } from './operation.ts';
import type { OperationAddress } from './request.ts';
import type { OperationServices } from './services.ts';

/** Kind of the jobs that run operations (server/jobs). */
export const operationJob = 'operation';

/** First segment of the URLs at which clients follow their jobs. */
export const jobPath = '_job';

const retryAfterSeconds = '2';

/** All that a job needs to run an operation as its request would have. JSON. */
interface OperationJobInput {
  readonly code: string;
  readonly resourceType: string | null;
  readonly resourceId: string | null;
  readonly parameters: readonly RawParameter[];
  readonly context: Pick<RequestContext, 'actor' | 'scopes' | 'requestId' | 'timezone' | 'baseUrl'> & {
    readonly now: string;
  };
  readonly url: string;
  readonly ndjson: boolean;
}

/** `Prefer: respond-async`: 202 with the URL at which the answer will be (R4 async.html). */
export async function enqueueOperation(
  { operation, resourceType, resourceId }: OperationAddress,
  parameters: readonly RawParameter[],
  { path, query }: FhirRequest,
  { tenant, actor, scopes, requestId, timezone, baseUrl, now }: RequestContext,
  jobs: Jobs,
  ndjson = wantsNdjson(parameters),
): Promise<FhirResponse> {
  const url = `${baseUrl}/${path.join('/')}${query.size === 0 ? '' : `?${query}`}`;
  const input: OperationJobInput = {
    code: operation.code,
    resourceType,
    resourceId,
    parameters,
    context: { actor, scopes, requestId, timezone, baseUrl, now: now.toISOString() },
    url,
    ndjson,
  };
  const id = await jobs.enqueue(tenant, operationJob, input);
  return { status: 202, headers: { 'Content-Location': `${baseUrl}/${jobPath}/${id}` }, body: null };
}

/** Runs the operation of a job; what it returns is kept as the job's result. */
export function operationJobHandler(
  operations: readonly Operation[],
  services: OperationServices,
  log: Logger,
): JobHandler {
  return async ({ tenant, id, input, signal, progress }) => {
    const { code, resourceType, resourceId, parameters, context, ndjson } = input as OperationJobInput;
    const operation = operations.find(
      (candidate) =>
        candidate.code === code && (resourceType === null || candidate.resources?.includes(resourceType) !== false),
    );
    if (operation === undefined) throw new UnknownOperation(`This version of the server has no operation $${code}`);
    const { requestId } = context;
    const whole = {
      ...context,
      tenant,
      now: new Date(context.now),
      signal,
      log: log.child({ requestId }),
      resourceType,
      resourceId,
      progress,
    };
    if (!ndjson) return operation.invoke(parameters, whole, services);
    const files = await JobFiles.begin(services.database, tenant, id);
    const deliver = (resource: Resource | ResourceText): Promise<void> =>
      files.write(resource.resourceType === 'OperationOutcome' ? 'outcome' : 'output', resource);
    for (const resource of returned(await operation.invoke(parameters, { ...whole, deliver }, services)))
      await deliver(resource);
    await files.end();
    return null;
  };
}

/** A job, or one of its NDJSON files. */
export interface JobAddress {
  readonly id: string;
  readonly file: Pick<JobFile, 'kind' | 'number'> | null;
}

/** Reads `_job/[id]`, `_job/[id]/output/[number]` and `_job/[id]/outcome/[number]`; null for other paths. */
export function addressedJob([first, id, kind, number, ...rest]: readonly string[]): JobAddress | null {
  if (first !== jobPath || id === undefined || rest.length > 0) return null;
  if (kind === undefined) return { id, file: null };
  if ((kind !== 'output' && kind !== 'outcome') || !/^[1-9]\d{0,6}$/.test(number ?? '')) return null;
  return { id, file: { kind, number: Number(number) } };
}

/**
 * GET and DELETE of a job, and GET of its file.
 *
 * @throws ResourceNotFound, MethodNotAllowed, and the error of the operation when it failed
 */
export async function answerJob(
  { id, file }: JobAddress,
  { method }: FhirRequest,
  { tenant, actor, baseUrl }: RequestContext,
  { jobs, database }: { readonly jobs: Jobs; readonly database: Database },
): Promise<FhirResponse> {
  const job = await jobs.find(tenant, id);
  const asked = job?.kind === operationJob ? (job.input as OperationJobInput) : null;
  // What another actor asked for is none of this one's business, its existence included.
  if (job === null || asked?.context.actor.reference !== actor.reference || job.status === 'cancelled')
    throw new ResourceNotFound(`The asynchronous request ${id} does not exist, was cancelled or was deleted`);
  if (method === 'DELETE' && file === null) {
    if (!(await jobs.cancel(tenant, id))) await jobs.remove(tenant, id);
    return { status: 202, headers: {}, body: null };
  }
  if (method !== 'GET' && method !== 'HEAD') {
    const allow = file !== null ? ['GET', 'HEAD'] : ['GET', 'HEAD', 'DELETE'];
    throw new MethodNotAllowed(`An asynchronous request answers ${allow.join(', ')}, not ${method}`, allow);
  }
  if (job.status === 'failed') throw outcomeOfJob(job);
  if (job.status !== 'completed') return running(job);
  const { ndjson, url } = asked;
  if (file !== null) {
    const body = await readJobFile(database, tenant, id, file);
    if (body === null) throw new ResourceNotFound(`The asynchronous request ${id} has no ${file.kind} ${file.number}`);
    return { status: 200, headers: { 'Content-Type': 'application/fhir+ndjson' }, body };
  }
  if (!ndjson) return { status: 200, headers: {}, body: job.result as object };
  const files = await listJobFiles(database, tenant, id);
  return { status: 200, headers: {}, body: manifest(job, url, `${baseUrl}/${jobPath}/${id}`, files) };
}

function running({ progress, message }: Job): FhirResponse {
  const text = `${Math.floor(progress * 100)} %${message === null ? '' : ` (${message})`}`;
  return { status: 202, headers: { 'X-Progress': text, 'Retry-After': retryAfterSeconds }, body: null };
}

/** The manifest of a bulk-data answer: files with a resource a line, and those that say what could not be given. */
function manifest({ endedAt, createdAt }: Job, request: string, base: string, files: readonly JobFile[]): object {
  const listed = (kind: JobFile['kind']): object[] =>
    files
      .filter((file) => file.kind === kind)
      .map(({ number, resourceType, lines }) => ({
        type: resourceType,
        url: `${base}/${kind}/${number}`,
        count: lines,
      }));
  return {
    transactionTime: (endedAt ?? createdAt).toISOString(),
    request,
    requiresAccessToken: true,
    output: listed('output'),
    error: listed('outcome'),
  };
}

/** The resources of the `return` parameters; any other answer is one resource. */
function returned(result: unknown): readonly Resource[] {
  const resource = result as Resource;
  if (resource.resourceType !== 'Parameters') return [resource];
  return (resource.parameter ?? []).flatMap((parameter) => parameter.resource ?? []);
}

function wantsNdjson(parameters: readonly RawParameter[]): boolean {
  const asked = parameters.find(({ name }) => name === '_outputFormat');
  if (asked === undefined) return false;
  const format = Object.entries(asked).find(([key]) => /^value/.test(key))?.[1];
  if (['application/fhir+ndjson', 'application/ndjson', 'ndjson'].includes(String(format))) return true;
  throw invalidArgument(
    '_outputFormat',
    'must be application/fhir+ndjson (or application/ndjson, ndjson)',
    'not-supported',
  );
}

/** The error of the job under the name that it had, so that it is translated as if it had been thrown here. */
export function outcomeOfJob({ error }: Job): Error {
  return Object.assign(new Error(error?.message ?? 'the operation failed'), {
    name: error?.name ?? 'Error',
    ...(error?.issues === undefined ? {} : { issues: error.issues }),
  });
}
