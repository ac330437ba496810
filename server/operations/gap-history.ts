import type { Bundle, ProvenanceAgent } from '@medplum/fhirtypes';
import {
  canonicalOf,
  deqmVersions,
  gapHistoryBundle,
  type RecordedTransition,
  type TransitionSource,
} from '../../bundles/index.ts';
import { type GapTransition, gapTransitions } from '../gaps/views/gap-transitions.ts';
import { type VersionOrigin, versionOrigins } from '../gaps/views/version-origins.ts';
import { readResource } from '../store/read.ts';
import { formatCanonical, parseCanonical } from '../terminology/canonical.ts';
import { invalidArgument } from './errors.ts';
import { defineOperation, type OperationContext } from './operation.ts';
import { agentsOf } from './provenance-agents.ts';
import { deqmVersionCodes } from './report-arguments.ts';
import type { OperationServices } from './services.ts';
import { resolveSubjects } from './subjects.ts';

const defaultCount = 100;
const maxCount = 1_000;

/** Our own operation: when and why each gap opened and closed, as DetectedIssue and Provenance. */
export const gapHistory = defineOperation({
  code: 'gap-history',
  resources: ['Patient'],
  levels: ['type', 'instance'],
  definition: 'http://gapless.health/OperationDefinition/gap-history',
  title: 'History of gaps in care',
  description:
    'When and why the status of each gap changed: a DetectedIssue for each change, latest first, with the Provenance that names what caused it.',
  scopes: [
    { type: 'Measure', permission: 'r' },
    { type: 'Patient', permission: 'r' },
  ],
  safe: true,
  input: {
    subject: {
      type: 'reference?',
      documentation: 'At type level: Patient/x or Group/x. Without it, all patients.',
    },
    measureUrl: {
      type: 'canonical*',
      documentation: 'Only gaps of these measures; without a version, of every version.',
      aliases: ['measure'],
    },
    status: {
      type: 'code*',
      documentation: 'Only changes to one of these statuses.',
      codes: { 'open-gap': [], 'closed-gap': [], 'prospective-gap': [], 'not-applicable': [] },
    },
    _since: { type: 'dateTime?', documentation: 'Only changes at or after this instant.' },
    _count: { type: 'integer?', documentation: 'Changes on a page: 100 unless told, 1000 at most.' },
    _cursor: { type: 'string?', documentation: 'Where a page begins: take it from the link "next".' },
    deqmVersion: deqmVersionCodes,
  },
  async run(args, context, services): Promise<Bundle> {
    const { tenant, baseUrl } = context;
    const patients = await subjectsOf(args.subject, context, services);
    const count = Math.min(maxCount, args._count === null ? defaultCount : Number(args._count));
    const { total, items } = await gapTransitions(services.database, {
      tenant,
      patients,
      measures: args.measureUrl.map(parseCanonical),
      to: args.status.map((code) => code as 'open-gap'),
      since: args._since === null ? null : instantOf(args._since),
      before: cursorOf(args._cursor),
      count,
    });
    const page = items.slice(0, count);
    const recorded = await recordedTransitions(page, context, services);
    await services.audit.record(context, {
      action: 'E',
      interaction: '$gap-history',
      resources: [...new Set(patients ?? page.map(({ patient }) => patient))].map(patientResource),
      query: null,
    });
    const next = items.length > count ? page.at(-1) : undefined;
    const version = deqmVersions.find((one) => one === args.deqmVersion) ?? 'uv-1.0.0';
    const link = (cursor: string | null): string => addressOf(args, cursor, context);
    return gapHistoryBundle(recorded, {
      version,
      baseUrl,
      total,
      links: [
        { relation: 'self', url: link(args._cursor) },
        ...(next === undefined ? [] : [{ relation: 'next' as const, url: link(String(next.id)) }]),
      ],
    });
  },
});

/** @returns null for all patients. @throws ResourceNotFound, ResourceDeleted, InvalidArguments */
async function subjectsOf(
  subject: string | null,
  context: OperationContext,
  services: OperationServices,
): Promise<readonly string[] | null> {
  const { tenant, resourceId } = context;
  if (resourceId !== null) {
    if (subject !== null)
      throw invalidArgument('subject', 'is for the type level: the URL names the patient', 'invalid');
    await readResource(services.database, tenant, 'Patient', resourceId);
    return [resourceId];
  }
  if (subject === null) return null;
  return (await resolveSubjects({ subject, subjectGroup: null }, [], context, services)).patients;
}

/** `id` of the last change of the page before. */
function cursorOf(cursor: string | null): number | null {
  if (cursor === null) return null;
  if (!/^\d{1,15}$/.test(cursor)) throw invalidArgument('_cursor', 'take it from the link "next" of the page before');
  return Number(cursor);
}

/** A date stands for its first instant, in UTC. */
function instantOf(dateTime: string): string {
  const at = new Date(dateTime.includes('T') && !/(Z|[+-]\d\d:\d\d)$/.test(dateTime) ? `${dateTime}Z` : dateTime);
  if (Number.isNaN(at.getTime()) || at.getUTCFullYear() < 1)
    throw invalidArgument('_since', 'must be an instant such as 2026-01-31T10:00:00Z');
  return at.toISOString();
}

async function recordedTransitions(
  page: readonly GapTransition[],
  { tenant }: OperationContext,
  services: OperationServices,
): Promise<RecordedTransition[]> {
  const { database, catalogue } = services;
  const references = page.flatMap(({ cause }) => cause.versions);
  const origins = await versionOrigins(database, tenant, references);
  const agents = await agentsOf(tenant, references, services);
  const installed = await catalogue.list(tenant);
  return page.map((transition): RecordedTransition => {
    const { measureUrl: url, measureVersion, periodStart: start, periodEnd: end, groupId, cause } = transition;
    const measure = installed.find((one) => one.url === url && one.version === measureVersion);
    const several = (measure?.definition.groups.length ?? 2) > 1;
    const group = measure?.definition.groups.find(({ id }) => id === groupId);
    return {
      id: `${tenant} ${transition.id}`,
      previous: transition.previous === null ? null : `${tenant} ${transition.previous}`,
      patient: transition.patient,
      measure:
        measure === undefined ? formatCanonical({ url, version: measureVersion }) : canonicalOf(measure.definition),
      measureTitle: measure?.title ?? null,
      group: several ? (group?.linkId ?? groupId) : null,
      period: end === null ? null : { start, end },
      at: transition.at,
      from: transition.from,
      to: transition.to,
      reasons: cause.reasons,
      cause: { code: cause.kind, text: causeText(cause) },
      sources: cause.versions.map((reference) =>
        sourceOf(reference, origins.get(reference) ?? null, agents.get(reference) ?? []),
      ),
    };
  });
}

const causes: Readonly<Record<GapTransition['cause']['kind'], string>> = {
  data: 'The patient’s data changed',
  measures: 'The measure changed, or what it is kept for: its content, its direction, its periods',
  time: 'Time passed: a date that the measure looks at was reached',
};

function causeText({ kind, resourceTypes }: GapTransition['cause']): string {
  return resourceTypes.length === 0 ? causes[kind] : `${causes[kind]}: ${resourceTypes.join(', ')}`;
}

/** A Provenance that somebody stored about the version says more than the AuditEvent of its write. */
function sourceOf(reference: string, origin: VersionOrigin | null, told: readonly ProvenanceAgent[]): TransitionSource {
  const { writtenBy = null, method = null, summary = reference } = origin ?? {};
  const writer: ProvenanceAgent[] =
    writtenBy === null
      ? []
      : [
          {
            who: {
              reference: writtenBy.reference,
              ...(writtenBy.display !== null && { display: writtenBy.display }),
            },
          },
        ];
  return { reference, display: summary, deleted: method === 'DELETE', agents: told.length > 0 ? told : writer };
}

interface Asked {
  readonly subject: string | null;
  readonly measureUrl: readonly string[];
  readonly status: readonly string[];
  readonly _since: string | null;
  readonly _count: string | null;
  readonly deqmVersion: string | null;
}

function addressOf(args: Asked, cursor: string | null, { baseUrl, resourceId }: OperationContext): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...args, _cursor: cursor }))
    for (const one of Array.isArray(value) ? value : [value]) if (typeof one === 'string') query.append(name, one);
  const path = resourceId === null ? 'Patient' : `Patient/${resourceId}`;
  return `${baseUrl}/${path}/$gap-history${query.size === 0 ? '' : `?${query}`}`;
}

function patientResource(id: string) {
  return { type: 'Patient', id, version: null, patient: id };
}
