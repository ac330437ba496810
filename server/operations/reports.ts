import type { Resource } from '@medplum/fhirtypes';
import {
  type CareGapRemark,
  type DeqmVersion,
  evaluatedResources,
  failedReport,
  individualReport,
  type Reporter,
  type ReportSettings,
  type ReportWithResources,
  subjectListReport,
  summaryReport,
  withRemarks,
} from '../../bundles/index.ts';
import type { FhirResource } from '../../cql/index.ts';
import { type MeasureDefinition, type MeasurementPeriod, type ReportType, Tally } from '../../measures/index.ts';
import type { InstalledMeasure } from '../content/installed-measure.ts';
import { remarksFor } from '../gaps/remarks.ts';
import { cqlParameters } from './cql-parameters.ts';
import { absentPatients, evaluatePatients } from './evaluation.ts';
import type { OperationContext } from './operation.ts';
import type { EvaluatedSubject, OperationServices } from './services.ts';
import { storeReports } from './store-reports.ts';
import type { Subjects } from './subjects.ts';

export interface ReportRequest {
  readonly operation: string;
  readonly reportType: ReportType;
  readonly measures: readonly InstalledMeasure[];
  readonly subjects: Subjects;
  readonly period: MeasurementPeriod;
  readonly reporter: Reporter;
  readonly parameters: FhirResource | null;
  readonly locations: readonly string[];
  readonly version: DeqmVersion;
  readonly store: boolean;
}

/** Reports that belong into one Bundle, and the data that they refer to. */
export interface ReportSet {
  readonly reports: readonly ReportWithResources[];
  readonly data: readonly Resource[];
}

/**
 * Evaluates and reports. Individual: one set for each subject. Otherwise one set: the reports of the measures, for a
 * DEQM subject list with the individual reports that its Lists name. Patients that failed, or that are not there, are
 * counted nowhere and named in the reports.
 */
export async function makeReports(
  request: ReportRequest,
  context: OperationContext,
  services: OperationServices,
): Promise<readonly ReportSet[]> {
  const individual = request.reportType === 'individual';
  const withIndividuals = individual || (request.reportType === 'subject-list' && request.version !== 'r4');
  const tallies = new Map<MeasureDefinition, Tally>();
  const sets: ReportSet[] = [];
  const evaluation = {
    operation: request.operation,
    measures: request.measures,
    patients: request.subjects.patients,
    period: request.period,
    parameters: cqlParameters(request.parameters),
    detail: withIndividuals,
    gaps: false,
  };
  for (const { definition } of request.measures) tallies.set(definition, new Tally(definition));
  // Base R4 has no remarks.
  const remarks: ReadonlyMap<string, readonly CareGapRemark[]> =
    withIndividuals && request.version !== 'r4'
      ? await remarksFor(services.database, context.tenant, request.subjects.patients)
      : new Map();
  const seen = new Set<string>();
  for await (const evaluated of evaluatePatients(evaluation, context, services)) {
    seen.add(evaluated.subject);
    if (!individual) count(evaluated, tallies);
    if (withIndividuals)
      sets.push(remarked(individualSet(evaluated, request, context), remarks.get(evaluated.subject) ?? [], request));
  }
  for (const [subject, error] of absentPatients(request.subjects.patients, seen)) {
    for (const tally of tallies.values()) tally.addError(subject, error);
    const failed = request.measures.map(({ definition }) =>
      failedReport(subject, error, settingsOf(definition, request, context)),
    );
    if (withIndividuals) sets.push({ reports: failed, data: [] });
  }
  const made = individual ? sets : [aggregateSet(tallies, sets, request, context)];
  if (request.store) {
    const own = made.flatMap(({ reports }) => reports.flatMap(({ report, resources }) => [report, ...resources]));
    await storeReports(request.operation, own, request.reporter, context, services);
  }
  return made;
}

function settingsOf(definition: MeasureDefinition, request: ReportRequest, { now }: OperationContext): ReportSettings {
  const { period, reporter, version, locations } = request;
  return {
    definition,
    period,
    date: now.toISOString(),
    reporter: { reference: `${reporter.resourceType}/${reporter.id}` },
    version,
    locations,
  };
}

/** @throws the error of a measure that failed, where the request names this one Patient */
function individualSet(evaluated: EvaluatedSubject, request: ReportRequest, context: OperationContext): ReportSet {
  const reports = evaluated.measures.map((outcome) => {
    const settings = settingsOf(outcome.definition, request, context);
    if (!('error' in outcome)) return individualReport(outcome.result, settings);
    if (request.subjects.single) throw outcome.error;
    return failedReport(evaluated.subject, outcome.error, settings);
  });
  const results = evaluated.measures.flatMap((outcome) => ('error' in outcome ? [] : [outcome.result]));
  return { reports, data: evaluatedResources(evaluated.patient(), results) };
}

function remarked(set: ReportSet, remarks: readonly CareGapRemark[], { version }: ReportRequest): ReportSet {
  if (remarks.length === 0) return set;
  return {
    ...set,
    reports: set.reports.map((made) => ({ ...made, report: withRemarks(made.report, remarks, version) })),
  };
}

function count({ subject, measures }: EvaluatedSubject, tallies: ReadonlyMap<MeasureDefinition, Tally>): void {
  // By position: a definition that crossed a thread is equal to the one that was asked for, not the same.
  const inOrder = [...tallies.values()];
  for (const [index, outcome] of measures.entries()) {
    if ('error' in outcome) inOrder[index]?.addError(subject, outcome.error);
    else inOrder[index]?.add(outcome.result);
  }
}

function aggregateSet(
  tallies: ReadonlyMap<MeasureDefinition, Tally>,
  individuals: readonly ReportSet[],
  request: ReportRequest,
  context: OperationContext,
): ReportSet {
  const make = request.reportType === 'subject-list' ? subjectListReport : summaryReport;
  const reference = request.subjects.reference;
  const reports = [...tallies].map(([definition, tally]) =>
    make(tally.totals(), settingsOf(definition, request, context), reference),
  );
  return {
    reports: [...reports, ...individuals.flatMap((set) => set.reports)],
    data: individuals.flatMap((set) => set.data),
  };
}
