import type { FhirResource } from '../../cql/index.ts';
import type { MeasureDefinition, SubjectResult } from '../../measures/index.ts';
import type { Catalogue } from '../content/catalogue.ts';
import type { InstalledMeasure } from '../content/installed-measure.ts';
import type { MeasurePackage } from '../content/package.ts';
import type { Database } from '../db/database.ts';
import { readStoredResults, type StoredResult } from '../gaps/stored-results.ts';
import type { EvaluationPool } from '../jobs/evaluation-pool.ts';
import { type KeptResult, readKept } from '../jobs/kept-result.ts';
import {
  type LoadedRecord,
  loadByReference,
  loadPatientRecords,
  type ReferencedResource,
} from '../store/patient-record.ts';
import { formatCanonical } from '../terminology/canonical.ts';
import type { EvaluatedSubject, EvaluateOptions, MeasureOutcome, OperationServices } from './services.ts';

const patientsPerLoad = 50;

/**
 * `OperationServices.evaluate`: from the live state where it stands for an evaluation at `options.now`, and over the
 * evaluation threads otherwise. Both go through the same text, so that nobody can tell which it was. Records and results
 * are read by the fifty while the threads, and the reader of the answer, work on the fifty before.
 */
export function poolEvaluation(
  database: Database,
  catalogue: Catalogue,
  pool: EvaluationPool,
  { state = true }: { /** False evaluates everything, for comparison. */ readonly state?: boolean } = {},
): OperationServices['evaluate'] {
  return async function* evaluate(tenant, measures, patients, options) {
    const packages = await Promise.all(
      measures.map((measure) => catalogue.package(tenant, formatCanonical(measure), options.pins)),
    );
    const batch = new Batches({ database, pool, tenant, measures, packages, options, state });
    let next = batch.start(patients.slice(0, patientsPerLoad));
    for (let from = patientsPerLoad; next !== null; from += patientsPerLoad) {
      options.signal.throwIfAborted();
      const done = await next;
      next = batch.start(patients.slice(from, from + patientsPerLoad));
      next?.catch(() => {}); // reported when its turn comes; until then it must not end the process
      yield* done;
    }
  };
}

interface BatchSettings {
  readonly database: Database;
  readonly pool: EvaluationPool;
  readonly tenant: string;
  readonly measures: readonly InstalledMeasure[];
  readonly packages: readonly MeasurePackage[];
  readonly options: EvaluateOptions;
  readonly state: boolean;
}

class Batches {
  readonly #settings: BatchSettings;
  /** Most of a record (claims, notes) is of types that no expression retrieves. */
  readonly #types: readonly string[];

  constructor(settings: BatchSettings) {
    this.#settings = settings;
    this.#types = [...new Set(settings.packages.flatMap(({ resourceTypes }) => resourceTypes))];
  }

  start(ids: readonly string[]): Promise<EvaluatedSubject[]> | null {
    return ids.length === 0 ? null : this.#evaluate(ids);
  }

  async #evaluate(ids: readonly string[]): Promise<EvaluatedSubject[]> {
    const answered = await this.#fromState(ids);
    const others = ids.filter((id) => !answered.has(id));
    for (const evaluated of others.length === 0 ? [] : await this.#now(others))
      answered.set(evaluated.subject, evaluated);
    return ids.flatMap((id) => answered.get(id) ?? []);
  }

  /** Patients whose results of all measures are stored, and whose resources are still those of the results. */
  async #fromState(ids: readonly string[]): Promise<Map<string, EvaluatedSubject>> {
    const { database, tenant, measures, packages, options, state } = this.#settings;
    const { period, now, parameters, detail } = options;
    const answered = new Map<string, EvaluatedSubject>();
    if (!state || Object.keys(parameters).length > 0) return answered;
    const keys = measures.map((measure, index) => ({ measure, hash: packages[index]?.hash ?? '' }));
    const stored = await readStoredResults(database, { tenant, patients: ids, measures: keys, period, now });
    const complete = new Map<string, readonly StoredResult[]>();
    for (const [patient, results] of stored) {
      const all = results.filter((result) => result !== null);
      if (all.length === measures.length) complete.set(patient, all);
    }
    const resources = detail ? await this.#resourcesOf(complete) : new Map<string, ReferencedResource>();
    for (const [patient, results] of complete) {
      if (detail && !this.#areCurrent(patient, results, resources)) continue;
      const outcomes = measures.map(({ definition }, index): Answer => {
        const result = results[index];
        if (result === undefined || !this.#isShown(result)) return { definition, kept: null };
        return { definition, kept: result };
      });
      answered.set(
        patient,
        subjectOf(patient, (reference) => resources.get(reference)?.content ?? null, outcomes),
      );
    }
    return answered;
  }

  async #resourcesOf(
    complete: ReadonlyMap<string, readonly StoredResult[]>,
  ): Promise<ReadonlyMap<string, ReferencedResource>> {
    const wanted = new Set<string>();
    for (const [patient, results] of complete) {
      wanted.add(`Patient/${patient}`);
      for (const result of results)
        if (this.#isShown(result)) for (const reference of result.references) wanted.add(reference);
    }
    return loadByReference(this.#settings.database, this.#settings.tenant, wanted);
  }

  /** False when something was written between the results and the resources. */
  #areCurrent(
    patient: string,
    results: readonly StoredResult[],
    resources: ReadonlyMap<string, ReferencedResource>,
  ): boolean {
    if (!resources.has(`Patient/${patient}`)) return false;
    return results.every(
      (result) =>
        !this.#isShown(result) ||
        result.versions.entries().every(([reference, version]) => resources.get(reference)?.version === version),
    );
  }

  #isShown({ statuses }: StoredResult): boolean {
    const { gaps, statuses: wanted } = this.#settings.options;
    return !gaps || wanted === null || statuses.some((status) => wanted.includes(status));
  }

  async #now(ids: readonly string[]): Promise<EvaluatedSubject[]> {
    const { database, tenant } = this.#settings;
    const records = await loadPatientRecords(database, tenant, ids, this.#types);
    return Promise.all([...records.values()].map((record) => this.#evaluateRecord(record)));
  }

  async #evaluateRecord(record: LoadedRecord): Promise<EvaluatedSubject> {
    const { pool, packages, measures, options } = this.#settings;
    const { period, now, parameters, detail, gaps } = options;
    const answers = await pool.evaluate({
      resources: record.contents,
      // Supplemental data belongs into reports: of one patient as it is, of many as counts of its values.
      tasks: packages.map((measure) => ({
        measure,
        request: { period, now, parameters, supplementalData: detail || !gaps },
        gaps,
        detail: false,
        keep: detail,
      })),
    });
    const places = new Map([...record.versions.keys()].map((reference, place) => [reference, place]));
    const contentOf = (reference: string): string | null => record.contents[places.get(reference) ?? -1] ?? null;
    const outcomes = measures.map(({ definition }, index): Answer => {
      const answer = answers[index];
      if (answer?.ok === true)
        return answer.kept === undefined
          ? { definition, result: answer.result, gaps: answer.gaps }
          : { definition, kept: answer.kept };
      const { name, message } = answer?.error ?? { name: 'EvaluationCrashed', message: 'it gave no answer' };
      return { definition, error: Object.assign(new Error(message), { name }) };
    });
    return subjectOf(record.patient, contentOf, outcomes);
  }
}

/** Null where the answer shows nothing of the measure. */
type Answer =
  | MeasureOutcome
  | {
      readonly definition: MeasureDefinition;
      readonly kept: Pick<KeptResult, 'references' | 'text'> | null;
    };

/** @param contentOf the text of a resource by `Type/id`; null when it is not there */
function subjectOf(
  subject: string,
  contentOf: (reference: string) => string | null,
  answers: readonly Answer[],
): EvaluatedSubject {
  const parsed = new Map<string, FhirResource | null>();
  const find = (reference: string): FhirResource | null => {
    const known = parsed.get(reference);
    if (known !== undefined) return known;
    const content = contentOf(reference);
    const resource = content === null ? null : (JSON.parse(content) as FhirResource);
    parsed.set(reference, resource);
    return resource;
  };
  const found = (reference: string): FhirResource => find(reference) ?? stub(reference);
  return {
    subject,
    patient: () => found(`Patient/${subject}`),
    measures: answers.map((answer): MeasureOutcome => {
      if (!('kept' in answer)) return answer;
      const { definition, kept } = answer;
      if (kept === null) return { definition, result: emptyResult(subject), gaps: [] };
      return { definition, ...readKept(subject, kept, definition, found) };
    }),
    find,
  };
}

/** What counts need of a resource: which one it is. */
function stub(reference: string): FhirResource {
  const [resourceType = '', id = ''] = reference.split('/');
  return { resourceType, id };
}

function emptyResult(subject: string): SubjectResult {
  return { subject, groups: [], supplementalData: [], evaluatedResources: [], components: [], trace: null };
}
