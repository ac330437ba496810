import type { Sql } from '../db/database.ts';
import type { Claim } from './change-feed.ts';
import { countOf, type GapRow } from './gap-row.ts';
import type { PatientHeader } from './patient-header.ts';
import { type ResultRow, writeResults } from './stored-results.ts';

/** What an evaluation says of one patient. Null header: there is no such patient any more. */
export interface PatientOutcome {
  readonly claim: Claim;
  readonly header: PatientHeader | null;
  readonly rows: readonly GapRow[];
  /** What answers are made from, of the measures that were evaluated. */
  readonly results: readonly ResultRow[];
}

/**
 * Writes state, history and headers of patients that are held (see `lockClaims`), in the caller's transaction. A row
 * whose status did not change keeps its `since`; every change of a status is kept with its cause. Rows of the current
 * period that no live measure stands for any more are removed; those of past periods stay.
 *
 * @param now instant of the evaluation
 */
export async function writeOutcomes(sql: Sql, outcomes: readonly PatientOutcome[], now: Date): Promise<void> {
  const rows = outcomes.flatMap(({ claim, rows: own }) => own.map((row) => record(claim, row)));
  const today = now.toISOString().slice(0, 10);
  const json = jsonText(rows);
  await sql.query(
    `INSERT INTO gap_history (patient, tenant, measure_url, measure_version, group_id, period_start, at, from_status,
                              to_status, cause)
     SELECT n.patient, n.tenant, n.measure_url, n.measure_version, n.group_id, n.period_start, $2, o.status, n.status,
            jsonb_build_object('kind', CASE WHEN cardinality(n.resource_types) = 0 THEN 'measures' ELSE 'data' END,
              'resourceTypes', n.resource_types, 'sequence', n.sequence, 'contentHash', n.content_hash,
              'evidence', n.evidence, 'reasons', (SELECT jsonb_agg(r ->> 'text') FROM jsonb_array_elements(n.reasons) AS r))
     FROM jsonb_to_recordset($1::jsonb) AS n (${columns})
     LEFT JOIN gap_state AS o USING (patient, tenant, measure_url, measure_version, group_id, period_start)
     WHERE o.status IS DISTINCT FROM n.status
       AND (o.patient IS NOT NULL OR n.status IN ('open-gap', 'closed-gap', 'prospective-gap'))`,
    [json, now],
  );
  await sql.query(
    `INSERT INTO gap_state (${names}, since, evaluated_at)
     SELECT ${names}, $2, $2 FROM jsonb_to_recordset($1::jsonb) AS n (${columns})
     ON CONFLICT (patient, tenant, measure_url, measure_version, group_id, period_start) DO UPDATE SET
       ${changing.map((name) => `${name} = excluded.${name}`).join(', ')}, evaluated_at = excluded.evaluated_at,
       since = CASE WHEN gap_state.status IS NOT DISTINCT FROM excluded.status THEN gap_state.since
                    ELSE excluded.since END`,
    [json, now],
  );
  await sql.query(
    `DELETE FROM gap_state AS s USING unnest($2::text[], $3::text[]) AS p (patient, tenant)
     WHERE s.patient = p.patient AND s.tenant = p.tenant AND s.period_end >= $4::date
       AND NOT EXISTS (SELECT FROM jsonb_to_recordset($1::jsonb) AS n (${columns})
         WHERE n.patient = s.patient AND n.tenant = s.tenant AND n.measure_url = s.measure_url
           AND n.measure_version = s.measure_version AND n.group_id = s.group_id AND n.period_start = s.period_start)`,
    [json, outcomes.map(({ claim }) => claim.patient), outcomes.map(({ claim }) => claim.tenant), today],
  );
  await writeHeaders(sql, outcomes);
  await writeResults(
    sql,
    outcomes.map(({ claim: { tenant, patient }, header, results }) => ({
      tenant,
      patient,
      results,
      gone: header === null,
    })),
    now,
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
} as const;
const names = Object.keys(types).join(', ');
const columns = [...Object.entries(types), ['resource_types', 'text[]']].map((pair) => pair.join(' ')).join(', ');
const changing = Object.keys(types).slice(6);

function record({ patient, tenant, sequence, resourceTypes }: Claim, row: GapRow): Record<string, unknown> {
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
    resource_types: resourceTypes,
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
  const headers = outcomes.flatMap(({ claim: { tenant }, header }) => (header === null ? [] : [{ tenant, ...header }]));
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
