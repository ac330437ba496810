import type { Database } from '../db/database.ts';
import type { EvaluationPool } from '../jobs/evaluation-pool.ts';
import { loadPatientRecords } from '../store/patient-record.ts';
import { type Claim, lockClaims, settleClaims } from './change-feed.ts';
import { type DueMeasure, dueMeasures, knownMeasures } from './due-measures.ts';
import { evaluatePatient, withError } from './evaluate-patient.ts';
import { appendEvents } from './gap-events.ts';
import { writeOutcomes } from './gap-state.ts';
import type { LivePlan } from './live-plan.ts';
import type { PatientOutcome } from './patient-outcome.ts';
import type { Reaches } from './reach.ts';

export interface ClaimWork {
  readonly database: Database;
  readonly pool: EvaluationPool;
  readonly reaches: Reaches;
  /** Who holds the claims. */
  readonly lane: string;
  readonly tenant: string;
  readonly plan: LivePlan;
  readonly at: Date;
  /** `at`, in the timezone of the practice, with its offset. */
  readonly now: string;
  /** Evaluations that are under way when it aborts are given up. */
  readonly signal: AbortSignal;
}

/** The worker stops: what it holds is evaluated by the next. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

/** Resources in memory at once, unless one patient alone has more. */
const resourcesAtOnce = 20_000;
/** Of these, the header is made. */
const headerTypes = ['Patient', 'Encounter'];

interface Item {
  readonly claim: Claim;
  readonly due: readonly DueMeasure[];
  readonly withHeader: boolean;
}

/**
 * Evaluates for claimed patients of one tenant what is due, and writes state, history, results and events in one
 * transaction with the feed. Patients with few resources first, those with very many one by one.
 * @throws Stopped
 */
export async function evaluateClaims(work: ClaimWork, claims: readonly Claim[]): Promise<void> {
  const { database, tenant, plan, reaches, now } = work;
  const patients = claims.map(({ patient }) => patient);
  const known = await knownMeasures(database, tenant, patients);
  const items = claims.map((claim): Item => {
    const own = known.get(claim.patient) ?? [];
    const due = dueMeasures(claim, plan.all, own, reaches, now);
    const concerned =
      claim.resourceTypes.length === 0 || headerTypes.some((type) => claim.resourceTypes.includes(type));
    return { claim, due, withHeader: own.length === 0 || (concerned && (due.length > 0 || !claim.background)) };
  });
  const idle = items.filter(({ due, withHeader }) => due.length === 0 && !withHeader);
  const unchanged = idle.map(({ claim }): PatientOutcome => ({ claim, header: 'unchanged', rows: [], results: [] }));
  if (unchanged.length > 0) await write(work, unchanged);
  const types = [
    ...new Set([...headerTypes, ...items.flatMap(({ due }) => due.flatMap(({ live }) => live.packed.resourceTypes))]),
  ];
  const busy = items.filter((item) => item.due.length > 0 || item.withHeader);
  for (const some of await inPortions(work, busy, types)) {
    if (work.signal.aborted) throw new Stopped('the gap worker stops');
    await write(work, await unlessStopped(work.signal, evaluate(work, some, types)));
  }
}

async function evaluate(work: ClaimWork, items: readonly Item[], types: readonly string[]): Promise<PatientOutcome[]> {
  const { database, pool, tenant, now } = work;
  const patients = items.map(({ claim }) => claim.patient);
  const records = await loadPatientRecords(database, tenant, patients, types);
  return Promise.all(
    items.map(({ claim, due, withHeader }) =>
      evaluatePatient(pool, claim, records.get(claim.patient) ?? null, due, withHeader, now),
    ),
  );
}

async function inPortions(
  { database, tenant }: ClaimWork,
  items: readonly Item[],
  types: readonly string[],
): Promise<Item[][]> {
  if (items.length < 2) return items.map((item) => [item]);
  const { rows } = await database.query<{ patient: string; resources: number }>(
    `SELECT patient, count(*) AS resources FROM resource
     WHERE patient = ANY ($1::text[]) AND tenant = $2 AND type = ANY ($3::text[]) GROUP BY patient`,
    [items.map(({ claim }) => claim.patient), tenant, types],
  );
  const counts = new Map(rows.map(({ patient, resources }) => [patient, resources]));
  const countOf = ({ claim }: Item): number => counts.get(claim.patient) ?? 0;
  const portions: Item[][] = [];
  let room = 0;
  for (const item of items.toSorted((a, b) => countOf(a) - countOf(b))) {
    room -= countOf(item);
    if (room < 0 || portions.length === 0) {
      portions.push([]);
      room = resourcesAtOnce - countOf(item);
    }
    portions.at(-1)?.push(item);
  }
  return portions;
}

/** One patient's value that the database refuses must not keep the others of the batch from being written. */
async function write(work: ClaimWork, outcomes: readonly PatientOutcome[]): Promise<void> {
  try {
    await writeTogether(work, outcomes);
  } catch (error) {
    if (!/^22/.test((error as { code?: string }).code ?? '')) throw error; // SQLSTATE 22: data exception
    const [first, ...others] = outcomes;
    if (first !== undefined && others.length === 0) await writeTogether(work, [withError(first, error as Error)]);
    else for (const outcome of outcomes) await write(work, [outcome]);
  }
}

function writeTogether(
  { database, lane, tenant, plan, at }: ClaimWork,
  outcomes: readonly PatientOutcome[],
): Promise<void> {
  return database.transaction(async (sql) => {
    const held = await lockClaims(
      sql,
      lane,
      outcomes.map(({ claim }) => claim),
    );
    const mine = new Set(held.map(({ patient }) => patient));
    const written = outcomes.filter(({ claim }) => mine.has(claim.patient));
    const events = await writeOutcomes(sql, tenant, written, plan, at);
    await settleClaims(sql, lane, held);
    await appendEvents(sql, tenant, events, at);
  });
}

function unlessStopped<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new Stopped('the gap worker stops'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
