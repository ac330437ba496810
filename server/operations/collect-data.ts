import type { OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import {
  type CollectedMeasure,
  type CollectedSettings,
  collectedBundle,
  type DataOfInterest,
  dataExchangeReport,
} from '../../bundles/index.ts';
import type { FhirResource } from '../../cql/index.ts';
import { type MeasureDefinition, measurementPeriod } from '../../measures/index.ts';
import { requireScope } from '../auth/scopes.ts';
import { type FormerResource, formerResources } from '../store/changed-since.ts';
import { parseExact } from '../store/exact-json.ts';
import { type LoadedRecord, loadPatientRecords } from '../store/patient-record.ts';
import { validate } from '../store/validate.ts';
import { interestsOf } from './data-of-interest.ts';
import { invalidArgument } from './errors.ts';
import { absentPatients } from './evaluation.ts';
import { ManyResources } from './many-resources.ts';
import { resolveMeasures } from './measures.ts';
import { defineOperation } from './operation.ts';
import { resolveProvider } from './provider.ts';
import { locationReferences } from './references.ts';
import { parameters, periodEnd, periodStart, refusedManifest } from './report-arguments.ts';
import { resolveSubjects } from './subjects.ts';

const patientsAtOnce = 50;

/** A write may commit some time after the instant that it bears: that long before `lastReceivedOn`, data is sent again. */
const overlapMs = 60_000;

/** UV DEQM 1.0.0 Measure/$collect-data. */
export const collectData = defineOperation({
  code: 'collect-data',
  resources: ['Measure'],
  levels: ['type'],
  definition: 'http://hl7.org/fhir/uv/deqm/OperationDefinition/collect-data',
  title: 'Collect data',
  description:
    'Returns the data that measures ask for: one transaction Bundle for each subject, with data-exchange MeasureReports first.',
  scopes: [
    { type: 'Measure', permission: 'r' },
    { type: 'Patient', permission: 'r' },
  ],
  safe: true,
  input: {
    measureUrl: { type: 'canonical+', documentation: 'The measures.', aliases: ['measure'] },
    periodStart,
    periodEnd,
    subject: {
      type: 'reference?',
      documentation: 'Patient/x or Group/x. Without it, the patients of the provider, or all.',
    },
    subjectGroup: { type: 'Group?', documentation: 'The subjects as a Group resource, instead of subject.' },
    provider: {
      type: 'reference?',
      documentation: 'Practitioner, PractitionerRole or Organization that reports, and whose patients are meant.',
      aliases: ['reporter'],
    },
    providerResource: { type: 'Resource?', documentation: 'The provider as a resource, instead of provider.' },
    location: { type: 'reference*', documentation: 'Locations, named in the reports.' },
    lastReceivedOn: {
      type: 'dateTime?',
      documentation:
        'Date of the MeasureReports of the last collection: only what changed since is returned, deletions as DELETE entries, and subjects without changes not at all.',
    },
    parameters,
    manifest: refusedManifest,
    validateResources: {
      type: 'boolean?',
      documentation:
        'true has each resource validated; what was found is in the OperationOutcome of the report (cqf-messages).',
    },
  },
  async run(args, context, services) {
    if (args.manifest !== null)
      throw invalidArgument('manifest', 'is not supported: name versions in the canonicals', 'not-supported');
    const { tenant, baseUrl, now } = context;
    const period = measurementPeriod(args.periodStart, args.periodEnd);
    const measures = await resolveMeasures(args, context, services);
    const { reporter, restrictions } = await resolveProvider({ ...args, organization: null }, context, services);
    const { patients, leftOut } = await resolveSubjects({ ...args, period }, restrictions, context, services);
    const answer = new ManyResources(context, patients.length);
    await answer.tell(...leftOut);
    const interests = await interestsOf(measures, tenant, services);
    const types = [...new Set(interests.flatMap(({ interest }) => [...interest.resourceTypes]))];
    for (const type of types) requireScope(context.scopes, type, 'r');
    const since = args.lastReceivedOn === null ? null : sinceInstant(args.lastReceivedOn);
    const settings: CollectedSettings = {
      period,
      date: now.toISOString(),
      reporter: { reference: `${reporter.resourceType}/${reporter.id}` },
      updateType: since === null ? 'snapshot' : 'incremental',
      locations: locationReferences(args.location, baseUrl),
      baseUrl,
    };
    const seen = new Set<string>();
    for (let from = 0; from < patients.length; from += patientsAtOnce) {
      context.signal.throwIfAborted();
      const some = patients.slice(from, from + patientsAtOnce);
      const former = since === null ? [] : await formerResources(services.database, tenant, some, types, since);
      const records = await loadPatientRecords(services.database, tenant, some, types);
      await services.audit.record(context, {
        action: 'E',
        interaction: '$collect-data',
        resources: [...records.keys()].map((id) => ({ type: 'Patient', id, version: null, patient: id })),
        query: null,
      });
      for (const [patient, record] of records) {
        seen.add(patient);
        const own = former.filter((each) => each.patient === patient);
        const subject = collect(record, own, interests, since, args.validateResources === true);
        if (since !== null && subject.data.length === 0 && subject.deleted.length === 0) continue;
        const reports = subject.measures.map((measure) => dataExchangeReport(patient, measure, settings));
        const sender = since === null ? [reporter as unknown as FhirResource] : [];
        await answer.add(collectedBundle(reports, [...subject.data, ...sender], subject.deleted, settings));
      }
      await context.progress(
        (from + some.length) / patients.length,
        `${from + some.length} of ${patients.length} patients`,
      );
    }
    for (const { message } of (await absentPatients(patients, seen, context, services)).values())
      await answer.tell({ severity: 'error', code: 'not-found', diagnostics: message });
    return answer.whole();
  },
});

interface Interest {
  readonly definition: MeasureDefinition;
  readonly interest: DataOfInterest;
}

interface CollectedSubject {
  readonly measures: readonly CollectedMeasure[];
  /** Exact trees. */
  readonly data: readonly FhirResource[];
  readonly deleted: readonly string[];
}

/** Data of interest of one subject. What was of interest and is no more is told once: as it is now, or as deleted. */
function collect(
  { contents }: LoadedRecord,
  former: readonly FormerResource[],
  interests: readonly Interest[],
  since: string | null,
  validates: boolean,
): CollectedSubject {
  const texts = new Map<string, string>();
  const resources = new Map<string, FhirResource>();
  for (const content of contents) {
    const resource = JSON.parse(content) as FhirResource;
    texts.set(`${resource.resourceType}/${resource.id}`, content);
    resources.set(`${resource.resourceType}/${resource.id}`, resource);
  }
  const find = (reference: string): FhirResource | null => resources.get(reference) ?? null;
  const wasOf = former.map((each) => ({ ...each, resource: JSON.parse(each.content) as FhirResource }));
  const sent = new Set<string>();
  const deleted = new Set<string>();
  const measures = interests.map(({ definition, interest }): CollectedMeasure => {
    const was = wasOf.filter(({ resource }) => interest.includes(resource, find));
    for (const { type, id, deletedSince } of was) if (deletedSince) deleted.add(`${type}/${id}`);
    const before = new Set(was.map(({ type, id }) => `${type}/${id}`));
    const references = [...resources].flatMap(([reference, resource]) => {
      const wanted = interest.includes(resource, find) || before.has(reference);
      return wanted && isNewer(resource, since) ? reference : [];
    });
    for (const reference of references) sent.add(reference);
    const issues = validates ? references.flatMap((reference) => issuesOf(reference, find(reference))) : null;
    return { definition, references, issues: issues === null ? null : orValid(issues) };
  });
  return {
    measures,
    data: [...sent].map((reference) => parseExact(texts.get(reference) ?? 'null') as FhirResource),
    deleted: [...deleted],
  };
}

function isNewer({ meta }: FhirResource, since: string | null): boolean {
  if (since === null) return true;
  const { lastUpdated } = (meta ?? {}) as { lastUpdated?: string };
  return lastUpdated === undefined || lastUpdated > since;
}

/** The instant, a little earlier than asked, as meta.lastUpdated writes it. */
function sinceInstant(lastReceivedOn: string): string {
  const instant = Date.parse(lastReceivedOn);
  if (Number.isNaN(instant)) throw invalidArgument('lastReceivedOn', 'is not a date and time that exists');
  return new Date(instant - overlapMs).toISOString();
}

function issuesOf(reference: string, resource: FhirResource | null): OperationOutcomeIssue[] {
  if (resource === null) return [];
  return validate(resource as unknown as Resource).map(({ severity, code, diagnostics, expression }) => ({
    severity,
    code: code as OperationOutcomeIssue['code'],
    diagnostics: `${reference}: ${diagnostics}`,
    expression: [...expression],
  }));
}

/** OperationOutcome.issue is 1..*. */
function orValid(issues: readonly OperationOutcomeIssue[]): readonly OperationOutcomeIssue[] {
  if (issues.length > 0) return issues;
  const diagnostics = 'All resources are valid against FHIR R4; profiles of other guides were not checked';
  return [{ severity: 'information', code: 'informational', diagnostics }];
}
