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
import type { Pins } from '../content/pinned-reader.ts';
import { RemarksInTurn } from '../gaps/remarks.ts';
import { cqlParameters } from './cql-parameters.ts';
import { absentPatients, type Evaluation, evaluatePatients } from './evaluation.ts';
import { requireOneAnswer } from './many-resources.ts';
import type { OperationContext } from './operation.ts';
import type { EvaluatedSubject, OperationServices } from './services.ts';
import { ReportsToStore, storeReports } from './store-reports.ts';
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
  /** Versions that libraries and value sets are to have; the newest unless told. */
  readonly pins?: Pins | undefined;
}

/** Reports that belong into one Bundle, and the data that they refer to. */
export interface ReportSet {
  readonly reports: readonly ReportWithResources[];
  readonly data: readonly Resource[];
}

/**
 * Evaluates and reports on each subject: one set for each, as soon as it is made. Patients that failed, or that are not
 * there, have their reports too, with status `error`.
 */
export async function* individualReports(
  request: ReportRequest,
  context: OperationContext,
  services: OperationServices,
): AsyncGenerator<ReportSet> {
  const { patients } = request.subjects;
  const remarks = remarksOf(request, context, services);
  const kept = new ReportsToStore(request.store, request.operation, request.reporter, context, services);
  const seen = new Set<string>();
  for await (const evaluated of evaluatePatients(evaluationOf(request, true), context, services)) {
    seen.add(evaluated.subject);
    const set = remarked(
      individualSet(evaluated, request, context),
      (await remarks?.of(evaluated.subject)) ?? [],
      request,
    );
    await kept.add(madeOf(set));
    yield set;
  }
  for (const [subject, error] of await absentPatients(patients, seen, context, services)) {
    const set = absentSet(subject, error, request, context);
    await kept.add(madeOf(set));
    yield set;
  }
  await kept.end();
}

/**
 * Evaluates and reports on all subjects together: the reports of the measures, for a DEQM subject list with the
 * individual reports that its Lists name. Patients that failed, or that are not there, are counted nowhere and named in
 * the reports.
 *
 * @throws TooManySubjects for a subject list that would hold more individual reports than an answer does
 */
export async function aggregateReports(
  request: ReportRequest,
  context: OperationContext,
  services: OperationServices,
): Promise<ReportSet> {
  const withIndividuals = request.reportType === 'subject-list' && request.version !== 'r4';
  const { patients } = request.subjects;
  if (withIndividuals) requireOneAnswer(patients.length);
  const tallies = new Map(request.measures.map(({ definition }) => [definition, new Tally(definition)]));
  const individuals: ReportSet[] = [];
  const remarks = withIndividuals ? remarksOf(request, context, services) : null;
  const seen = new Set<string>();
  for await (const evaluated of evaluatePatients(evaluationOf(request, withIndividuals), context, services)) {
    seen.add(evaluated.subject);
    count(evaluated, tallies);
    if (!withIndividuals) continue;
    const set = individualSet(evaluated, request, context);
    individuals.push(remarked(set, (await remarks?.of(evaluated.subject)) ?? [], request));
  }
  for (const [subject, error] of await absentPatients(patients, seen, context, services)) {
    for (const tally of tallies.values()) tally.addError(subject, error);
    if (withIndividuals) individuals.push(absentSet(subject, error, request, context));
  }
  const made = aggregateSet(tallies, individuals, request, context);
  if (request.store) await storeReports(request.operation, madeOf(made), request.reporter, context, services);
  return made;
}

function evaluationOf(request: ReportRequest, detail: boolean): Evaluation {
  const { operation, measures, pins, subjects, period } = request;
  const { patients } = subjects;
  const parameters = cqlParameters(request.parameters);
  return { operation, measures, pins, patients, period, parameters, detail, gaps: false };
}

/** Null for base R4, which has no remarks. */
function remarksOf(
  { version, subjects }: ReportRequest,
  { tenant }: OperationContext,
  { database }: OperationServices,
): RemarksInTurn | null {
  return version === 'r4' ? null : new RemarksInTurn(database, tenant, subjects.patients);
}

function madeOf({ reports }: ReportSet): Resource[] {
  return reports.flatMap(({ report, resources }) => [report, ...resources]);
}

function absentSet(subject: string, error: Error, request: ReportRequest, context: OperationContext): ReportSet {
  const reports = request.measures.map(({ definition }) =>
    failedReport(subject, error, settingsOf(definition, request, context)),
  );
  return { reports, data: [] };
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
