import type { GapStatus, MeasurementPeriod } from '../../measures/index.ts';
import type { InstalledMeasure } from '../content/installed-measure.ts';
import type { MeasurePackage } from '../content/package.ts';
import type { Sql } from '../db/database.ts';
import type { TaskAnswer } from '../jobs/evaluation-messages.ts';
import type { KeptResult } from '../jobs/kept-result.ts';
import { changeNotes } from './change-feed.ts';
import type { Reach } from './reach.ts';

/** What an evaluation gave for one patient, measure and period, as it is stored. */
export interface ResultRow {
  readonly measureUrl: string;
  /** '' when the measure has none. */
  readonly measureVersion: string;
  readonly periodStart: string;
  readonly periodEnd: string;
  readonly contentHash: string;
  /** `+01:00`, of the evaluation's `now`. */
  readonly utcOffset: string;
  /** Last day (YYYY-MM-DD, as of that offset) on which an evaluation would give the same; null: every day. */
  readonly validThrough: string | null;
  /** Null when there is no result to keep: an error, or one that would differ a moment later. */
  readonly result: string | null;
}

/**
 * The row of a task that was evaluated with `keep`.
 *
 * @param versions of the patient's resources by `Type/id`
 * @param now ISO date-time with offset: that of the evaluation
 */
export function resultRow(
  measure: Pick<InstalledMeasure, 'url' | 'version'>,
  { hash, clock }: MeasurePackage,
  period: MeasurementPeriod,
  answer: TaskAnswer,
  versions: ReadonlyMap<string, number>,
  now: string,
): ResultRow {
  const kept = answer.ok && clock !== 'instant' ? (answer.kept ?? null) : null;
  return {
    measureUrl: measure.url,
    measureVersion: measure.version ?? '',
    periodStart: period.start,
    periodEnd: period.end,
    contentHash: hash,
    utcOffset: offsetOf(now),
    validThrough: kept === null ? null : clock === 'day' ? now.slice(0, 10) : kept.holdThrough,
    result: kept === null ? null : packed(kept, versions),
  };
}

/** A line with the references, `Type/id/_history/version`, and the statuses, and one with the text. */
function packed({ references, text, statuses }: KeptResult, versions: ReadonlyMap<string, number>): string {
  const versioned = references.map((reference, place) => {
    // The Patient itself is shown as it is now; what was evaluated, as it was.
    const version = place === 0 ? undefined : versions.get(reference);
    return version === undefined ? reference : `${reference}/_history/${version}`;
  });
  return `${JSON.stringify([versioned, statuses])}\n${text}`;
}

/** Patients and what their evaluations gave, by the text of PostgreSQL's arrays. */
export interface PatientResults {
  readonly tenant: string;
  readonly patient: string;
  readonly results: readonly ResultRow[];
  /** There is no such patient any more: nothing of them is kept. */
  readonly gone: boolean;
}

/**
 * Stores results in the caller's transaction, which also takes the patients off the change feed. Results of content that
 * the patient's new results replace are removed with them, and so are documents that were made of the patient's data.
 */
export async function writeResults(sql: Sql, patients: readonly PatientResults[], now: Date): Promise<void> {
  const rows = patients.flatMap(({ tenant, patient, results }) =>
    results.map((result) => ({ tenant, patient, ...result })),
  );
  const column = <K extends keyof (typeof rows)[number]>(name: K): (typeof rows)[number][K][] =>
    rows.map((row) => row[name]);
  if (rows.length > 0)
    await sql.query(
      `INSERT INTO gap_result (patient, tenant, measure_url, measure_version, period_start, period_end, content_hash,
                               utc_offset, valid_through, result, evaluated_at)
       SELECT *, $11::timestamptz FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::date[],
                                              $7::text[], $8::text[], $9::date[], $10::text[])
       ON CONFLICT (patient, tenant, measure_url, measure_version, period_start, period_end) DO UPDATE SET
         content_hash = excluded.content_hash, utc_offset = excluded.utc_offset,
         valid_through = excluded.valid_through, result = excluded.result, evaluated_at = excluded.evaluated_at`,
      [
        column('patient'),
        column('tenant'),
        column('measureUrl'),
        column('measureVersion'),
        column('periodStart'),
        column('periodEnd'),
        column('contentHash'),
        column('utcOffset'),
        column('validThrough'),
        column('result'),
        now,
      ],
    );
  await sql.query(
    `DELETE FROM gap_document AS d USING unnest($1::text[], $2::text[]) AS p (patient, tenant)
     WHERE d.patient = p.patient AND d.tenant = p.tenant`,
    [patients.map(({ patient }) => patient), patients.map(({ tenant }) => tenant)],
  );
  const gone = patients.filter((patient) => patient.gone);
  if (gone.length > 0)
    await sql.query(
      `DELETE FROM gap_result AS r USING unnest($1::text[], $2::text[]) AS p (patient, tenant)
       WHERE r.patient = p.patient AND r.tenant = p.tenant`,
      [gone.map(({ patient }) => patient), gone.map(({ tenant }) => tenant)],
    );
}

/** Which results are meant: of this measure with this content. */
export interface ResultKey {
  readonly measure: Pick<InstalledMeasure, 'url' | 'version'>;
  readonly hash: string;
}

export interface StoredResultsRequest {
  readonly tenant: string;
  readonly patients: readonly string[];
  readonly measures: readonly ResultKey[];
  /** Of the measures, in their order: what a change that is still on the feed leaves as it is. */
  readonly reaches: readonly Reach[];
  readonly period: MeasurementPeriod;
  /** ISO date-time with offset: the answer's. */
  readonly now: string;
}

/** A stored result that is what an evaluation would give. */
export interface StoredResult {
  /** `Type/id`, by place. */
  readonly references: readonly string[];
  /** Versions of those that were evaluated, by `Type/id`. */
  readonly versions: ReadonlyMap<string, number>;
  readonly text: string;
  readonly statuses: readonly GapStatus[];
  /** Instant (UTC) of the evaluation. */
  readonly evaluatedAt: string;
}

interface StoredRow {
  readonly patient: string;
  readonly place: number;
  readonly result: string;
  readonly at: Date;
  /** Null for patients who do not wait on the feed; so with `types`. */
  readonly changed: readonly string[] | null;
  readonly types: readonly string[] | null;
}

/**
 * Results that stand for an evaluation at `now`, by patient, in the order of the measures; null where there is none. Of a
 * patient who waits on the change feed, those of measures that the change cannot touch: the feed and the results are read
 * as of the same instant.
 */
export async function readStoredResults(
  sql: Sql,
  { tenant, patients, measures, reaches, period, now }: StoredResultsRequest,
): Promise<ReadonlyMap<string, readonly (StoredResult | null)[]>> {
  const offset = offsetOf(now);
  const { rows } = await sql.query<StoredRow>({
    name: 'stored-results',
    text: `SELECT r.patient, m.place::int AS place, r.result, r.evaluated_at AS at, f.changed, f.resource_types AS types
      FROM unnest($3::text[], $4::text[], $5::text[]) WITH ORDINALITY AS m (url, version, hash, place)
      JOIN gap_result AS r ON r.tenant = $1 AND r.measure_url = m.url AND r.measure_version = m.version
        AND r.content_hash = m.hash
      LEFT JOIN change_feed AS f ON f.patient = r.patient AND f.tenant = r.tenant
      WHERE r.patient = ANY ($2::text[]) AND r.period_start = $6::date AND r.period_end = $7::date
        AND r.result IS NOT NULL AND r.utc_offset = $8
        AND (r.valid_through IS NULL OR r.valid_through >= $9::date)
        AND (r.evaluated_at AT TIME ZONE 'UTC' + $10::interval)::date <= $9::date
        AND NOT EXISTS (SELECT FROM outside_change AS o JOIN record_reference AS ref USING (tenant, type, id)
                        WHERE ref.patient = r.patient AND ref.tenant = r.tenant)`,
    values: [
      tenant,
      patients,
      measures.map(({ measure }) => measure.url),
      measures.map(({ measure }) => measure.version ?? ''),
      measures.map(({ hash }) => hash),
      period.start,
      period.end,
      offset,
      now.slice(0, 10),
      offset,
    ],
  });
  const found = new Map<string, (StoredResult | null)[]>();
  for (const { patient, place, result, at, changed, types } of rows) {
    if (changed !== null && reaches[place - 1]?.touchedBy(changeNotes(changed, types ?? [])) !== false) continue;
    const own = found.get(patient) ?? measures.map(() => null);
    own[place - 1] = unpacked(result, at);
    found.set(patient, own);
  }
  return found;
}

function unpacked(result: string, at: Date): StoredResult {
  const end = result.indexOf('\n');
  const versions = new Map<string, number>();
  const [versioned, statuses] = JSON.parse(result.slice(0, end)) as [string[], GapStatus[]];
  const references = versioned.map((each) => {
    const at = each.indexOf('/_history/');
    const reference = at < 0 ? each : each.slice(0, at);
    if (at >= 0) versions.set(reference, Number(each.slice(at + 10)));
    return reference;
  });
  return { references, versions, text: result.slice(end + 1), statuses, evaluatedAt: at.toISOString() };
}

/** `+01:00` of an ISO date-time; `Z` is `+00:00`. */
export function offsetOf(now: string): string {
  return /[+-]\d\d:\d\d$/.exec(now)?.[0] ?? '+00:00';
}
