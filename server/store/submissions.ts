import type { Sql, Transaction } from '../db/database.ts';
import type { StoredResource } from '../db/stored-resource.ts';

/** One stream of DEQM data submissions: what a reporter sends about a subject for a measure and period. */
export interface SubmissionKey {
  /** Logical id of the Patient. */
  readonly patient: string;
  readonly measureUrl: string;
  readonly reporter: string;
  readonly period: { readonly start: string; readonly end: string };
}

/** A resource that the last submission listed and a snapshot does not. */
export interface MissingResource {
  readonly type: string;
  readonly id: string;
  /** Why it must stay all the same; null when it came by submissions alone, and may go. */
  readonly kept: string | null;
}

/** Remembers that these versions were written by a submission. Resources in no patient's compartment are not kept. */
export async function rememberSubmitted(
  sql: Transaction,
  tenant: string,
  written: readonly StoredResource[],
): Promise<void> {
  const own = written.filter(({ patient, deleted }) => patient !== '' && !deleted);
  if (own.length === 0) return;
  await sql.query(
    `INSERT INTO submitted_resource (patient, tenant, type, id, version, was_there_before)
     SELECT t.patient, $1, t.type, t.id, t.version, EXISTS (
              SELECT FROM resource_history AS h WHERE h.patient = t.patient AND h.tenant = $1 AND h.type = t.type
                 AND h.id = t.id AND h.version = t.version - 1 AND h.content IS NOT NULL)
     FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[]) AS t (patient, type, id, version)
     ON CONFLICT (patient, tenant, type, id) DO UPDATE SET version = excluded.version,
       was_there_before = submitted_resource.was_there_before
         OR (excluded.was_there_before AND submitted_resource.version <> excluded.version - 1)`,
    [tenant, own.map((w) => w.patient), own.map((w) => w.type), own.map((w) => w.id), own.map((w) => w.version)],
  );
}

/** Adds to what a stream of submissions lists. One stream at a time: the caller's transaction holds it until it ends. */
export async function listSubmitted(
  sql: Transaction,
  tenant: string,
  key: SubmissionKey,
  resources: readonly string[],
): Promise<void> {
  await sql.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 9))', [
    [tenant, key.patient, key.measureUrl, key.reporter].join(' '),
  ]);
  const parts = resources.map((reference) => reference.split('/'));
  await sql.query(
    `INSERT INTO submission_content (patient, tenant, measure_url, reporter, period_start, period_end, type, id)
     SELECT $2, $1, $3, $4, $5, $6, t.type, t.id FROM unnest($7::text[], $8::text[]) AS t (type, id)
     ON CONFLICT DO NOTHING`,
    [...keyValues(tenant, key), parts.map(([type]) => type), parts.map(([, id]) => id)],
  );
}

/**
 * What a stream listed before and a snapshot does not list: forgotten as its content, and told apart into what may be
 * removed and what must stay. Only resources of the patient that submissions alone brought, that no other stream lists,
 * and that nothing else changed since, may go.
 */
export async function missingFromSnapshot(
  sql: Transaction,
  tenant: string,
  key: SubmissionKey,
  listed: readonly string[],
): Promise<readonly MissingResource[]> {
  const { rows } = await sql.query<{ type: string; id: string }>(
    `DELETE FROM submission_content WHERE patient = $2 AND tenant = $1 AND measure_url = $3 AND reporter = $4
        AND period_start = $5 AND period_end = $6 AND type || '/' || id <> ALL ($7::text[]) RETURNING type, id`,
    [...keyValues(tenant, key), listed],
  );
  return rows.length === 0 ? [] : judge(sql, tenant, key.patient, rows);
}

async function judge(
  sql: Sql,
  tenant: string,
  patient: string,
  missing: readonly { readonly type: string; readonly id: string }[],
): Promise<MissingResource[]> {
  const { rows } = await sql.query<MissingResource>(
    `SELECT r.type, r.id, CASE
         WHEN r.type IN ('Patient', 'MeasureReport') THEN 'a snapshot does not remove it'
         WHEN EXISTS (SELECT FROM submission_content AS c WHERE c.patient = r.patient AND c.tenant = r.tenant
                         AND c.type = r.type AND c.id = r.id) THEN 'another submission lists it'
         WHEN s.id IS NULL OR s.was_there_before THEN 'it was here before it was submitted'
         WHEN s.version <> r.version THEN 'something other than a submission changed it since' END AS kept
     FROM unnest($3::text[], $4::text[]) AS t (type, id)
     JOIN resource AS r ON r.patient = $2 AND r.tenant = $1 AND r.type = t.type AND r.id = t.id AND NOT r.deleted
     LEFT JOIN submitted_resource AS s ON s.patient = r.patient AND s.tenant = r.tenant AND s.type = r.type
       AND s.id = r.id
     ORDER BY r.type, r.id`,
    [tenant, patient, missing.map(({ type }) => type), missing.map(({ id }) => id)],
  );
  return rows;
}

function keyValues(tenant: string, { patient, measureUrl, reporter, period }: SubmissionKey): unknown[] {
  return [tenant, patient, measureUrl, reporter, period.start, period.end];
}
