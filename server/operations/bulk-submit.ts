import { requireScope } from '../auth/scopes.ts';
import { headerProblems } from '../connectors/channel-headers.ts';
import type { FhirResponse } from '../interactions/interaction.ts';
import {
  addManifest,
  findSubmission,
  type ManifestSettings,
  markReplaced,
  type SubmissionStatus,
  saveSubmission,
} from '../jobs/bulk-submissions.ts';
import { type SubmitJobInput, submitJob } from '../jobs/bulk-submit-job.ts';
import { InvalidRequest } from '../store/errors.ts';
import type { ArgumentsOf, RawParameter } from './arguments.ts';
import { invalidArgument } from './errors.ts';
import { defineKickOff, type OperationCall } from './operation.ts';

/** Scope of SMART backend services that allows it (Bulk Data 4.0.0-ballot, Bulk Submit). */
const ownScope = 'system/bulk-submit';

/** Who submits may write anything, since a manifest may hold anything. @throws ForbiddenByScope */
export function requireSubmitScope(scopes: readonly string[]): void {
  if (scopes.includes(ownScope)) return;
  requireScope(scopes, '*', 'c');
  requireScope(scopes, '*', 'u');
  requireScope(scopes, '*', 'd');
}

const input = {
  submitter: { type: 'token', documentation: 'Identifier of who submits, system and value.' },
  submissionId: { type: 'string', documentation: 'Of the submitter: names the submission.' },
  submissionStatus: {
    type: 'token?',
    documentation: 'in-progress, completed (no more is to come) or stopped (what was taken is discarded).',
  },
  manifestUrl: { type: 'string?', documentation: 'Where the manifest lies.' },
  replacesManifestUrl: {
    type: 'string?',
    documentation: 'A manifest that was submitted before: what it brought is discarded first.',
  },
  outputFormat: { type: 'string?', documentation: 'application/fhir+ndjson, and nothing else.' },
  fhirBaseUrl: { type: 'string?', documentation: 'With manifestUrl: absolute references below it become local.' },
  fileRequestHeader: {
    type: 'Part*',
    documentation: 'A header that is sent when the manifest and its files are fetched.',
    parts: { headerName: 'string', headerValue: 'string' },
  },
  oauthMetadataUrl: { type: 'string*', documentation: 'Is not supported: register the source as a feed.' },
  fileEncryptionKey: {
    type: 'Part?',
    documentation: 'Is not supported.',
    parts: { coding: 'Coding', value: 'string' },
  },
  metadata: { type: 'Part*', documentation: 'Is not used.', parts: { parameterUrl: 'uri', parameterValue: 'string' } },
  import: {
    type: 'Part*',
    documentation: 'None is supported.',
    parts: { parameterUrl: 'uri', parameterValue: 'string' },
  },
} as const;

/** Bulk Data 4.0.0-ballot `$bulk-submit`. */
export const bulkSubmit = defineKickOff({
  code: 'bulk-submit',
  resources: [],
  levels: ['system'],
  definition: 'http://hl7.org/fhir/uv/bulkdata/OperationDefinition/bulk-submit',
  title: 'Bulk submit',
  description:
    'Names manifests of bulk data that are to be fetched and stored. $bulk-submit-status tells what became of them. Ids are kept: one that another source uses already is refused.',
  scopes: [],
  safe: false,
  input,
  start: submit,
});

async function submit(args: ArgumentsOf<typeof input>, call: OperationCall): Promise<FhirResponse> {
  const { context, services, jobs } = call;
  requireSubmitScope(context.scopes);
  const status = statusOf(args.submissionStatus);
  const settings = settingsOf(args);
  const { manifestUrl: url, replacesManifestUrl: replaces } = args;
  if (url === null && args.submissionStatus === null)
    throw invalidArgument('manifestUrl', 'is required, or submissionStatus is', 'required');
  const { tenant, actor } = context;
  const key = { tenant, submitter: args.submitter, submissionId: args.submissionId };
  const cancelled = await services.database.transaction(async (sql) => {
    const known = await findSubmission(sql, key);
    if (known !== null && known.status !== 'in-progress')
      throw new InvalidRequest(
        `The submission is ${known.status} already: begin another one, with a submissionId of its own`,
      );
    if (known !== null && known.actor !== actor.reference)
      throw new InvalidRequest('The submission was begun by another client');
    const manifests = known?.manifests ?? [];
    if (url !== null && manifests.some((manifest) => manifest.url === url))
      throw invalidArgument('manifestUrl', 'was submitted already: give each manifest a URL of its own', 'invalid');
    const replaced = manifests.find((manifest) => manifest.url === replaces && !manifest.replaced);
    if (replaces !== null && replaced === undefined)
      throw invalidArgument('replacesManifestUrl', 'is no manifest of this submission that still holds', 'invalid');
    await saveSubmission(sql, key, { status, actor: actor.reference });
    const ended =
      status === 'stopped'
        ? manifests.filter((manifest) => !manifest.replaced)
        : replaced === undefined
          ? []
          : [replaced];
    for (const manifest of ended) await markReplaced(sql, key, manifest.url);
    const takes = url === null || settings === null || status === 'stopped' ? null : { url, settings };
    const discards = ended.map((manifest) => manifest.url);
    if (takes !== null || discards.length > 0) {
      const { submitter, submissionId } = key;
      const work: SubmitJobInput = { submitter, submissionId, discards, takes };
      const job = await jobs.enqueue(tenant, submitJob, work, sql);
      if (takes !== null) await addManifest(sql, key, { ...takes, job });
    }
    return ended.map(({ job }) => job);
  });
  for (const job of cancelled) await jobs.cancel(tenant, job);
  const diagnostics = `The submission is ${status}; $bulk-submit-status tells what becomes of it`;
  const issue = [{ severity: 'information', code: 'informational', diagnostics }];
  return { status: 200, headers: {}, body: { resourceType: 'OperationOutcome', issue } };
}

function statusOf(given: string | null): SubmissionStatus {
  const code = given?.split('|').at(-1) ?? 'in-progress';
  if (code === 'in-progress' || code === 'completed' || code === 'stopped') return code;
  throw invalidArgument('submissionStatus', 'must be in-progress, completed or stopped');
}

/** @returns null when no manifest is named */
function settingsOf(args: ArgumentsOf<typeof input>): ManifestSettings | null {
  const { manifestUrl, fhirBaseUrl, outputFormat } = args;
  const unsupported = (name: string, reason: string) => invalidArgument(name, reason, 'not-supported');
  if (args.oauthMetadataUrl.length > 0)
    throw unsupported(
      'oauthMetadataUrl',
      'is not supported: an operator can register the source as a feed (gapless feeds add)',
    );
  if (args.fileEncryptionKey !== null)
    throw unsupported('fileEncryptionKey', 'is not supported: send the files over TLS');
  if (args.import.length > 0) throw unsupported('import', 'has no options here');
  if (outputFormat !== null && !/^(application\/fhir\+ndjson|application\/ndjson|ndjson)(;|$)/.test(outputFormat))
    throw unsupported('outputFormat', 'must be application/fhir+ndjson');
  if (manifestUrl === null) return null;
  if (fhirBaseUrl === null) throw invalidArgument('fhirBaseUrl', 'is required with manifestUrl', 'required');
  for (const [name, url] of Object.entries({ manifestUrl, fhirBaseUrl }))
    if (!/^https?:\/\//.test(url) || !URL.canParse(url))
      throw invalidArgument(name, 'must be an absolute URL of http or https');
  const headers = args.fileRequestHeader.map(
    (parts) => [textOf(parts, 'headerName'), textOf(parts, 'headerValue')] as const,
  );
  const [problem] = headerProblems(headers.map(([name, value]) => `${name}: ${value}`));
  if (problem !== undefined)
    throw invalidArgument('fileRequestHeader', `header ${problem.position + 1} ${problem.reason}`);
  return { fhirBaseUrl: fhirBaseUrl.replace(/\/+$/, ''), headers: Object.fromEntries(headers) };
}

function textOf(parts: readonly RawParameter[], name: string): string {
  const value = parts.find((part) => part.name === name)?.['valueString'];
  return typeof value === 'string' ? value : '';
}
