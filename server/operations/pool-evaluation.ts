import type { Catalogue } from '../content/catalogue.ts';
import type { InstalledMeasure } from '../content/installed-measure.ts';
import type { MeasurePackage } from '../content/package.ts';
import type { Database } from '../db/database.ts';
import { Reaches } from '../gaps/reach.ts';
import { readStoredResults, type StoredResult } from '../gaps/stored-results.ts';
import type { EvaluationPool } from '../jobs/evaluation-pool.ts';
import {
  type LoadedRecord,
  loadByReference,
  loadPatientRecords,
  type ReferencedResource,
} from '../store/patient-record.ts';
import { formatCanonical } from '../terminology/canonical.ts';
import { type Answer, evaluatedSubject } from './evaluated-subject.ts';
import type { EvaluatedSubject, EvaluateOptions, OperationServices } from './services.ts';

const patientsPerLoad = 50;

/**
 * `OperationServices.evaluate`: from the live state where it stands for an evaluation at `options.now`, and over the
 * evaluation threads otherwise: of a patient who waits on the feed, the measures that the change can touch. Both go
 * through the same text, so that nobody can tell which it was. Records and results are read by the fifty while the
 * threads, and the reader of the answer, work on the fifty before.
 */
export function poolEvaluation(
  database: Database,
  catalogue: Catalogue,
  pool: EvaluationPool,
  { state = true }: { /** False evaluates everything, for comparison. */ readonly state?: boolean } = {},
): OperationServices['evaluate'] {
  const reaches = new Reaches();
  return async function* evaluate(tenant, measures, patients, options) {
    const packages = await Promise.all(
      measures.map((measure) => catalogue.package(tenant, formatCanonical(measure), options.pins)),
    );
    const batch = new Batches({ database, pool, reaches, tenant, measures, packages, options, state });
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
  readonly reaches: Reaches;
  readonly tenant: string;
  readonly measures: readonly InstalledMeasure[];
  readonly packages: readonly MeasurePackage[];
  readonly options: EvaluateOptions;
  readonly state: boolean;
}

/** By place of the measure; null where it is to be evaluated. */
type Stored = readonly (StoredResult | null)[];
type Resources = ReadonlyMap<string, ReferencedResource>;

class Batches {
  readonly #settings: BatchSettings;

  constructor(settings: BatchSettings) {
    this.#settings = settings;
  }

  start(ids: readonly string[]): Promise<EvaluatedSubject[]> | null {
    return ids.length === 0 ? null : this.#evaluate(ids);
  }

  async #evaluate(ids: readonly string[]): Promise<EvaluatedSubject[]> {
    const stored = await this.#stored(ids);
    const waiting = ids.filter((id) => stored.get(id)?.every((result) => result !== null) !== true);
    const records = await this.#load(waiting, stored);
    const resources = await this.#resourcesOf(stored);
    const answered = await Promise.all(
      ids.map((id): EvaluatedSubject | null | Promise<EvaluatedSubject> => {
        const results = stored.get(id);
        if (results !== undefined && !this.#areCurrent(id, results, resources)) return null;
        const contentOf = (reference: string): string | null => resources.get(reference)?.content ?? null;
        if (!waiting.includes(id)) return evaluatedSubject(id, contentOf, this.#keptAnswers(results ?? []));
        const record = records.get(id);
        return record === undefined ? null : this.#evaluateRecord(record, results ?? [], contentOf);
      }),
    );
    // Changed between the results and the resources: once more, and from the resources alone.
    const changed = ids.filter((id, place) => answered[place] === null && stored.has(id));
    const again = await this.#load(changed, new Map());
    const evaluated = await Promise.all([...again.values()].map((record) => this.#evaluateRecord(record)));
    const byPatient = new Map([...answered, ...evaluated].flatMap((each) => (each ? [[each.subject, each]] : [])));
    return ids.flatMap((id) => byPatient.get(id) ?? []);
  }

  async #stored(ids: readonly string[]): Promise<ReadonlyMap<string, Stored>> {
    const { database, reaches, tenant, measures, packages, options, state } = this.#settings;
    const { period, now, parameters } = options;
    if (!state || Object.keys(parameters).length > 0) return new Map();
    return readStoredResults(database, {
      tenant,
      patients: ids,
      measures: measures.map((measure, index) => ({ measure, hash: packages[index]?.hash ?? '' })),
      reaches: packages.map((packed) => reaches.of(packed)),
      period,
      now,
    });
  }

  /** Most of a record (claims, notes) is of types that no expression of the measures that are missing retrieves. */
  async #load(ids: readonly string[], stored: ReadonlyMap<string, Stored>): Promise<ReadonlyMap<string, LoadedRecord>> {
    if (ids.length === 0) return new Map();
    const { database, tenant, packages } = this.#settings;
    const missing = packages.filter((_, place) => ids.some((id) => (stored.get(id)?.[place] ?? null) === null));
    const types = new Set(missing.flatMap(({ resourceTypes }) => resourceTypes));
    return loadPatientRecords(database, tenant, ids, [...types]);
  }

  async #resourcesOf(stored: ReadonlyMap<string, Stored>): Promise<Resources> {
    const wanted = new Set<string>();
    if (this.#settings.options.detail)
      for (const [patient, results] of stored) {
        wanted.add(`Patient/${patient}`);
        for (const result of results)
          if (result !== null && this.#isShown(result))
            for (const reference of result.references) wanted.add(reference);
      }
    return loadByReference(this.#settings.database, this.#settings.tenant, wanted);
  }

  /** False when something was written between the results and the resources. */
  #areCurrent(patient: string, results: Stored, resources: Resources): boolean {
    if (!this.#settings.options.detail) return true;
    if (!resources.has(`Patient/${patient}`)) return false;
    return results.every(
      (result) =>
        result === null ||
        !this.#isShown(result) ||
        result.versions.entries().every(([reference, version]) => resources.get(reference)?.version === version),
    );
  }

  #isShown({ statuses }: StoredResult): boolean {
    const { gaps, statuses: wanted } = this.#settings.options;
    return !gaps || wanted === null || statuses.some((status) => wanted.includes(status));
  }

  #keptAnswers(results: Stored): Answer[] {
    return this.#settings.measures.map(({ definition }, place) => {
      const result = results[place] ?? null;
      return { definition, kept: result !== null && this.#isShown(result) ? result : null };
    });
  }

  /** @param stored what need not be evaluated, with the resources that it names */
  async #evaluateRecord(
    record: LoadedRecord,
    stored: Stored = [],
    storedContent: (reference: string) => string | null = () => null,
  ): Promise<EvaluatedSubject> {
    const { pool, measures, packages, options } = this.#settings;
    const { period, now, parameters, detail, gaps } = options;
    const missing = measures.flatMap(({ definition }, place) => {
      const packed = packages[place];
      return packed === undefined || (stored[place] ?? null) !== null ? [] : { definition, packed, place };
    });
    const answers = await pool.evaluate({
      resources: record.contents,
      // Supplemental data belongs into reports: of one patient as it is, of many as counts of its values.
      tasks: missing.map(({ packed }) => ({
        measure: packed,
        request: { period, now, parameters, supplementalData: detail || !gaps },
        gaps,
        detail: false,
        keep: detail,
      })),
    });
    const outcomes = this.#keptAnswers(stored);
    for (const [index, { definition, place }] of missing.entries()) {
      const answer = answers[index];
      if (answer?.ok === true)
        outcomes[place] =
          answer.kept === undefined
            ? { definition, result: answer.result, gaps: answer.gaps }
            : { definition, kept: answer.kept };
      else {
        const { name, message } = answer?.error ?? { name: 'EvaluationCrashed', message: 'it gave no answer' };
        outcomes[place] = { definition, error: Object.assign(new Error(message), { name }) };
      }
    }
    const places = new Map([...record.versions.keys()].map((reference, place) => [reference, place]));
    const contentOf = (reference: string): string | null =>
      record.contents[places.get(reference) ?? -1] ?? storedContent(reference);
    return evaluatedSubject(record.patient, contentOf, outcomes);
  }
}
