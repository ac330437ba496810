import type { Extension, Patient } from '@medplum/fhirtypes';
import { type CareGapRemark, uuidOf } from '../../bundles/index.ts';
import type { Sql, Transaction } from '../db/database.ts';

/** A remark as it is kept. */
export interface StoredRemark extends CareGapRemark {
  /** Also Extension.id of the remark in our answers: sent again under it, the remark becomes a new version. */
  readonly id: string;
  readonly version: number;
  /** Instant at which this version came in. */
  readonly writtenAt: string;
  /** Who sent it (`Practitioner/x`, `Device/x`): the client, who need not be the author. */
  readonly writtenBy: string;
}

/** A remark that came in on a group of a report. */
export interface NewRemark extends CareGapRemark {
  readonly patient: string;
  /** Logical id of the MeasureReport. */
  readonly reportId: string;
}

interface Row {
  readonly patient: string;
  readonly measure_url: string;
  readonly group_id: string;
  readonly id: string;
  readonly version: number;
  readonly period_start: string;
  readonly period_end: string;
  readonly written_by: string;
  readonly written_at: Date;
  readonly content: string;
}

/**
 * The remarks on the gaps of patients, each in its newest version, oldest remark first; patients without any are absent.
 */
export async function remarksFor(
  sql: Sql,
  tenant: string,
  patients: readonly string[],
): Promise<ReadonlyMap<string, readonly StoredRemark[]>> {
  const { rows } = await sql.query<Row>(
    `SELECT DISTINCT ON (patient, measure_url, group_id, first_at, id)
            patient, measure_url, group_id, id, version, period_start::text, period_end::text, written_by, written_at,
            content, min(written_at) OVER (PARTITION BY patient, measure_url, group_id, id) AS first_at
     FROM gap_remark WHERE patient = ANY ($2::text[]) AND tenant = $1
     ORDER BY patient, measure_url, group_id, first_at, id, version DESC`,
    [tenant, patients],
  );
  return Map.groupBy(rows.map(fromRow), ({ patient }) => patient);
}

/** Remarks of patients that come in their order: read by the hundreds, kept no longer than they are wanted. */
export class RemarksInTurn {
  readonly #sql: Sql;
  readonly #tenant: string;
  readonly #patients: readonly string[];
  #next = 0;
  #read: ReadonlyMap<string, readonly StoredRemark[]> = new Map();
  #within: ReadonlySet<string> = new Set();

  constructor(sql: Sql, tenant: string, patients: readonly string[]) {
    this.#sql = sql;
    this.#tenant = tenant;
    this.#patients = patients;
  }

  async of(patient: string): Promise<readonly StoredRemark[]> {
    while (!this.#within.has(patient) && this.#next < this.#patients.length) {
      const some = this.#patients.slice(this.#next, this.#next + patientsAtOnce);
      this.#next += some.length;
      this.#within = new Set(some);
      if (this.#within.has(patient)) this.#read = await remarksFor(this.#sql, this.#tenant, some);
    }
    return this.#read.get(patient) ?? [];
  }
}

const patientsAtOnce = 500;

function fromRow(row: Row): StoredRemark & { readonly patient: string } {
  return {
    patient: row.patient,
    measureUrl: row.measure_url,
    groupId: row.group_id,
    id: row.id,
    version: row.version,
    period: { start: row.period_start, end: row.period_end },
    writtenAt: row.written_at.toISOString(),
    writtenBy: row.written_by,
    extension: { ...(JSON.parse(row.content) as Extension), id: row.id },
  };
}

/** Id of a remark: its own, or one that its content gives, so that the same remark sent twice is kept once. */
export function remarkId({ extension: { id, ...content }, measureUrl, groupId, period }: CareGapRemark): string {
  return id ?? uuidOf('remark', measureUrl, groupId, period.start, sortedJson(content));
}

/** JSON with the properties in order: the same remark, written by another program, is the same text. */
function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, node: unknown) =>
    typeof node === 'object' && node !== null && !Array.isArray(node)
      ? Object.fromEntries(Object.entries(node).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : node,
  );
}

/**
 * Keeps remarks, in the caller's transaction. One whose newest version has the same content is kept already.
 *
 * @returns how many were new, or a new version
 */
export async function keepRemarks(
  sql: Transaction,
  tenant: string,
  remarks: readonly NewRemark[],
  by: string,
  at: Date,
): Promise<number> {
  let kept = 0;
  for (const remark of remarks) {
    const { id: _, ...content } = remark.extension;
    const { patient, measureUrl, groupId, period, reportId } = remark;
    await sql.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 8))', [`${tenant} ${patient}`]);
    const { rowCount } = await sql.query(
      `INSERT INTO gap_remark (patient, tenant, measure_url, group_id, id, version, period_start, period_end, report_id,
                               written_by, written_at, content)
       SELECT $2, $1, $3, $4, $5, coalesce(max(version), 0) + 1, $6, $7, $8, $9, $10, $11
       FROM gap_remark WHERE patient = $2 AND tenant = $1 AND measure_url = $3 AND group_id = $4 AND id = $5
       HAVING coalesce((array_agg(content ORDER BY version DESC))[1] <> $11, true)`,
      [
        tenant,
        patient,
        measureUrl,
        groupId,
        remarkId(remark),
        period.start,
        period.end,
        reportId,
        by,
        at,
        sortedJson(content),
      ],
    );
    kept += rowCount ?? 0;
  }
  return kept;
}

/** Moves the remarks of a patient that was merged into another, all versions; those that the other has too stay his. */
export async function moveRemarks(sql: Sql, tenant: string, from: string, to: string): Promise<void> {
  if (from === to) return;
  await sql.query(
    `WITH moved AS (DELETE FROM gap_remark WHERE patient = $2 AND tenant = $1 RETURNING *)
     INSERT INTO gap_remark (patient, tenant, measure_url, group_id, id, version, period_start, period_end, report_id,
                             written_by, written_at, content)
     SELECT $3, tenant, measure_url, group_id, id,
            version + coalesce((SELECT max(g.version) FROM gap_remark AS g WHERE g.patient = $3 AND g.tenant = $1
              AND g.measure_url = moved.measure_url AND g.group_id = moved.group_id AND g.id = moved.id), 0),
            period_start, period_end, report_id, written_by, written_at, content
     FROM moved`,
    [tenant, from, to],
  );
}

/** Logical ids of the Patients with this digest (bundles `subjectDigest`): one, unless two collide. */
export async function patientsByDigest(sql: Sql, tenant: string, digest: string): Promise<readonly string[]> {
  const { rows } = await sql.query<{ id: string }>(
    `SELECT id FROM resource WHERE subject_digest(id) = $2 AND tenant = $1 AND type = 'Patient'`,
    [tenant, digest],
  );
  return rows.map(({ id }) => id);
}

const mergesInARow = 10;

/**
 * The patient that a Patient stands for: itself, or the one that replaced it (Patient.link `replaced-by`).
 *
 * @returns null when there is no such Patient
 */
export async function currentPatient(sql: Sql, tenant: string, id: string): Promise<string | null> {
  let current = id;
  for (let merges = 0; merges < mergesInARow; merges += 1) {
    const { rows } = await sql.query<{ content: string | null }>(
      `SELECT content FROM resource WHERE tenant = $1 AND type = 'Patient' AND id = $2`,
      [tenant, current],
    );
    const [row] = rows;
    if (row === undefined) return null;
    const next = row.content === null ? null : replacementOf(JSON.parse(row.content));
    if (next === null) return current;
    current = next;
  }
  return current;
}

/** Logical id of the Patient that replaced this one; null when none did. */
export function replacementOf({ link = [] }: Pick<Patient, 'link'>): string | null {
  const reference = link.find(({ type }) => type === 'replaced-by')?.other?.reference;
  return /^Patient\/([A-Za-z0-9.-]{1,64})$/.exec(reference ?? '')?.[1] ?? null;
}
