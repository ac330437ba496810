import type { Sql } from '../db/database.ts';
import type { Claim } from './change-feed.ts';
import { countOf } from './gap-row.ts';
import type { LivePlan } from './live-plan.ts';
import type { PatientOutcome } from './patient-outcome.ts';
import { writeResults } from './stored-results.ts';
import { type GapChange, type StateChange, type StoredGap, stateChange, type Transition } from './transitions.ts';

/**
 * Writes state, history, results and headers of a tenant's patients that are held (see `lockClaims`), in the caller's
 * transaction. A row whose status did not change keeps its `since`; every change of a status is kept with its cause. Rows
 * of measures and periods that are not planned any more go, with their history; those of periods that are over stay.
 *
 * @param now instant of the evaluation
 * @returns gaps that opened or closed, to be appended to the events last in the transaction
 */
export async function writeOutcomes(
  sql: Sql,
  tenant: string,
  outcomes: readonly PatientOutcome[],
  plan: Pick<LivePlan, 'all' | 'date'>,
  now: Date,
): Promise<GapChange[]> {
  const before = await storedGaps(
    sql,
    tenant,
    outcomes.map(({ claim }) => claim.patient),
  );
  const changes = outcomes.map((outcome) => ({
    claim: outcome.claim,
    ...stateChange(outcome, before.get(outcome.claim.patient) ?? [], plan.all, plan.date, now),
  }));
  await writeHistory(
    sql,
    tenant,
    changes.flatMap(({ history }) => history),
    now,
  );
  const rows = changes.flatMap(({ claim, rows: own }) => own.map((written) => record(claim, written)));
  if (rows.length > 0)
    await sql.query(
      `INSERT INTO gap_state (${names}, evaluated_at)
       SELECT ${names}, $2 FROM jsonb_to_recordset($1::jsonb) AS n (${columns})
       ON CONFLICT (patient, tenant, measure_url, measure_version, group_id, period_start) DO UPDATE SET
         ${changing.map((name) => `${name} = excluded.${name}`).join(', ')}, evaluated_at = excluded.evaluated_at,
         live = true`,
      [jsonText(rows), now],
    );
  const removed = changes.flatMap((change) => change.removed);
  const frozen = changes.flatMap((change) => change.frozen);
  if (removed.length > 0) await sql.query(`DELETE FROM gap_state AS s ${ofKeys}`, keyColumns(tenant, removed));
  if (frozen.length > 0)
    await sql.query(`UPDATE gap_state AS s SET live = false ${fromKeys}`, keyColumns(tenant, frozen));
  await removeResults(sql, tenant, [...removed, ...frozen], plan.all);
  await writeHeaders(sql, outcomes);
  await writeResults(
    sql,
    outcomes.map(({ claim: { patient }, header, results }) => ({ tenant, patient, results, gone: header === null })),
    now,
  );
  return changes.flatMap(({ events }) => events);
}

async function storedGaps(
  sql: Sql,
  tenant: string,
  patients: readonly string[],
): Promise<ReadonlyMap<string, readonly StoredGap[]>> {
  const { rows } = await sql.query<StoredGap>(
    `SELECT patient, measure_url AS "measureUrl", measure_version AS "measureVersion", group_id AS "groupId",
            period_start::text AS "periodStart", period_end::text AS "periodEnd", status, known_status AS "knownStatus",
            since, live
     FROM gap_state WHERE patient = ANY ($2) AND tenant = $1`,
    [tenant, patients],
  );
  return Map.groupBy(rows, ({ patient }) => patient);
}

async function writeHistory(sql: Sql, tenant: string, history: readonly Transition[], at: Date): Promise<void> {
  if (history.length === 0) return;
  await sql.query(
    `INSERT INTO gap_history (patient, tenant, measure_url, measure_version, group_id, period_start, at, from_status,
                              to_status, cause)
     SELECT patient, $1, "measureUrl", "measureVersion", "groupId", "periodStart", $3, "from", "to", cause
     FROM jsonb_to_recordset($2::jsonb) AS h (patient text, "measureUrl" text, "measureVersion" text, "groupId" text,
       "periodStart" date, "from" text, "to" text, cause jsonb)`,
    [tenant, jsonText(history), at],
  );
}

const fromKeys = `FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::date[])
    AS k (patient, url, version, group_id, start)
  WHERE s.patient = k.patient AND s.tenant = $1 AND s.measure_url = k.url AND s.measure_version = k.version
    AND s.group_id = k.group_id AND s.period_start = k.start`;
const ofKeys = fromKeys.replace('FROM', 'USING');

function keyColumns(tenant: string, keys: StateChange['removed']): unknown[] {
  return [
    tenant,
    keys.map(({ patient }) => patient),
    keys.map(({ measureUrl }) => measureUrl),
    keys.map(({ measureVersion }) => measureVersion),
    keys.map(({ groupId }) => groupId),
    keys.map(({ periodStart }) => periodStart),
  ];
}

/** Results of measures and periods that are kept live no longer: nobody evaluates them again when the data change. */
async function removeResults(
  sql: Sql,
  tenant: string,
  keys: StateChange['removed'],
  planned: LivePlan['all'],
): Promise<void> {
  const left = keys.filter(
    ({ measureUrl, measureVersion, periodStart }) =>
      !planned.some(
        ({ measure, period }) =>
          measure.url === measureUrl && (measure.version ?? '') === measureVersion && period.start === periodStart,
      ),
  );
  if (left.length === 0) return;
  const [, patients, urls, versions, , starts] = keyColumns(tenant, left);
  await sql.query(
    `DELETE FROM gap_result AS s USING unnest($2::text[], $3::text[], $4::text[], $5::date[]) AS k (patient, url, version, start)
     WHERE s.patient = k.patient AND s.tenant = $1 AND s.measure_url = k.url AND s.measure_version = k.version
       AND s.period_start = k.start`,
    [tenant, patients, urls, versions, starts],
  );
}

/** Columns of gap_state that a row of JSON has, with their types. */
const types = {
  patient: 'text',
  tenant: 'text',
  measure_url: 'text',
  measure_version: 'text',
  group_id: 'text',
  period_start: 'date',
  period_end: 'date',
  status: 'text',
  initial_population: 'integer',
  denominator: 'integer',
  denominator_exclusion: 'integer',
  denominator_exception: 'integer',
  numerator: 'integer',
  numerator_exclusion: 'integer',
  populations: 'jsonb',
  reasons: 'jsonb',
  next_steps: 'jsonb',
  evidence: 'jsonb',
  due_by: 'text',
  error: 'text',
  sequence: 'bigint',
  content_hash: 'text',
  known_status: 'text',
  since: 'timestamptz',
  valid_from: 'date',
  valid_until: 'date',
  utc_offset: 'text',
} as const;
const names = Object.keys(types).join(', ');
const columns = Object.entries(types)
  .map((pair) => pair.join(' '))
  .join(', ');
const changing = Object.keys(types).slice(6);

function record(
  { patient, tenant, sequence }: Claim,
  { row, since, knownStatus }: StateChange['rows'][number],
): Record<string, unknown> {
  const { populations } = row;
  return {
    patient,
    tenant,
    measure_url: row.measureUrl,
    measure_version: row.measureVersion,
    group_id: row.groupId,
    period_start: row.periodStart,
    period_end: row.periodEnd,
    status: row.status,
    initial_population: countOf(populations, 'initial-population'),
    denominator: countOf(populations, 'denominator'),
    denominator_exclusion: countOf(populations, 'denominator-exclusion'),
    denominator_exception: countOf(populations, 'denominator-exception'),
    numerator: countOf(populations, 'numerator'),
    numerator_exclusion: countOf(populations, 'numerator-exclusion'),
    populations,
    reasons: row.reasons,
    next_steps: row.nextSteps,
    evidence: row.evidence,
    due_by: row.dueBy,
    error: row.error,
    sequence,
    content_hash: row.contentHash,
    known_status: knownStatus,
    since,
    valid_from: row.validFrom,
    valid_until: row.validUntil,
    utc_offset: row.utcOffset,
  };
}

async function writeHeaders(sql: Sql, outcomes: readonly PatientOutcome[]): Promise<void> {
  const gone = outcomes.filter(({ header }) => header === null);
  if (gone.length > 0) {
    const keys = [gone.map(({ claim }) => claim.patient), gone.map(({ claim }) => claim.tenant)];
    for (const table of ['patient_header', 'gap_state'])
      await sql.query(
        `DELETE FROM ${table} AS t USING unnest($1::text[], $2::text[]) AS p (patient, tenant)
         WHERE t.patient = p.patient AND t.tenant = p.tenant`,
        keys,
      );
  }
  const headers = outcomes.flatMap(({ claim: { tenant }, header }) =>
    header === null || header === 'unchanged' ? [] : [{ tenant, ...header }],
  );
  if (headers.length === 0) return;
  await sql.query(
    `INSERT INTO patient_header (patient, tenant, name, sort_name, birth_date, gender, phone, provider, provider_name,
                                 last_visit)
     SELECT id, tenant, name, "sortName", "birthDate", gender, phone, provider, "providerName", "lastVisit"
     FROM jsonb_to_recordset($1::jsonb) AS h (id text, tenant text, name text, "sortName" text, "birthDate" text,
       gender text, phone text, provider text, "providerName" text, "lastVisit" text)
     ON CONFLICT (patient, tenant) DO UPDATE SET name = excluded.name, sort_name = excluded.sort_name,
       birth_date = excluded.birth_date, gender = excluded.gender, phone = excluded.phone,
       provider = excluded.provider, provider_name = excluded.provider_name, last_visit = excluded.last_visit`,
    [jsonText(headers)],
  );
}

/** Tells the planner what the tables hold after many rows were written: its guesses are a thousand times slower. */
export async function refreshStatistics(sql: Sql): Promise<void> {
  await sql.query('ANALYZE gap_state, patient_header');
}

/** JSON without the character that PostgreSQL's jsonb refuses; one patient's stray NUL must not stop a batch. */
function jsonText(value: unknown): string {
  return JSON.stringify(value).replaceAll('\\u0000', '');
}
