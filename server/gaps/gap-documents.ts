import { randomUUID } from 'node:crypto';
import type { Sql } from '../db/database.ts';
import { offsetOf, type ResultKey } from './stored-results.ts';

/** What makes two readings of a roster the same. */
export interface DocumentRequest {
  readonly tenant: string;
  /** Hash over all that the documents depend on beside the patients' data, the program included. */
  readonly settings: string;
  readonly results: readonly ResultKey[];
  readonly period: { readonly start: string; readonly end: string };
  /** ISO date-time with offset. */
  readonly now: string;
}

/** No document is kept longer than this without being made anew. */
const keptDays = 8;

/**
 * Documents of gaps as texts, by patient. They are never stale: a patient who waits on the change feed, or is yet to be
 * queued for a Medication that changed, has none, and what takes a patient off the feed removes what was kept.
 */
export class GapDocuments {
  readonly #sql: Sql;
  readonly #request: DocumentRequest;
  readonly #token = randomUUID();

  constructor(sql: Sql, request: DocumentRequest) {
    this.#sql = sql;
    this.#request = request;
  }

  /** Texts that stand for documents made now; '' where there is none to make. Patients with remarks are absent. */
  async read(patients: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const { tenant, settings, now } = this.#request;
    const { rows } = await this.#sql.query<{ patient: string; content: string }>({
      name: 'gap-documents',
      text: `SELECT d.patient, d.content FROM gap_document AS d
        WHERE d.patient = ANY ($2::text[]) AND d.tenant = $1 AND d.settings = $3 AND d.content IS NOT NULL
          AND d.valid_from <= $4::date AND (d.valid_through IS NULL OR d.valid_through >= $4::date)
          AND d.stored_at > now() - make_interval(days => ${keptDays})
          AND NOT EXISTS (SELECT FROM change_feed AS f WHERE f.patient = d.patient AND f.tenant = d.tenant)
          AND NOT EXISTS (SELECT FROM outside_change AS o JOIN record_reference AS ref USING (tenant, type, id)
                          WHERE ref.patient = d.patient AND ref.tenant = d.tenant)
          AND NOT EXISTS (SELECT FROM gap_remark AS r WHERE r.patient = d.patient AND r.tenant = d.tenant)`,
      values: [tenant, patients, settings, now.slice(0, 10)],
    });
    return new Map(rows.map(({ patient, content }) => [patient, content]));
  }

  /** Says that documents of the patients are about to be made, before anything of them is read. */
  async begin(patients: readonly string[]): Promise<void> {
    const { tenant, settings, now } = this.#request;
    await this.#sql.query(
      `INSERT INTO gap_document (patient, tenant, settings, token, valid_from, stored_at)
       SELECT p.patient, $1, $3, $4, $5::date, now() FROM unnest($2::text[]) AS p (patient)
       WHERE NOT EXISTS (SELECT FROM change_feed AS f WHERE f.patient = p.patient AND f.tenant = $1)
       ON CONFLICT (patient, tenant, settings) DO UPDATE SET token = excluded.token, valid_from = excluded.valid_from,
         valid_through = NULL, stored_at = excluded.stored_at, content = NULL`,
      [tenant, patients, settings, this.#token, now.slice(0, 10)],
    );
    await this.#sql.query(
      `DELETE FROM gap_document WHERE patient = ANY ($2::text[]) AND tenant = $1
         AND stored_at < now() - make_interval(days => ${keptDays})`,
      [tenant, patients],
    );
  }

  /** Keeps a document, unless the patient changed since `begin`, or its results are not those of the live state. */
  async keep(patient: string, content: string): Promise<void> {
    const { tenant, settings, results, period, now } = this.#request;
    await this.#sql.query({
      name: 'keep-gap-document',
      text: `UPDATE gap_document AS d SET content = $4, valid_through = v.through FROM (
          SELECT min(r.valid_through) AS through, count(*) AS results
          FROM unnest($5::text[], $6::text[], $7::text[]) AS m (url, version, hash)
          JOIN gap_result AS r ON r.patient = $2 AND r.tenant = $1 AND r.measure_url = m.url
            AND r.measure_version = m.version AND r.content_hash = m.hash AND r.period_start = $8::date
            AND r.period_end = $9::date AND r.utc_offset = $10 AND r.result IS NOT NULL
            AND (r.valid_through IS NULL OR r.valid_through >= $11::date)) AS v
        WHERE d.patient = $2 AND d.tenant = $1 AND d.settings = $3 AND d.token = $12 AND v.results = $13`,
      values: [
        tenant,
        patient,
        settings,
        content,
        results.map(({ measure }) => measure.url),
        results.map(({ measure }) => measure.version ?? ''),
        results.map(({ hash }) => hash),
        period.start,
        period.end,
        offsetOf(now),
        now.slice(0, 10),
        this.#token,
        results.length,
      ],
    });
  }
}
