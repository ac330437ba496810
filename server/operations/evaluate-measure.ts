import { measurementPeriod } from '../../measures/index.ts';
import { invalidArgument } from './errors.ts';
import { resolveMeasures } from './measures.ts';
import { defineOperation } from './operation.ts';
import { resolveProvider } from './provider.ts';
import { parameters, periodEnd, periodStart, reportTypes, storeReport } from './report-arguments.ts';
import { aggregateReports, individualReports, type ReportRequest } from './reports.ts';
import { resolveSubjects } from './subjects.ts';

/**
 * R4 Measure/$evaluate-measure: one MeasureReport, which travels alone and therefore contains what it made. Subject
 * lists contain Lists of Patients.
 */
export const evaluateMeasure = defineOperation({
  code: 'evaluate-measure',
  resources: ['Measure'],
  levels: ['type', 'instance'],
  definition: 'http://hl7.org/fhir/OperationDefinition/Measure-evaluate-measure',
  title: 'Evaluate a measure',
  description: 'Calculates one measure and returns its MeasureReport.',
  scopes: [
    { type: 'Measure', permission: 'r' },
    { type: 'Patient', permission: 'r' },
  ],
  safe: true,
  input: {
    periodStart,
    periodEnd,
    measure: {
      type: 'canonical?',
      documentation: 'The measure; at instance level, the one of the URL.',
      aliases: ['measureUrl'],
    },
    reportType: {
      type: 'code?',
      documentation: 'subject, subject-list or population. Default: subject for a Patient, otherwise population.',
      codes: reportTypes,
    },
    subject: { type: 'reference?', documentation: 'Patient/x or Group/x. Without it, all patients.' },
    practitioner: {
      type: 'reference?',
      documentation: 'Who reports. Of a Group, and of all patients, only the patients of this practitioner are meant.',
      aliases: ['provider', 'reporter'],
    },
    lastReceivedOn: {
      type: 'dateTime?',
      documentation:
        'Valid with reportType subject. The answer is one MeasureReport without data, so it limits nothing.',
    },
    parameters,
    storeReport,
  },
  async run(args, context, services) {
    if (context.resourceId !== null && args.measure !== null)
      throw invalidArgument('measure', 'is given by the URL already', 'invalid');
    const period = measurementPeriod(args.periodStart, args.periodEnd);
    const measureUrl = args.measure === null ? [] : [args.measure];
    const measures = await resolveMeasures({ measureUrl }, context, services);
    const provider = { provider: args.practitioner, providerResource: null, organization: null };
    const { reporter, restrictions } = await resolveProvider(provider, context, services);
    const subjects = await resolveSubjects(
      { subject: args.subject, subjectGroup: null, period },
      restrictions,
      context,
      services,
    );
    const { reportType = null } = args;
    const individual = reportType === 'individual' || (reportType === null && subjects.single);
    if (individual && !subjects.single)
      throw invalidArgument(
        'reportType',
        'subject needs subject=Patient/x: for several subjects use subject-list, or $evaluate',
      );
    if (args.lastReceivedOn !== null && !individual)
      throw invalidArgument('lastReceivedOn', 'is valid with reportType subject only', 'invalid');
    const request: ReportRequest = {
      operation: 'evaluate-measure',
      reportType: individual ? 'individual' : reportType === 'subject-list' ? 'subject-list' : 'summary',
      measures,
      subjects,
      period,
      reporter,
      parameters: args.parameters,
      locations: [],
      version: 'r4',
      store: args.storeReport === true,
    };
    const [set] = individual
      ? await Array.fromAsync(individualReports(request, context, services))
      : [await aggregateReports(request, context, services)];
    const report = set?.reports[0]?.report;
    if (report === undefined) throw invalidArgument('subject', 'was deleted while it was evaluated');
    return report;
  },
});
