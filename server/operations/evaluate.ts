import type { Bundle } from '@medplum/fhirtypes';
import { deqmVersions, measureReportBundle } from '../../bundles/index.ts';
import { measurementPeriod } from '../../measures/index.ts';
import { manifestPins, pinnedMeasures } from './artifacts.ts';
import { invalidArgument } from './errors.ts';
import { ManyResources } from './many-resources.ts';
import { resolveMeasures } from './measures.ts';
import { defineOperation } from './operation.ts';
import { resolveProvider } from './provider.ts';
import { locationReferences } from './references.ts';
import {
  deqmVersionCodes,
  manifest,
  parameters,
  periodEnd,
  periodStart,
  reportTypes,
  storeReport,
} from './report-arguments.ts';
import { aggregateReports, individualReports, type ReportRequest, type ReportSet } from './reports.ts';
import { resolveSubjects } from './subjects.ts';

/** UV DEQM 1.0.0 Measure/$evaluate: Bundles of MeasureReports with the data behind them, in Parameters. */
export const evaluate = defineOperation({
  code: 'evaluate',
  resources: ['Measure'],
  levels: ['type'],
  definition: 'http://hl7.org/fhir/uv/deqm/OperationDefinition/evaluate',
  title: 'Evaluate measures',
  description: 'Calculates measures and returns Bundles: one for each subject, or one for a summary or subject list.',
  scopes: [
    { type: 'Measure', permission: 'r' },
    { type: 'Patient', permission: 'r' },
  ],
  safe: true,
  input: {
    measureUrl: { type: 'canonical+', documentation: 'The measures to calculate.', aliases: ['measure'] },
    periodStart,
    periodEnd,
    reportType: {
      type: 'code?',
      documentation: 'individual, subject-list or summary. Default: individual for a Patient, otherwise summary.',
      codes: reportTypes,
    },
    subject: { type: 'reference?', documentation: 'Patient/x or Group/x. Without it, all patients.' },
    subjectGroup: { type: 'Group?', documentation: 'The subjects as a Group resource, instead of subject.' },
    provider: {
      type: 'reference?',
      documentation: 'Who reports. Of a Group, and of all patients, only the patients of this provider are meant.',
      aliases: ['practitioner', 'reporter'],
    },
    providerResource: {
      type: 'Resource?',
      documentation: 'The provider as a resource, instead of provider.',
      aliases: ['reporterResource'],
    },
    location: { type: 'reference*', documentation: 'Locations, named in the reports.' },
    parameters,
    manifest,
    lastReceivedOn: {
      type: 'dateTime?',
      documentation: 'Individual reports only: data that has not changed since is left out of the Bundles.',
    },
    deqmVersion: deqmVersionCodes,
    storeReport,
  },
  async run(args, context, services) {
    const pins = await manifestPins(args.manifest, context, services);
    const period = measurementPeriod(args.periodStart, args.periodEnd);
    const measures = await resolveMeasures(pinnedMeasures(args, pins), context, services);
    const { reporter, restrictions } = await resolveProvider({ ...args, organization: null }, context, services);
    const subjects = await resolveSubjects({ ...args, period }, restrictions, context, services);
    const reportType = reportTypeOf(args.reportType) ?? (subjects.single ? 'individual' : 'summary');
    if (args.lastReceivedOn !== null && reportType !== 'individual')
      throw invalidArgument('lastReceivedOn', 'is for individual reports only', 'invalid');
    const version = deqmVersions.find((name) => name === args.deqmVersion) ?? 'uv-1.0.0';
    const request: ReportRequest = {
      operation: 'evaluate',
      reportType,
      measures,
      pins,
      subjects,
      period,
      reporter,
      parameters: args.parameters,
      locations: locationReferences(args.location, context.baseUrl),
      version,
      store: args.storeReport === true,
    };
    const { lastReceivedOn } = args;
    const bundleOf = (set: ReportSet): Bundle =>
      measureReportBundle(
        set.reports,
        [...dataSince(set, lastReceivedOn), reporter],
        context.now.toISOString(),
        context.baseUrl,
      );
    const answer = new ManyResources(context, reportType === 'individual' ? subjects.patients.length : 1);
    await answer.tell(...subjects.leftOut);
    if (reportType === 'individual')
      for await (const set of individualReports(request, context, services)) await answer.add(bundleOf(set));
    else await answer.add(bundleOf(await aggregateReports(request, context, services)));
    return answer.whole();
  },
});

function dataSince({ data }: ReportSet, since: string | null): ReportSet['data'] {
  if (since === null) return data;
  const instant = Date.parse(since);
  return data.filter(({ meta }) => meta?.lastUpdated === undefined || Date.parse(meta.lastUpdated) > instant);
}

function reportTypeOf(code: string | null): 'individual' | 'subject-list' | 'summary' | null {
  return code === 'individual' || code === 'subject-list' || code === 'summary' ? code : null;
}
