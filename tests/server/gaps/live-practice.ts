import { put } from '../store/unconditional.ts';

export { put, remove } from '../store/unconditional.ts';

import type { FhirResource } from '../../../cql/index.ts';
import { type Catalogue, createCatalogue } from '../../../server/content/catalogue.ts';
import { installCheck } from '../../../server/content/install-check.ts';
import type { Database } from '../../../server/db/database.ts';
import { type GapWorkerSettings, startGapWorker } from '../../../server/gaps/gap-worker.ts';
import { createEvaluationPool, type EvaluationPool } from '../../../server/jobs/evaluation-pool.ts';
import { applyEntries } from '../../../server/store/apply-entries.ts';
import type { Entry } from '../../../server/store/entry.ts';
import { freshDatabase, silent } from '../../support/database.ts';
import { definitions, smallMeasure } from '../content/small-measure.ts';

/** A practice whose measures ask in every way that a change can concern: by code, whatever the code, by reference. */
export interface LivePractice {
  readonly database: Database;
  readonly catalogue: Catalogue;
  readonly pool: EvaluationPool;
  /** How many measures were evaluated. */
  readonly evaluated: string[];
  /** The clock, which tests set. */
  now: Date;
  timezone: string;
  write(...entries: readonly Entry[]): Promise<void>;
  /** Has a worker do all that there is to do. */
  settle(settings?: Partial<GapWorkerSettings>): Promise<void>;
  state(): Promise<readonly StateRow[]>;
  statusOf(patient: string, measure: string, periodStart?: string): Promise<string | null | undefined>;
  close(): Promise<void>;
}

export interface StateRow {
  readonly patient: string;
  readonly measure_url: string;
  readonly period_start: string;
  readonly status: string | null;
}

export const tenant = 'practice';

const valueSet = (id: string, code: string): FhirResource => ({
  resourceType: 'ValueSet',
  id,
  url: `http://example.org/ValueSet/${id}`,
  status: 'active',
  compose: { include: [{ system: 'http://codes', concept: [{ code }] }] },
});

/** What the measures below name. */
export const valueSets: readonly Entry[] = [put(valueSet('sugars', 'sugar')), put(valueSet('pills', 'pill'))];

const declared = `valueset "Sugars": 'http://example.org/ValueSet/sugars'
valueset "Pills": 'http://example.org/ValueSet/pills'
`;

/** A measure whose numerator is the expression, for patients with a visit. */
export function measureOf(name: string, numerator: string, version = '1.0.0'): Entry[] {
  const cql = `${definitions.replace(/define "Numerator":.*/s, '')}define "Numerator": ${numerator}`;
  const made = smallMeasure({ name, cql, version });
  const [content] = made.library['content'] as { data: string }[];
  const text = Buffer.from(content?.data ?? '', 'base64').toString();
  const data = Buffer.from(text.replace('parameter ', `${declared}parameter `)).toString('base64');
  const library = { ...made.library, content: [{ contentType: 'text/cql', data }] };
  return [put(made.valueSet as FhirResource), put(library as FhirResource), put(made.measure as FhirResource)];
}

export const measures = {
  /** Any observation. */
  Any: 'exists [Observation]',
  /** A laboratory result by its code. */
  Sugar: 'exists [Observation: "Sugars"]',
  /** By its code, before the period ends. */
  Dated: `exists ([Observation: "Sugars"] O where (O.effective as FHIR.dateTime).value same day or before end of "Measurement Period")`,
  /** A medication that is told by reference. */
  Drug: `exists ([MedicationRequest] R with [Medication: "Pills"] M
    such that (R.medication as FHIR.Reference).reference.value = 'Medication/' + M.id.value)`,
  /** Whoever is named. */
  Person: `Patient.gender.value = 'female'`,
  /** Depends on the day on which it is asked. */
  Clock: `exists ([Observation: "Sugars"] O where (O.effective as FHIR.dateTime).value same day or before Now())`,
} as const;

export async function livePractice(names: readonly (keyof typeof measures)[]): Promise<LivePractice> {
  const database = await freshDatabase();
  const catalogue = createCatalogue(database);
  const inner = createEvaluationPool({ log: silent, threads: 2, budgetMs: 20_000 });
  const evaluated: string[] = [];
  const pool: EvaluationPool = {
    ...inner,
    evaluate: (work) => {
      evaluated.push(...work.tasks.map(({ measure }) => measure.definition.url.split('/').at(-1) ?? ''));
      return inner.evaluate(work);
    },
  };
  const practice: LivePractice = {
    database,
    catalogue,
    pool,
    evaluated,
    now: new Date('2026-11-22T12:00:00Z'),
    timezone: 'UTC',
    async write(...entries) {
      await applyEntries(database, tenant, entries, {
        dangling: 'keep',
        beforeCommit: async (sql, applied) => {
          await installCheck(
            sql,
            tenant,
            applied.flatMap(({ stored }) => stored ?? []),
          );
        },
      });
    },
    async settle(settings = {}) {
      const { now: _now, timezone } = practice;
      const worker = startGapWorker({
        database,
        catalogue,
        pool,
        log: silent,
        now: () => practice.now,
        timezone,
        pollMs: 10,
        ...settings,
      });
      await worker.idle();
      await worker.stop();
    },
    async state() {
      const { rows } = await database.query<StateRow>(
        `SELECT patient, measure_url, measure_version, group_id, period_start::text, period_end::text, status,
                populations, reasons, next_steps, evidence, due_by, error, content_hash, known_status, live
         FROM gap_state ORDER BY 1, 2, 3, 4, 5`,
      );
      return rows;
    },
    async statusOf(patient, measure, periodStart = '2026-01-01') {
      const { rows } = await database.query<{ status: string | null }>(
        `SELECT status FROM gap_state WHERE patient = $1 AND measure_url LIKE '%/' || $2 AND period_start = $3`,
        [patient, measure, periodStart],
      );
      return rows[0]?.status;
    },
    async close() {
      await inner.close();
      await database.close();
    },
  };
  await practice.write(
    ...valueSets,
    ...names.flatMap((name) => measureOf(name, measures[name]).slice(name === names[0] ? 0 : 1)),
  );
  return practice;
}

const subject = (patient: string): object => ({ reference: `Patient/${patient}` });
const coded = (code: string): object => ({ coding: [{ system: 'http://codes', code }] });

export const person = (id: string, gender = 'female'): FhirResource => ({ resourceType: 'Patient', id, gender });
export const visit = (id: string, patient: string, code = 'visit'): FhirResource => ({
  resourceType: 'Encounter',
  id,
  status: 'finished',
  class: { code: 'AMB' },
  type: [coded(code)],
  subject: subject(patient),
  period: { start: '2026-03-01T10:00:00Z', end: '2026-03-01T10:30:00Z' },
});
export const result = (id: string, patient: string, code = 'sugar', date = '2026-03-01'): FhirResource => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: coded(code),
  subject: subject(patient),
  effectiveDateTime: date,
});
export const order = (id: string, patient: string, medication = 'm'): FhirResource => ({
  resourceType: 'MedicationRequest',
  id,
  status: 'active',
  intent: 'order',
  subject: subject(patient),
  medicationReference: { reference: `Medication/${medication}` },
});
export const medication = (id: string, code: string): FhirResource => ({
  resourceType: 'Medication',
  id,
  code: coded(code),
});
