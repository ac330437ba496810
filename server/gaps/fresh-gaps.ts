import {
  type GapReason,
  type GroupDefinition,
  type MeasurementPeriod,
  reportedGroups,
  type SubjectResult,
} from '../../measures/index.ts';
import type { Catalogue } from '../content/catalogue.ts';
import type { InstalledMeasure } from '../content/installed-measure.ts';
import type { MeasurePackage } from '../content/package.ts';
import type { Database, Sql } from '../db/database.ts';
import type { EvaluationPool } from '../jobs/evaluation-pool.ts';
import { loadPatientRecords } from '../store/patient-record.ts';
import { formatCanonical } from '../terminology/canonical.ts';
import { waitingPatients } from './change-feed.ts';
import { type GapRow, gapRows, type NextStep, type PopulationCount } from './gap-row.ts';

/** What is true now of one patient in one group of a measure. */
export interface FreshGap {
  readonly group: GroupDefinition;
  readonly status: GapRow['status'];
  readonly populations: readonly PopulationCount[];
  readonly reasons: readonly GapReason[];
  readonly nextSteps: readonly NextStep[];
  readonly evidence: readonly string[];
  readonly dueBy: string | null;
  readonly error: string | null;
  /** When the status became what it is; null when it was evaluated for this answer only. */
  readonly since: string | null;
}

export interface PatientGaps {
  readonly patient: string;
  readonly measure: InstalledMeasure;
  readonly period: MeasurementPeriod;
  readonly groups: readonly FreshGap[];
  /** With evaluated resources; null when the answer was read from the state, or failed. */
  readonly result: SubjectResult | null;
}

export interface FreshGapsRequest {
  readonly tenant: string;
  /** Logical ids of Patients. */
  readonly patients: readonly string[];
  readonly measures: readonly InstalledMeasure[];
  readonly period: MeasurementPeriod;
  /** ISO date-time with offset. */
  readonly now: string;
  /** Evaluate all on the spot, with evaluated resources: for reports that list them. */
  readonly detail?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Gaps that are never stale: read from the live state where it is of the current data, measure and period; evaluated on
 * the spot for patients that wait on the feed, and for measures and periods that are not kept live. Ordered by patient
 * as asked, then by measure; a patient that does not exist is absent.
 *
 * @throws InvalidMeasureContent when a measure cannot be loaded
 */
export async function freshGaps(
  { database, catalogue, pool }: { database: Database; catalogue: Catalogue; pool: EvaluationPool },
  request: FreshGapsRequest,
): Promise<PatientGaps[]> {
  const { tenant, patients, measures } = request;
  const packages = new Map<InstalledMeasure, MeasurePackage>();
  for (const measure of measures) packages.set(measure, await catalogue.package(tenant, formatCanonical(measure)));
  const state = request.detail === true ? new Map() : await readState(database, request, packages);
  const answers = new Map<string, PatientGaps>(state);
  const key = (patient: string, measure: InstalledMeasure): string => `${patient} ${measure.id}`;
  const missing = Map.groupBy(
    patients.filter((patient) => measures.some((measure) => !answers.has(key(patient, measure)))),
    (patient) =>
      measures
        .filter((measure) => !answers.has(key(patient, measure)))
        .map(({ id }) => id)
        .join(' '),
  );
  for (const ids of missing.values()) {
    const [first = ''] = ids;
    const wanted = measures.filter((measure) => !answers.has(key(first, measure)));
    for (let start = 0; start < ids.length; start += patientsPerLoad) {
      request.signal?.throwIfAborted();
      const some = ids.slice(start, start + patientsPerLoad);
      for (const gaps of await evaluateNow({ database, pool }, request, some, wanted, packages))
        answers.set(key(gaps.patient, gaps.measure), gaps);
    }
  }
  return patients.flatMap((patient) => measures.flatMap((measure) => answers.get(key(patient, measure)) ?? []));
}

const patientsPerLoad = 50;

async function evaluateNow(
  { database, pool }: { database: Database; pool: EvaluationPool },
  { tenant, period, now, detail = false }: FreshGapsRequest,
  patients: readonly string[],
  measures: readonly InstalledMeasure[],
  packages: ReadonlyMap<InstalledMeasure, MeasurePackage>,
): Promise<PatientGaps[]> {
  const packed = measures.flatMap((measure) => packages.get(measure) ?? []);
  const types = [...new Set(packed.flatMap(({ resourceTypes }) => resourceTypes))];
  const records = await loadPatientRecords(database, tenant, patients, types);
  const tasks = packed.map((measure) => ({
    measure,
    request: { period, now, supplementalData: detail },
    gaps: true,
    detail,
  }));
  const evaluated = await Promise.all(
    [...records.values()].map(async ({ patient, contents }) => ({
      patient,
      answers: await pool.evaluate({ resources: contents, tasks }),
    })),
  );
  return evaluated.flatMap(({ patient, answers }) =>
    measures.flatMap((measure, index): PatientGaps[] => {
      const answer = answers[index];
      if (answer === undefined) return [];
      const groups = reportedGroups(measure.definition);
      const rows = gapRows(measure, groups, period, packed[index]?.hash ?? '', answer, now.slice(0, 10));
      const gaps = groups.flatMap((group, g) => fresh(group, rows[g], null));
      return [{ patient, measure, period, groups: gaps, result: answer.ok ? answer.result : null }];
    }),
  );
}

function fresh(group: GroupDefinition, row: Omit<GapRow, 'contentHash'> | undefined, since: string | null): FreshGap[] {
  if (row === undefined) return [];
  const { status, populations, reasons, nextSteps, evidence, dueBy, error } = row;
  return [{ group, status, populations, reasons, nextSteps, evidence, dueBy, error, since }];
}

interface StateRow {
  readonly patient: string;
  readonly measure_url: string;
  readonly measure_version: string;
  readonly group_id: string;
  readonly period_end: string;
  readonly status: GapRow['status'];
  readonly populations: PopulationCount[];
  readonly reasons: GapReason[];
  readonly next_steps: NextStep[];
  readonly evidence: string[];
  readonly due_by: string | null;
  readonly error: string | null;
  readonly since: Date;
  readonly content_hash: string;
}

/** Complete answers of the live state, by patient and measure. */
async function readState(
  sql: Sql,
  { tenant, patients, measures, period, now }: FreshGapsRequest,
  packages: ReadonlyMap<InstalledMeasure, MeasurePackage>,
): Promise<Map<string, PatientGaps>> {
  // The feed first: a patient who changes between the two queries is then at worst answered as of the first.
  const waiting = await waitingPatients(sql, tenant, patients);
  const { rows } = await sql.query<StateRow>(
    `SELECT patient, measure_url, measure_version, group_id, period_end::text, status, populations, reasons, next_steps,
            evidence, due_by, error, since, content_hash
     FROM gap_state WHERE patient = ANY($2) AND tenant = $1 AND measure_url = ANY($3) AND period_start = $4
       AND period_end = $5`,
    [tenant, patients, measures.map(({ url }) => url), period.start, period.end],
  );
  const today = now.slice(0, 10);
  const usable = rows.filter(
    (row) => !waiting.has(row.patient) && !(row.status === 'prospective-gap' && period.end < today),
  );
  const byPatient = Map.groupBy(usable, ({ patient }) => patient);
  const found = new Map<string, PatientGaps>();
  for (const [patient, own] of byPatient) {
    for (const measure of measures) {
      const groups = reportedGroups(measure.definition);
      const gaps = groups.flatMap((group) => {
        const row = own.find(
          (candidate) =>
            candidate.measure_url === measure.url &&
            candidate.measure_version === (measure.version ?? '') &&
            candidate.group_id === (group.id ?? '') &&
            candidate.content_hash === packages.get(measure)?.hash,
        );
        return row === undefined ? [] : fresh(group, asGapRow(row, period), row.since.toISOString());
      });
      if (gaps.length === groups.length)
        found.set(`${patient} ${measure.id}`, { patient, measure, period, groups: gaps, result: null });
    }
  }
  return found;
}

function asGapRow(row: StateRow, period: MeasurementPeriod): Omit<GapRow, 'contentHash'> {
  const { measure_url, measure_version, group_id, next_steps, due_by, ...rest } = row;
  return {
    ...rest,
    measureUrl: measure_url,
    measureVersion: measure_version,
    groupId: group_id,
    periodStart: period.start,
    periodEnd: period.end,
    nextSteps: next_steps,
    dueBy: due_by,
  };
}
