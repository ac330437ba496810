import type { OperationOutcome, Parameters, Resource } from '@medplum/fhirtypes';
import {
  bundleWithRemarks,
  type CareGapsSettings,
  careGapsBundle,
  deqmVersions,
  returnParameters,
} from '../../bundles/index.ts';
import { type GapStatus, measurementPeriod } from '../../measures/index.ts';
import type { InstalledMeasure } from '../content/installed-measure.ts';
import { remarksFor } from '../gaps/remarks.ts';
import { cqlParameters } from './cql-parameters.ts';
import { InvalidArguments, invalidArgument } from './errors.ts';
import { absentPatients, evaluatePatients } from './evaluation.ts';
import { resolveMeasures } from './measures.ts';
import { defineOperation } from './operation.ts';
import { resolveProvider } from './provider.ts';
import { locationReferences } from './references.ts';
import { deqmVersionCodes, manifest, parameters, periodEnd, periodStart, storeReport } from './report-arguments.ts';
import { storeReports } from './store-reports.ts';
import { resolveSubjects } from './subjects.ts';

const statuses: Readonly<Record<GapStatus, readonly string[]>> = {
  'open-gap': [],
  'closed-gap': [],
  'prospective-gap': [],
  'not-applicable': [],
};

/** UV DEQM 1.0.0 Measure/$care-gaps, with the parameters of US DEQM 3.0.0 to 5.0.0. */
export const careGaps = defineOperation({
  code: 'care-gaps',
  resources: ['Measure'],
  levels: ['type', 'instance'],
  definition: 'http://hl7.org/fhir/uv/deqm/OperationDefinition/care-gaps',
  title: 'Gaps in care',
  description:
    'Says for each subject which gaps there are, why, and what would close them: one Bundle for each subject.',
  scopes: [
    { type: 'Measure', permission: 'r' },
    { type: 'Patient', permission: 'r' },
  ],
  safe: true,
  input: {
    measureUrl: {
      type: 'canonical*',
      documentation: 'The measures. One measure at least, by this or another name.',
      aliases: ['measure'],
    },
    measureId: { type: 'id*', documentation: 'US names: the measures by the id of their resource.' },
    measureIdentifier: {
      type: 'token*',
      documentation: 'US names: the measures by a business identifier, system|value.',
    },
    topic: { type: 'token*', documentation: 'US names: the measures with this Measure.topic.' },
    program: { type: 'token*', documentation: 'US names (4.0.0): the measures with this Measure.useContext.' },
    periodStart,
    periodEnd,
    subject: { type: 'reference?', documentation: 'Patient/x or Group/x. Without it, the patients of the provider.' },
    subjectGroup: { type: 'Group?', documentation: 'The subjects as a Group resource, instead of subject.' },
    provider: {
      type: 'reference?',
      documentation: 'Practitioner, PractitionerRole or Organization that reports, and whose patients are meant.',
      aliases: ['reporter'],
    },
    providerResource: {
      type: 'Resource?',
      documentation: 'The provider as a resource, instead of provider.',
      aliases: ['reporterResource', 'organizationResource'],
    },
    practitioner: { type: 'reference?', documentation: 'US names: the provider; with organization, both must apply.' },
    organization: { type: 'reference?', documentation: 'US names: the organization whose patients are meant.' },
    location: { type: 'reference*', documentation: 'Locations, named in the reports.' },
    status: { type: 'code+', documentation: 'The statuses that are wanted.', codes: statuses },
    parameters,
    manifest,
    isDocument: { type: 'boolean?', documentation: 'Default true: documents with a Composition. false: collections.' },
    nonDocument: { type: 'boolean?', documentation: 'The opposite of isDocument, as some servers call it.' },
    deqmVersion: deqmVersionCodes,
    storeReport,
  },
  async run(args, context, services) {
    if (args.manifest !== null)
      throw invalidArgument('manifest', 'is not supported: name versions in the canonicals', 'not-supported');
    const period = measurementPeriod(args.periodStart, args.periodEnd);
    const measures = await resolveMeasures(args, context, services);
    requireGaps(measures);
    const { providerResource, organization, subject, subjectGroup } = args;
    const provider = args.provider ?? args.practitioner;
    if ([provider, providerResource, organization, subject, subjectGroup].every((argument) => argument === null))
      throw invalidArgument(
        'subject',
        'is required (or subjectGroup, or provider): say whose gaps are meant',
        'required',
      );
    const { reporter, restrictions } = await resolveProvider(
      { provider, providerResource, organization },
      context,
      services,
    );
    const { patients, single } = await resolveSubjects({ subject, subjectGroup }, restrictions, context, services);
    const settings: CareGapsSettings = {
      period,
      date: context.now.toISOString(),
      reporter,
      version: versionOf(args),
      statuses: args.status.filter((status): status is GapStatus => status in statuses),
      isDocument: args.isDocument ?? args.nonDocument !== true,
      baseUrl: context.baseUrl,
      locations: locationReferences(args.location, context.baseUrl),
    };
    const evaluation = {
      operation: 'care-gaps',
      measures,
      patients,
      period,
      parameters: cqlParameters(args.parameters),
      detail: true,
      gaps: true,
      statuses: settings.statuses,
    };
    const remarks = await remarksFor(services.database, context.tenant, patients);
    const bundles = [];
    const failures: OperationOutcome['issue'] = [];
    const seen = new Set<string>();
    for await (const evaluated of evaluatePatients(evaluation, context, services)) {
      seen.add(evaluated.subject);
      const answered = evaluated.measures.flatMap((outcome) => {
        if (!('error' in outcome)) return [outcome];
        if (single) throw outcome.error;
        failures.push(failure(evaluated.subject, outcome.error, ` with ${outcome.definition.url}`));
        return [];
      });
      const bundle = careGapsBundle(
        { patient: evaluated.patient(), find: evaluated.find, measures: answered },
        settings,
      );
      if (bundle !== null)
        bundles.push(bundleWithRemarks(bundle, remarks.get(evaluated.subject) ?? [], settings.version));
    }
    for (const [patient, error] of absentPatients(patients, seen)) failures.push(failure(patient, error));
    if (args.storeReport === true) {
      // What has no version yet was made here; the rest is the patients' data.
      const made = new Map<string, Resource>();
      for (const { resource } of bundles.flatMap(({ entry }) => entry ?? []))
        if (resource !== undefined && resource.meta?.versionId === undefined && resource.id !== undefined)
          made.set(`${resource.resourceType}/${resource.id}`, resource);
      made.delete(`${reporter.resourceType}/${reporter.id}`);
      await storeReports('care-gaps', [...made.values()], reporter, context, services);
    }
    return withFailures(returnParameters(bundles), failures);
  },
});

/** The version whose names the request uses. */
function versionOf(args: {
  readonly deqmVersion: string | null;
  readonly program: readonly string[];
  readonly topic: readonly string[];
  readonly measureId: readonly string[];
  readonly measureIdentifier: readonly string[];
  readonly practitioner: string | null;
  readonly organization: string | null;
}): CareGapsSettings['version'] {
  const asked = deqmVersions.find((version) => version === args.deqmVersion);
  if (asked !== undefined && asked !== 'r4') return asked;
  if (args.program.length > 0) return 'us-4.0.0';
  const us = [args.topic, args.measureId, args.measureIdentifier].some((list) => list.length > 0);
  return us || args.practitioner !== null || args.organization !== null ? 'us-5.0.0' : 'uv-1.0.0';
}

/** DEQM gives guidance for proportion and ratio measures only. */
function requireGaps(measures: readonly InstalledMeasure[]): void {
  const without = measures.filter(
    ({ definition }) => !definition.groups.some(({ scoring }) => scoring === 'proportion' || scoring === 'ratio'),
  );
  if (without.length === 0) return;
  throw new InvalidArguments(
    without.map(({ url }) => ({
      code: 'not-supported',
      diagnostics: `measureUrl: ${url} is neither a proportion nor a ratio measure, and only those have gaps`,
      expression: ["Parameters.parameter.where(name='measureUrl')"],
    })),
  );
}

function failure(subject: string, { name, message }: Error, what = ''): OperationOutcome['issue'][number] {
  const diagnostics = `Patient/${subject} was not evaluated${what}: ${name}: ${message}`;
  return { severity: 'error', code: 'processing', diagnostics };
}

/** Subjects that failed don't hide: beside the Bundles stands an OperationOutcome, named `outcome`. */
function withFailures(answer: Parameters, issue: OperationOutcome['issue']): Parameters {
  if (issue.length === 0) return answer;
  const outcome: OperationOutcome = { resourceType: 'OperationOutcome', issue };
  return { ...answer, parameter: [...(answer.parameter ?? []), { name: 'outcome', resource: outcome }] };
}
