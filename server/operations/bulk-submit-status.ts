import type { RequestContext } from '../context.ts';
import type { Database } from '../db/database.ts';
import type { FhirRequest, FhirResponse } from '../interactions/interaction.ts';
import { listPulls, type Pull } from '../jobs/bulk-pulls.ts';
import {
  findSubmission,
  pullSourceOf,
  type Submission,
  type SubmissionKey,
  type SubmittedManifest,
} from '../jobs/bulk-submissions.ts';
import { ResourceNotFound } from '../store/errors.ts';
import { rejectionOutcome } from '../store/import-outcome.ts';
import { rejectedLines } from '../store/import-state.ts';
import { requireSubmitScope } from './bulk-submit.ts';
import { invalidArgument, MethodNotAllowed } from './errors.ts';
import { defineKickOff } from './operation.ts';

/** First segment of the URLs at which submitters follow their submissions. */
const submissionPath = '_submission';
const retryAfterSeconds = '2';
const definition = 'http://hl7.org/fhir/uv/bulkdata/OperationDefinition/bulk-submit-status';

/** Bulk Data 4.0.0-ballot `$bulk-submit-status`. */
export const bulkSubmitStatus = defineKickOff({
  code: 'bulk-submit-status',
  resources: [],
  levels: ['system'],
  definition,
  title: 'Status of a bulk submission',
  description:
    '202 with the URL at which the status manifest of a submission will be: what became of each of its manifests.',
  scopes: [],
  safe: false,
  input: {
    submitter: { type: 'token', documentation: 'As it was given to $bulk-submit.' },
    submissionId: { type: 'string', documentation: 'As it was given to $bulk-submit.' },
    _outputFormat: { type: 'string?', documentation: 'application/fhir+ndjson, application/ndjson or ndjson.' },
  },
  async start({ submitter, submissionId, _outputFormat: format }, { context, services }) {
    requireSubmitScope(context.scopes);
    if (format !== null && !['application/fhir+ndjson', 'application/ndjson', 'ndjson'].includes(format))
      throw invalidArgument('_outputFormat', 'must be application/fhir+ndjson', 'not-supported');
    const key = { tenant: context.tenant, submitter, submissionId };
    await findOwn(services.database, key, context);
    return { status: 202, headers: { 'Content-Location': urlOf(key, context) }, body: null };
  },
});

/** Answers `_submission/[key]` and `_submission/[key]/outcome/[number]`; null for any other path. */
export function submissionStatusHandler(
  database: Database,
  requiresAccessToken: boolean,
): (request: FhirRequest, context: RequestContext) => Promise<FhirResponse> | null {
  return ({ method, path }, context) => {
    const [first, name, kind, number, ...rest] = path;
    if (first !== submissionPath || name === undefined || rest.length > 0) return null;
    if (kind !== undefined && (kind !== 'outcome' || !/^[1-9]\d{0,5}$/.test(number ?? ''))) return null;
    const answer = async (): Promise<FhirResponse> => {
      if (method !== 'GET' && method !== 'HEAD')
        throw new MethodNotAllowed(
          'The status of a submission answers GET; $bulk-submit with submissionStatus stopped ends it',
          ['GET', 'HEAD'],
        );
      requireSubmitScope(context.scopes);
      const key = keyOf(name, context.tenant);
      const submission = await findOwn(database, key, context);
      return kind === undefined
        ? statusOf(key, submission, context, database, requiresAccessToken)
        : outcomesOf(key, submission.manifests[Number(number) - 1] ?? null, database);
    };
    return answer();
  };
}

async function findOwn(database: Database, key: SubmissionKey, { actor }: RequestContext): Promise<Submission> {
  const found = await findSubmission(database, key);
  if (found === null || found.actor !== actor.reference)
    throw new ResourceNotFound('There is no such submission: $bulk-submit begins one');
  return found;
}

async function statusOf(
  key: SubmissionKey,
  { status, manifests }: Submission,
  context: RequestContext,
  database: Database,
  requiresAccessToken: boolean,
): Promise<FhirResponse> {
  const pulls = await Promise.all(
    manifests.map(async (manifest) => ({ manifest, pull: await pullOf(key, manifest, database) })),
  );
  const open = pulls.filter(({ manifest, pull }) => !manifest.replaced && (pull === null || pull.status === 'running'));
  if (status === 'in-progress' || open.length > 0) {
    const text = `${manifests.length - open.length} of ${manifests.length} manifests${status === 'in-progress' ? ', more may come' : ''}`;
    return { status: 202, headers: { 'X-Progress': text, 'Retry-After': retryAfterSeconds }, body: null };
  }
  const ended = pulls.flatMap(({ pull }) => pull?.endedAt?.getTime() ?? []);
  const outcome = pulls.map(({ manifest, pull }, position) => {
    const failed = failedLines(pull);
    const errors = failed + (pull?.status === 'failed' ? 1 : 0);
    const countSeverity = [
      { code: 'information', count: 1 },
      ...(errors === 0 ? [] : [{ code: 'error', count: errors }]),
    ];
    const url = `${urlOf(key, context)}/outcome/${position + 1}`;
    return { type: 'OperationOutcome', url, count: errors + 1, manifestUrl: manifest.url, countSeverity };
  });
  const body = {
    manifestType: definition,
    submissionId: key.submissionId,
    transactionTime: new Date(Math.max(0, ...ended)).toISOString(),
    requiresAccessToken,
    outputFormat: 'application/fhir+ndjson',
    output: [],
    outcome,
    error: outcome,
  };
  return { status: 200, headers: { 'Content-Type': 'application/json' }, body };
}

/** NDJSON: what was taken, why a manifest could not be, and each line that was refused. */
async function outcomesOf(
  key: SubmissionKey,
  manifest: SubmittedManifest | null,
  database: Database,
): Promise<FhirResponse> {
  const pull = manifest === null ? null : await pullOf(key, manifest, database);
  if (manifest === null) throw new ResourceNotFound('The submission has no such file');
  const lines = [JSON.stringify(outcome('information', 'informational', saidOf(manifest, pull)))];
  if (pull?.status === 'failed') lines.push(JSON.stringify(outcome('error', 'processing', pull.error ?? 'It failed')));
  if (pull !== null)
    for await (const line of rejectedLines(database, key.tenant, pull.id))
      if (line.severity === 'error') lines.push(JSON.stringify(rejectionOutcome(line)));
  const body = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  return { status: 200, headers: { 'Content-Type': 'application/fhir+ndjson' }, body };
}

function saidOf({ replaced }: SubmittedManifest, pull: Pull | null): string {
  if (replaced) return 'What this manifest brought was discarded';
  const counts = Object.entries(pull?.report.types ?? {}).map(
    ([type, { lines, created, updated, unchanged, failed }]) =>
      `${type}: ${lines} lines, ${created} created, ${updated} updated, ${unchanged} unchanged, ${failed} refused`,
  );
  return counts.length === 0 ? 'Nothing was taken' : counts.join('; ');
}

function failedLines(pull: Pull | null): number {
  return Object.values(pull?.report.types ?? {}).reduce((sum, { failed }) => sum + failed, 0);
}

async function pullOf(key: SubmissionKey, { url }: SubmittedManifest, database: Database): Promise<Pull | null> {
  return (await listPulls(database, key.tenant, pullSourceOf(key, url), 1))[0] ?? null;
}

function outcome(severity: string, code: string, diagnostics: string): object {
  return { resourceType: 'OperationOutcome', issue: [{ severity, code, diagnostics }] };
}

function urlOf({ submitter, submissionId }: SubmissionKey, { baseUrl }: RequestContext): string {
  return `${baseUrl}/${submissionPath}/${Buffer.from(JSON.stringify([submitter, submissionId])).toString('base64url')}`;
}

/** @throws ResourceNotFound */
function keyOf(name: string, tenant: string): SubmissionKey {
  try {
    const [submitter, submissionId]: unknown[] = JSON.parse(Buffer.from(name, 'base64url').toString('utf8'));
    if (typeof submitter === 'string' && typeof submissionId === 'string') return { tenant, submitter, submissionId };
  } catch {
    // told below
  }
  throw new ResourceNotFound('There is no such submission');
}
