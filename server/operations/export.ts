import { allows, requireScope } from '../auth/scopes.ts';
import type { FhirResponse } from '../interactions/interaction.ts';
import type { ExportScope } from '../jobs/bulk-exports.ts';
import { InvalidRequest, ResourceNotFound } from '../store/errors.ts';
import { loadByReference } from '../store/patient-record.ts';
import type { ArgumentsOf } from './arguments.ts';
import { invalidArgument } from './errors.ts';
import { type ExportJobInput, exportJob, exportPath } from './export-job.ts';
import { exportInput, readExportRequest } from './export-request.ts';
import { defineKickOff, type Operation, type OperationCall } from './operation.ts';
import { localReference } from './references.ts';
import { preferences } from './request.ts';
import { resolveSubjects } from './subjects.ts';

const guide = 'http://hl7.org/fhir/uv/bulkdata/OperationDefinition';

const ofPatients = {
  ...exportInput,
  patient: { type: 'reference*', documentation: 'Only these patients. By POST only.' },
} as const;

const described = {
  code: 'export',
  scopes: [],
  safe: true,
  title: 'Export',
  description:
    'Bulk Data export: 202 with the URL at which the manifest will be. Everything that was committed until its transactionTime is in it, and nothing after. Take that instant as _since the next time.',
} as const;

/** Bulk Data `$export` of everything that is stored. */
const systemExport = defineKickOff({
  ...described,
  resources: [],
  levels: ['system'],
  definition: `${guide}/export`,
  input: exportInput,
  start: (args, call) => begin(args, 'system', 'system', 'export', call),
});

/** Bulk Data `$export` of all patients. */
const patientExport = defineKickOff({
  ...described,
  resources: ['Patient'],
  levels: ['type'],
  definition: `${guide}/patient-export`,
  input: ofPatients,
  start: async (args, call) => {
    const named = await namedPatients(args.patient, call);
    return begin(args, named === null ? 'patients' : named, 'patients', 'patient-export', call);
  },
});

/** Bulk Data `$export` of the members of a Group. */
const groupExport = defineKickOff({
  ...described,
  resources: ['Group'],
  levels: ['instance'],
  definition: `${guide}/group-export`,
  input: ofPatients,
  start: async (args, call) => {
    const { context, services } = call;
    requireScope(context.scopes, 'Group', 'r');
    const subject = `Group/${context.resourceId}`;
    const { patients, leftOut } = await resolveSubjects({ subject, subjectGroup: null }, [], context, services);
    const named = await namedPatients(args.patient, call);
    const members = new Set(patients);
    const strangers = (named ?? []).filter((patient) => !members.has(patient));
    if (strangers.length > 0)
      throw invalidArgument('patient', `${strangers.length} of the patients are no members of ${subject}`, 'invalid');
    return begin(
      args,
      named ?? patients,
      'group',
      'group-export',
      call,
      leftOut.map(({ diagnostics = '' }) => diagnostics),
    );
  },
});

export const exports: readonly Operation[] = [systemExport, patientExport, groupExport];

/** @returns null when none are named */
async function namedPatients(
  references: readonly string[],
  { request, context, services }: OperationCall,
): Promise<readonly string[] | null> {
  if (references.length === 0) return null;
  if (request.method !== 'POST')
    throw invalidArgument('patient', 'is given by POST, in a Parameters resource', 'invalid');
  const ids = references.map((reference) => localReference('patient', reference, ['Patient'], context.baseUrl).id);
  const wanted = new Set(ids.map((id) => `Patient/${id}`));
  const found = await loadByReference(services.database, context.tenant, wanted);
  const missing = [...wanted].filter((reference) => !found.has(reference));
  if (missing.length > 0)
    throw new ResourceNotFound(`patient: ${missing.length} of the patients do not exist, or were deleted`);
  return [...new Set(ids)];
}

async function begin(
  args: ArgumentsOf<typeof exportInput>,
  scope: ExportScope,
  level: ExportJobInput['level'],
  definition: string,
  { request, context, jobs }: OperationCall,
  told: readonly string[] = [],
): Promise<FhirResponse> {
  if (!preferences(request.headers.prefer).has('respond-async'))
    throw new InvalidRequest('An export takes a while: ask for it with the header "Prefer: respond-async"');
  const { tenant, actor, scopes, requestId, baseUrl } = context;
  const wanted = readExportRequest(args, request);
  for (const type of wanted.types ?? []) requireScope(scopes, type, 'r');
  if (wanted.types === null && !scopes.some((scope) => allowsSomething(scope))) requireScope(scopes, '*', 'r');
  const query = request.query.size === 0 ? '' : `?${request.query}`;
  const input: ExportJobInput = {
    level,
    group: level === 'group' ? context.resourceId : null,
    scope,
    request: { ...wanted, ignored: [...wanted.ignored, ...told] },
    shape: request.method === 'POST' ? 'parameters' : 'query',
    definition: `${guide}/${definition}`,
    url: `${baseUrl}/${request.path.join('/')}${query}`,
    context: { actor, scopes, requestId, baseUrl },
  };
  const id = await jobs.enqueue(tenant, exportJob, input);
  return { status: 202, headers: { 'Content-Location': `${baseUrl}/${exportPath}/${id}` }, body: null };
}

function allowsSomething(scope: string): boolean {
  const type = /\/([A-Z][A-Za-z]*|\*)\./.exec(scope)?.[1];
  return type !== undefined && allows([scope], type, 'r');
}
