import { referenceOf } from '../../bundles/index.ts';
import type { FhirResource } from '../../cql/index.ts';
import type { Catalogue } from '../content/catalogue.ts';
import type { InstalledMeasure } from '../content/installed-measure.ts';
import type { MeasurePackage } from '../content/package.ts';
import type { Database } from '../db/database.ts';
import type { TaskAnswer } from '../jobs/evaluation-messages.ts';
import type { EvaluationPool } from '../jobs/evaluation-pool.ts';
import { once } from '../search/once.ts';
import { type LoadedRecord, loadPatientRecords } from '../store/patient-record.ts';
import { formatCanonical } from '../terminology/canonical.ts';
import type { EvaluatedSubject, EvaluateOptions, MeasureOutcome, OperationServices } from './services.ts';

const patientsPerLoad = 50;

/** `OperationServices.evaluate` over the evaluation threads: loads records by the fifty while the threads work. */
export function poolEvaluation(
  database: Database,
  catalogue: Catalogue,
  pool: EvaluationPool,
): OperationServices['evaluate'] {
  return async function* evaluate(tenant, measures, patients, options) {
    const packages = await Promise.all(measures.map((measure) => catalogue.package(tenant, formatCanonical(measure))));
    // Most of a record (claims, notes) is of types that no expression retrieves.
    const types = [...new Set(packages.flatMap(({ resourceTypes }) => resourceTypes))];
    let next = startBatch(patients.slice(0, patientsPerLoad));
    for (let from = patientsPerLoad; next !== null; from += patientsPerLoad) {
      options.signal.throwIfAborted();
      const batch = await next;
      const following = patients.slice(from, from + patientsPerLoad);
      next = following.length === 0 ? null : startBatch(following);
      next?.catch(() => {}); // reported when its turn comes; until then it must not end the process
      yield* batch;
    }

    function startBatch(ids: readonly string[]): Promise<EvaluatedSubject[]> | null {
      return ids.length === 0 ? null : evaluateBatch(ids);
    }

    async function evaluateBatch(ids: readonly string[]): Promise<EvaluatedSubject[]> {
      const records = await loadPatientRecords(database, tenant, ids, types);
      return Promise.all(
        [...records.values()].map((record) => evaluateRecord(record, packages, measures, options, pool)),
      );
    }
  };
}

async function evaluateRecord(
  record: LoadedRecord,
  packages: readonly MeasurePackage[],
  measures: readonly InstalledMeasure[],
  { period, now, parameters, detail, gaps }: EvaluateOptions,
  pool: EvaluationPool,
): Promise<EvaluatedSubject> {
  const answers = await pool.evaluate({
    resources: record.contents,
    // Supplemental data appears in individual reports only.
    tasks: packages.map((measure) => ({
      measure,
      request: { period, now, parameters, supplementalData: detail },
      gaps,
      detail,
    })),
  });
  const byReference = once(() => new Map(record.resources.map((resource) => [referenceOf(resource), resource])));
  const find = (reference: string): FhirResource | null => byReference().get(reference) ?? null;
  return {
    subject: record.patient,
    patient: () => find(`Patient/${record.patient}`) ?? { resourceType: 'Patient', id: record.patient },
    measures: measures.map(({ definition }, index) => outcomeOf(definition, answers[index])),
    find,
  };
}

function outcomeOf(definition: InstalledMeasure['definition'], answer: TaskAnswer | undefined): MeasureOutcome {
  if (answer?.ok === true) return { definition, result: answer.result, gaps: answer.gaps };
  const { name, message } = answer?.error ?? { name: 'EvaluationCrashed', message: 'it gave no answer' };
  return { definition, error: Object.assign(new Error(message), { name }) };
}
