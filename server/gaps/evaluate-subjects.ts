import type { CqlValue } from '../../cql/index.ts';
import type { MeasurementPeriod } from '../../measures/index.ts';
import type { MeasurePackage } from '../content/package.ts';
import type { Database } from '../db/database.ts';
import type { TaskAnswer } from '../jobs/evaluation-messages.ts';
import type { EvaluationPool } from '../jobs/evaluation-pool.ts';
import { loadPatientRecords } from '../store/patient-record.ts';
import { countSubjects, type SubjectSelection, subjectIds } from './subjects.ts';

export interface SubjectsRequest {
  readonly tenant: string;
  readonly subjects: SubjectSelection;
  /** From `Catalogue.package`. */
  readonly measures: readonly MeasurePackage[];
  readonly period: MeasurementPeriod;
  /** ISO date-time with offset: what Now() returns, and the timezone in which the period is meant. */
  readonly now: string;
  readonly parameters?: { readonly [name: string]: CqlValue };
  /** Give evaluated resources and trace (individual reports); costs time and memory. */
  readonly detail?: boolean;
  /** Answer gaps, too. */
  readonly gaps?: boolean;
  /** Evaluate supplemental data and risk adjustment factors; true unless said otherwise. */
  readonly supplementalData?: boolean;
  readonly budgetMs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface SubjectAnswers {
  /** Logical id of the Patient. */
  readonly patient: string;
  /** By measure, in the order of the request. One that failed says why; the others are there. */
  readonly answers: readonly TaskAnswer[];
  /** Versions of the resources that were read, by `Type/id`. */
  readonly versions: ReadonlyMap<string, number>;
}

/**
 * Evaluates measures for any number of subjects, batch by batch: records are loaded once for all measures, while the
 * batch before is evaluated. Stops with the signal's reason when that is aborted.
 *
 * @throws UnknownSubject
 */
export async function* evaluateSubjects(
  database: Database,
  pool: EvaluationPool,
  request: SubjectsRequest,
): AsyncGenerator<SubjectAnswers> {
  const { tenant, subjects, measures, signal, onProgress } = request;
  const total = onProgress === undefined ? 0 : await countSubjects(database, tenant, subjects);
  const types = [...new Set(measures.flatMap(({ resourceTypes }) => resourceTypes))];
  let done = 0;
  let ahead: Promise<SubjectAnswers[]> | null = null;
  const finish = async function* (batch: Promise<SubjectAnswers[]>): AsyncGenerator<SubjectAnswers> {
    const answered = await batch;
    signal?.throwIfAborted();
    yield* answered;
    done += answered.length;
    onProgress?.(done, total);
  };
  for await (const ids of subjectIds(database, tenant, subjects)) {
    signal?.throwIfAborted();
    const batch = evaluateBatch(database, pool, request, types, ids);
    batch.catch(() => {}); // awaited below, one round later
    if (ahead !== null) yield* finish(ahead);
    ahead = batch;
  }
  if (ahead !== null) yield* finish(ahead);
}

async function evaluateBatch(
  database: Database,
  pool: EvaluationPool,
  request: SubjectsRequest,
  types: readonly string[],
  ids: readonly string[],
): Promise<SubjectAnswers[]> {
  const { tenant, measures, period, now, parameters, budgetMs, supplementalData = true } = request;
  const records = await loadPatientRecords(database, tenant, ids, types);
  const tasks = measures.map((measure) => ({
    measure,
    request: {
      period,
      now,
      supplementalData,
      ...(parameters === undefined ? {} : { parameters }),
      ...(budgetMs === undefined ? {} : { budgetMs }),
    },
    gaps: request.gaps ?? false,
    detail: request.detail ?? false,
  }));
  return Promise.all(
    [...records.values()].map(async ({ patient, contents, versions }) => ({
      patient,
      versions,
      answers: await pool.evaluate({ resources: contents, tasks }),
    })),
  );
}
