import { createHash } from 'node:crypto';
import type { Parameters, ParametersParameter } from '@medplum/fhirtypes';
import { auditEvent } from '../auth/audit.ts';
import { type EndpointRules, endpointRules } from '../connectors/endpoint-addresses.ts';
import { urlSource } from '../connectors/import-sources.ts';
import { type ImportedSource, type ImportState, runImport } from '../jobs/import-run.ts';
import { isResourceType } from '../search/definitions.ts';
import { rejectionOutcome } from '../store/import-outcome.ts';
import type { NdjsonSource } from '../store/import-source.ts';
import { rejectedLines } from '../store/import-state.ts';
import type { RawParameter } from './arguments.ts';
import { enqueueOperation } from './async.ts';
import { invalidArgument, UnknownOperation } from './errors.ts';
import { defineOperation, type Operation } from './operation.ts';

const runImportOperation = defineOperation({
  code: 'import',
  definition: 'http://gapless.health/OperationDefinition/import',
  resources: [],
  levels: ['system'],
  title: 'Import NDJSON',
  description:
    'Fetches NDJSON from URLs and stores its resources under their ids. Always asynchronous: 202 with the URL to follow; DELETE of that URL stops it, and what is stored stays. Lines that were not stored are the error files of the answer.',
  scopes: [
    { type: '*', permission: 'c' },
    { type: '*', permission: 'u' },
  ],
  safe: false,
  input: {
    inputFormat: { type: 'code?', documentation: 'application/fhir+ndjson, and nothing else.' },
    inputSource: { type: 'string?', documentation: 'Where the data come from; kept with the request.' },
    input: {
      type: 'Part*',
      documentation: 'A file: its url, and the type of its resources where it has one only.',
      parts: { url: 'uri', type: 'code' },
    },
  },
  async run({ inputFormat, input }, context, services) {
    if (inputFormat !== null && inputFormat !== 'application/fhir+ndjson')
      throw invalidArgument('inputFormat', 'must be application/fhir+ndjson');
    const { imports } = services;
    if (imports === undefined) throw new UnknownOperation('This server imports nothing');
    const sources = sourcesOf(input, imports.rules);
    const { tenant, actor, requestId, now, baseUrl, signal } = context;
    const { database } = services;
    // The same when a process that died left the job to another.
    const importId = createHash('sha256')
      .update(JSON.stringify([requestId, now.toISOString(), sources.map(({ name }) => name)]))
      .digest('hex');
    const done = await runImport(sources, {
      database,
      tenant,
      importId,
      baseUrl,
      signal,
      check: imports.check,
      explain: imports.explain,
      audit: (resources) =>
        auditEvent(
          { tenant, actor, requestId },
          { action: 'E', interaction: '$import', resources, query: null },
          new Date(),
        ),
      onProgress: (state) => context.progress(state.position / (state.sources + 1), said(state)),
    });
    for await (const line of rejectedLines(database, tenant, importId)) await context.deliver?.(rejectionOutcome(line));
    return { resourceType: 'Parameters', parameter: [{ name: 'return', resource: answerOf(done) }] };
  },
});

/** Gapless's own `$import`, after the SMART team's proposal for Bulk Data: a list of URLs, followed like an export. */
export const importOperation: Operation = {
  ...runImportOperation,
  async start({ parameters, request, context, jobs }) {
    sourcesOf(
      parameters.filter(({ name }) => name === 'input').map(({ part }) => (Array.isArray(part) ? part : [])),
      endpointRules([]), // the addresses are checked when they are asked
    );
    const address = { operation: importOperation, resourceType: null, resourceId: null };
    return enqueueOperation(address, parameters, request, context, jobs, true);
  },
};

function sourcesOf(inputs: readonly (readonly RawParameter[])[], rules: EndpointRules): NdjsonSource[] {
  if (inputs.length === 0)
    throw invalidArgument('input', 'is required: each with a url, and a type if it has one', 'required');
  const sources = inputs.map((parts) => {
    const url = partOf(parts, 'url', ['valueUri', 'valueUrl', 'valueString']);
    const type = partOf(parts, 'type', ['valueCode', 'valueString']);
    if (url === null || !/^https?:\/\//.test(url) || !URL.canParse(url))
      throw invalidArgument('input', 'needs a url of http or https');
    if (type !== null && !isResourceType(type)) throw invalidArgument('input', `has a type that R4 does not have`);
    return urlSource(url, type, rules);
  });
  const names = new Set(sources.map(({ name }) => name));
  if (names.size < sources.length) throw invalidArgument('input', 'names a url more than once');
  return sources;
}

function partOf(parts: readonly RawParameter[], name: string, keys: readonly string[]): string | null {
  const part = parts.find((one) => one.name === name);
  const value = keys.map((key) => part?.[key]).find((one) => typeof one === 'string');
  return typeof value === 'string' ? value : null;
}

function said({ lines, linesPerSecond, failed, position, sources }: ImportState): string {
  return `input ${position} of ${sources}, ${lines} lines, ${Math.round(linesPerSecond)}/s, ${failed} not stored`;
}

function answerOf(done: readonly ImportedSource[]): Parameters {
  return {
    resourceType: 'Parameters',
    parameter: done.map(({ source, resourceType, ...counts }) => ({
      name: 'input',
      part: [
        { name: 'url', valueUri: source },
        ...(resourceType === null ? [] : [{ name: 'type', valueCode: resourceType }]),
        ...Object.entries(counts).map(([name, count]): ParametersParameter => ({ name, valueInteger: count })),
      ],
    })),
  };
}
