import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type Catalogue, createCatalogue } from '../../server/content/catalogue.ts';
import { type Database, openDatabase } from '../../server/db/database.ts';
import { evaluatePatient } from '../../server/gaps/evaluate-patient.ts';
import { livePeriods } from '../../server/gaps/live-period.ts';
import { type LivePlan, livePlan } from '../../server/gaps/live-plan.ts';
import { createEvaluationPool, type EvaluationPool } from '../../server/jobs/evaluation-pool.ts';
import { poolEvaluation } from '../../server/operations/pool-evaluation.ts';
import { loadPatientRecords } from '../../server/store/patient-record.ts';
import { silent } from '../support/database.ts';
import { tagSystem, type Write } from './kill-load.ts';
import { type EventRow, type HistoryRow, type StateRow, transitionProblems } from './kill-transitions.ts';
import { type StoredVersion, writeProblems } from './kill-writes.ts';

const tenant = 'demo';

export interface Checked {
  readonly problems: readonly string[];
  /** What was looked at: a check of nothing proves nothing. */
  readonly looked: Readonly<Record<'versions' | 'patients' | 'states' | 'results' | 'transitions' | 'events', number>>;
}

/** Waits until nothing waits, and compares what is stored with what was acknowledged and with what is right. */
export async function check(socket: string, writes: readonly Write[], patienceMs: number): Promise<Checked> {
  const connectionString = `postgres://gapless@localhost/postgres?host=${encodeURIComponent(socket)}`;
  const database = openDatabase({ connectionString, log: silent, max: 4 });
  const catalogue = createCatalogue(database);
  const pool = createEvaluationPool({ log: silent });
  try {
    const stuck = await waiting(database, patienceMs);
    if (stuck.length > 0) return { problems: stuck, looked: nothing };
    const now = `${new Date().toISOString().slice(0, -1)}+00:00`;
    const plan = await livePlan(catalogue, tenant, now.slice(0, 10), silent, await livePeriods(database, tenant));
    const versions = await storedVersions(database);
    const states = await stateRows(database);
    const history = await historyRows(database);
    const events = await eventRows(database);
    const fresh = await freshProblems(database, pool, plan, now, states);
    const answers = await answerProblems(database, catalogue, pool, plan, now);
    const { rows: counter } = await database.query<{ last: number }>('SELECT last FROM gap_event_number');
    return {
      problems: [
        ...writeProblems(writes, versions),
        ...fresh.problems,
        ...answers.problems,
        ...transitionProblems(states, history, events, counter[0]?.last ?? 0),
      ],
      looked: {
        versions: versions.length,
        patients: fresh.patients,
        states: states.length,
        results: answers.results,
        transitions: history.length,
        events: events.length,
      },
    };
  } finally {
    await pool.close();
    await database.close();
  }
}

const nothing = { versions: 0, patients: 0, states: 0, results: 0, transitions: 0, events: 0 };

/** What still waits after a while: claims of the dead are taken over, so in the end nothing does. */
async function waiting(database: Database, patienceMs: number): Promise<string[]> {
  for (const end = Date.now() + patienceMs; ; await sleep(200)) {
    const { rows } = await database.query<{ what: string }>(
      `SELECT 'patient ' || patient || ' claimed by ' || coalesce(claimed_by, 'nobody') || ' until ' ||
              coalesce(claimed_until::text, '-') AS what FROM change_feed
       UNION ALL SELECT 'outside change of ' || type || '/' || id FROM outside_change LIMIT 20`,
    );
    if (rows.length === 0) return [];
    if (Date.now() > end) return rows.map(({ what }) => `still waits: ${what}`);
  }
}

async function storedVersions(database: Database): Promise<StoredVersion[]> {
  const { rows } = await database.query<StoredVersion>(
    `SELECT h.type || '/' || h.id AS key, h.type, h.version, t.tag,
            h.version = r.version AND r.deleted = (h.content IS NULL) AND r.content IS NOT DISTINCT FROM h.content AS current,
            (SELECT count(*) FROM resource AS o WHERE o.tenant = h.tenant AND o.type = h.type AND o.id = h.id) AS copies
     FROM resource_history AS h LEFT JOIN resource AS r USING (patient, tenant, type, id)
     LEFT JOIN LATERAL (SELECT i ->> 'value' AS tag FROM jsonb_array_elements(h.content::jsonb -> 'identifier') AS i
                        WHERE i ->> 'system' = $2) AS t ON true
     WHERE h.tenant = $1 AND h.type IN ('Patient', 'Encounter', 'Observation', 'MedicationRequest', 'Medication')
     ORDER BY h.type, h.id, h.version`,
    [tenant, tagSystem],
  );
  return rows;
}

async function stateRows(database: Database): Promise<StateRow[]> {
  const { rows } = await database.query<StateRow>(
    `SELECT patient, measure_url, measure_version, group_id, period_start::text, period_end::text, status, known_status,
            populations, reasons, next_steps, evidence, due_by, error, content_hash
     FROM gap_state WHERE tenant = $1 AND live`,
    [tenant],
  );
  return rows;
}

async function historyRows(database: Database): Promise<HistoryRow[]> {
  const { rows } = await database.query<HistoryRow>(
    `SELECT patient, measure_url, measure_version, group_id, period_start::text, from_status, to_status
     FROM gap_history WHERE tenant = $1 ORDER BY id`,
    [tenant],
  );
  return rows;
}

async function eventRows(database: Database): Promise<EventRow[]> {
  const { rows } = await database.query<EventRow>(
    `SELECT number, patient, measure_url, measure_version, group_id, period_start::text, kind, from_status, to_status
     FROM gap_event WHERE tenant = $1 ORDER BY number`,
    [tenant],
  );
  return rows;
}

async function patientIds(database: Database): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>(
    `SELECT id FROM resource WHERE tenant = $1 AND type = 'Patient' AND NOT deleted ORDER BY id`,
    [tenant],
  );
  return rows.map(({ id }) => id);
}

/** Evaluates everything for everybody, and compares it with the rows of the state. */
async function freshProblems(
  database: Database,
  pool: EvaluationPool,
  plan: LivePlan,
  now: string,
  states: readonly StateRow[],
): Promise<{ problems: string[]; patients: number }> {
  const problems: string[] = [];
  const left = new Map(states.map((row) => [keyOf(row), row]));
  const patients = await patientIds(database);
  const records = await loadPatientRecords(database, tenant, patients, plan.resourceTypes);
  const due = plan.all.map((live) => ({ live, cause: 'data' as const }));
  for (const patient of patients) {
    const background = false;
    const claim = { tenant, patient, sequence: 0, resourceTypes: [], changed: [], resources: [], background };
    const { rows } = await evaluatePatient(pool, claim, records.get(patient) ?? null, due, false, now);
    for (const row of rows) {
      const expected = {
        patient,
        measure_url: row.measureUrl,
        measure_version: row.measureVersion,
        group_id: row.groupId,
        period_start: row.periodStart,
        period_end: row.periodEnd,
        status: row.status,
        known_status: row.status === 'error' ? null : row.status,
        populations: row.populations,
        reasons: row.reasons,
        next_steps: row.nextSteps,
        evidence: row.evidence,
        due_by: row.dueBy,
        error: row.error,
        content_hash: row.contentHash,
      };
      const found = left.get(keyOf(expected));
      left.delete(keyOf(expected));
      if (!isDeepStrictEqual(found, JSON.parse(JSON.stringify(expected))))
        problems.push(`state differs:\n  is    ${JSON.stringify(found)}\n  fresh ${JSON.stringify(expected)}`);
    }
  }
  for (const key of left.keys()) problems.push(`state of what is not there: ${key}`);
  return { problems, patients: patients.length };
}

/** Answers that are made from the state, and those that are made without it, are the same to the letter. */
async function answerProblems(
  database: Database,
  catalogue: Catalogue,
  pool: EvaluationPool,
  plan: LivePlan,
  now: string,
): Promise<{ problems: string[]; results: number }> {
  const patients = await patientIds(database);
  const problems: string[] = [];
  let results = 0;
  for (const { measure, period } of plan.all) {
    const answers = async (state: boolean): Promise<Map<string, string>> => {
      const texts = new Map<string, string>();
      const options = { period, now, parameters: {}, detail: true, gaps: true, statuses: null };
      const signal = new AbortController().signal;
      const evaluate = poolEvaluation(database, catalogue, pool, { state });
      // Only what comes from the state was evaluated before.
      for await (const { subject, measures } of evaluate(tenant, [measure], patients, { ...options, signal }))
        texts.set(
          subject,
          JSON.stringify(measures, (name, value) => (name === 'evaluatedAt' ? undefined : value)),
        );
      return texts;
    };
    const [kept, made] = [await answers(true), await answers(false)];
    results += kept.size;
    for (const [patient, text] of made)
      if (kept.get(patient) !== text)
        problems.push(`answer differs for ${patient} and ${measure.url}: ${difference(kept.get(patient) ?? '', text)}`);
    if (kept.size !== made.size) problems.push(`${kept.size} answers instead of ${made.size} for ${measure.url}`);
  }
  return { problems, results };
}

function keyOf(
  row: Pick<StateRow, 'patient' | 'measure_url' | 'measure_version' | 'group_id' | 'period_start'>,
): string {
  return [row.patient, row.measure_url, row.measure_version, row.group_id, row.period_start].join(' ');
}

function difference(is: string, fresh: string): string {
  const at = [...is].findIndex((character, index) => character !== fresh[index]);
  const from = Math.max(0, (at < 0 ? is.length : at) - 60);
  return `…${is.slice(from, from + 200)}… and fresh …${fresh.slice(from, from + 200)}…`;
}
