import type { Database } from '../db/database.ts';
import type { EvaluationPool } from '../jobs/evaluation-pool.ts';
import { loadPatientRecords } from '../store/patient-record.ts';
import { countOf, populationCounts } from './gap-row.ts';
import type { LiveMeasure, LivePlan } from './live-plan.ts';
import { allPatients, countPatients } from './patients.ts';
import type { RateCounts } from './rate.ts';
import { knownRollingPoints, type NewPoint, storePoints } from './trend-points.ts';

export interface TrendRequest {
  readonly tenant: string;
  readonly plan: LivePlan;
  /** Today (YYYY-MM-DD): months that ended before it are filled. */
  readonly today: string;
  readonly months?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => Promise<void> | void;
}

interface WantedPoint {
  readonly measure: LiveMeasure;
  readonly period: { readonly start: string; readonly end: string };
  /** By group, in their order. */
  readonly counts: RateCounts[];
}

/** Few, so that a server that stops does not wait long. */
const patientsAtOnce = 4;

const none: RateCounts = {
  initialPopulation: 0,
  denominator: 0,
  denominatorExclusion: 0,
  denominatorException: 0,
  numerator: 0,
  numeratorExclusion: 0,
};

/**
 * Fills the monthly points that are missing for the live measures as they are now: for the last day of each of the last
 * twelve months, the rate of the twelve months that end on it, evaluated for every patient from the data as known today
 * (a result that came in late counts for the month it belongs to). Runs behind everything else.
 *
 * @returns how many points were computed
 */
export async function fillTrend(database: Database, pool: EvaluationPool, request: TrendRequest): Promise<number> {
  const { tenant, plan, today, months = 12, signal, onProgress } = request;
  const known = await knownRollingPoints(database, tenant);
  const wanted = plan.measures.flatMap((measure) =>
    monthEnds(today, months)
      .filter(
        (end) => !known.has([measure.measure.url, measure.measure.version ?? '', end, measure.packed.hash].join('|')),
      )
      .map((end): WantedPoint => ({ measure, period: rollingYear(end), counts: measure.groups.map(() => none) })),
  );
  if (wanted.length === 0) return 0;
  const total = await countPatients(database, tenant);
  const types = [...new Set(wanted.flatMap(({ measure }) => measure.packed.resourceTypes))];
  let done = 0;
  for await (const ids of allPatients(database, tenant, patientsAtOnce)) {
    signal?.throwIfAborted();
    const records = await loadPatientRecords(database, tenant, ids, types);
    await Promise.all([...records.values()].map(({ contents }) => addPatient(pool, contents, wanted)));
    done += ids.length;
    await onProgress?.(done, total);
  }
  await storePoints(database, tenant, wanted.flatMap(pointsOf));
  return wanted.length;
}

async function addPatient(
  pool: EvaluationPool,
  resources: readonly string[],
  wanted: readonly WantedPoint[],
): Promise<void> {
  const answers = await pool.evaluate({
    resources,
    tasks: wanted.map(({ measure, period }) => ({
      measure: measure.packed,
      request: { period, now: `${period.end}T23:59:59.999+00:00`, supplementalData: false },
      gaps: false,
      detail: false,
    })),
    priority: 'background',
  });
  for (const [index, { counts, measure }] of wanted.entries()) {
    const answer = answers[index];
    if (answer?.ok !== true) continue; // the live state names the error
    for (const g of measure.groups.keys()) {
      const populations = populationCounts(answer.result.groups[g]);
      const before = counts[g] ?? none;
      counts[g] = {
        initialPopulation: before.initialPopulation + countOf(populations, 'initial-population'),
        denominator: before.denominator + countOf(populations, 'denominator'),
        denominatorExclusion: before.denominatorExclusion + countOf(populations, 'denominator-exclusion'),
        denominatorException: before.denominatorException + countOf(populations, 'denominator-exception'),
        numerator: before.numerator + countOf(populations, 'numerator'),
        numeratorExclusion: before.numeratorExclusion + countOf(populations, 'numerator-exclusion'),
      };
    }
  }
}

function pointsOf({ measure: { measure, groups, packed }, period, counts }: WantedPoint): NewPoint[] {
  return groups.map((group, index) => ({
    measureUrl: measure.url,
    measureVersion: measure.version ?? '',
    groupId: group.id ?? '',
    kind: 'rolling',
    date: period.end,
    periodStart: period.start,
    periodEnd: period.end,
    contentHash: packed.hash,
    counts: counts[index] ?? none,
  }));
}

/** Last days of the months that ended before `today`, oldest first. */
export function monthEnds(today: string, months: number): string[] {
  const [year = 0, month = 0] = today.split('-').map(Number);
  return Array.from({ length: months }, (_, back) => day(Date.UTC(year, month - 1 - back, 0))).reverse();
}

/** The twelve months that end on a month's last day. */
export function rollingYear(end: string): { start: string; end: string } {
  const [year = 0, month = 0] = end.split('-').map(Number);
  return { start: day(Date.UTC(year - 1, month, 1)), end };
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
