import type { Bundle, OperationOutcome, Resource } from '@medplum/fhirtypes';
import { bundleWithRemarks, type CareGapsSettings, careGapsBundle, deqmVersions } from '../../bundles/index.ts';
import { type GapStatus, measurementPeriod, reportedGroups } from '../../measures/index.ts';
import type { InstalledMeasure } from '../content/installed-measure.ts';
import { RemarksInTurn } from '../gaps/remarks.ts';
import { manifestPins, pinnedMeasures } from './artifacts.ts';
import { cqlParameters } from './cql-parameters.ts';
import { InvalidArguments, invalidArgument } from './errors.ts';
import { absentPatients, evaluatePatients } from './evaluation.ts';
import { KeptDocuments } from './kept-documents.ts';
import { ManyResources } from './many-resources.ts';
import { resolveMeasures } from './measures.ts';
import { defineOperation } from './operation.ts';
import { resolveProvider } from './provider.ts';
import { locationReferences } from './references.ts';
import { deqmVersionCodes, manifest, parameters, periodEnd, periodStart, storeReport } from './report-arguments.ts';
import { ReportsToStore } from './store-reports.ts';
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
    const pins = await manifestPins(args.manifest, context, services);
    const period = measurementPeriod(args.periodStart, args.periodEnd);
    const measures = await resolveMeasures(pinnedMeasures(args, pins), context, services);
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
    const { patients, single, leftOut } = await resolveSubjects(
      { subject, subjectGroup, period },
      restrictions,
      context,
      services,
    );
    const answer = new ManyResources(context, patients.length);
    await answer.tell(...leftOut);
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
      pins,
      patients,
      period,
      parameters: cqlParameters(args.parameters),
      detail: true,
      gaps: true,
      statuses: settings.statuses,
    };
    const remarks = new RemarksInTurn(services.database, context.tenant, patients);
    const kept = new ReportsToStore(args.storeReport === true, 'care-gaps', reporter, context, services);
    const documents =
      args.storeReport === true ? null : await KeptDocuments.open(settings, evaluation, context, services);
    const made = (await documents?.deliver(patients)) ?? patients;
    const seen = new Set<string>();
    for await (const evaluated of evaluatePatients({ ...evaluation, patients: made }, context, services)) {
      seen.add(evaluated.subject);
      const answered = [];
      for (const outcome of evaluated.measures) {
        if (!('error' in outcome)) answered.push(outcome);
        else if (single) throw outcome.error;
        else await answer.tell(failure(evaluated.subject, outcome.error, ` with ${outcome.definition.url}`));
      }
      const bundle = careGapsBundle(
        { patient: evaluated.patient(), find: evaluated.find, measures: answered },
        settings,
      );
      const whole = answered.length === evaluated.measures.length;
      const ofPatient = await remarks.of(evaluated.subject);
      if (whole && ofPatient.length === 0) await documents?.keep(evaluated, bundle);
      if (bundle === null) continue;
      const remarked = bundleWithRemarks(bundle, ofPatient, settings.version);
      await kept.add(madeHere(remarked, reporter));
      await answer.add(remarked);
    }
    for (const [patient, error] of await absentPatients(made, seen, context, services))
      await answer.tell(failure(patient, error));
    await kept.end();
    return answer.whole();
  },
});

/** What has no version yet was made here; the rest is the patient's data. */
function madeHere({ entry = [] }: Bundle, reporter: Resource): Resource[] {
  return entry.flatMap(({ resource }) => {
    if (resource === undefined || resource.id === undefined || resource.meta?.versionId !== undefined) return [];
    return resource.resourceType === reporter.resourceType && resource.id === reporter.id ? [] : [resource];
  });
}

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

/**
 * Gap status is "inferred" from scoring, improvement notation and score, and DEQM says how for proportion and ratio measures
 * only (gaps in care reporting). A composite that is met all or not at all, or by opportunities, has a numerator and a
 * denominator of its own, and its gap follows by the same table; one that averages scores has none.
 */
function requireGaps(measures: readonly InstalledMeasure[]): void {
  const without = measures.filter(
    ({ definition }) =>
      !reportedGroups(definition).some(
        ({ scoring, populations }) =>
          scoring === 'proportion' ||
          scoring === 'ratio' ||
          (scoring === 'composite' && populations.some(({ code }) => code === 'numerator')),
      ),
  );
  if (without.length === 0) return;
  throw new InvalidArguments(
    without.map(({ url, definition }) => ({
      code: 'not-supported',
      diagnostics:
        definition.compositeScoring === null
          ? `measureUrl: ${url} is neither a proportion nor a ratio measure, and only those have gaps (DEQM, gaps in care reporting)`
          : `measureUrl: ${url} is a composite that averages the scores of its components (${definition.compositeScoring}): ` +
            'DEQM says only of proportion and ratio measures what a gap is. Ask for its components',
      expression: ["Parameters.parameter.where(name='measureUrl')"],
    })),
  );
}

function failure(subject: string, { name, message }: Error, what = ''): OperationOutcome['issue'][number] {
  const diagnostics = `Patient/${subject} was not evaluated${what}: ${name}: ${message}`;
  return { severity: 'error', code: 'processing', diagnostics };
}
