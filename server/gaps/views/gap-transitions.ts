import type { GapStatus } from '../../../measures/index.ts';
import type { Sql } from '../../db/database.ts';

export type TransitionStatus = GapStatus | 'error';

/** What brought a change of a gap's status, as the worker that evaluated it knew. */
export interface GapCause {
  /** `data`: the chart changed; `measures`: the measure, its content, direction or periods did; `time`: time alone passed. */
  readonly kind: 'data' | 'measures' | 'time';
  /** Types of the resources that changed; empty unless `data`. */
  readonly resourceTypes: readonly string[];
  /** The versions that changed, as `Type/id/_history/v`, those first that are evidence; empty where the worker could not tell. */
  readonly versions: readonly string[];
  /** What the evaluation gave as reasons, in words. */
  readonly reasons: readonly string[];
}

/** A change of the status of one gap: of a patient, in a group of a measure, in a period. */
export interface GapTransition {
  /** Grows with time, within a tenant. */
  readonly id: number;
  readonly patient: string;
  readonly measureUrl: string;
  readonly measureVersion: string | null;
  readonly groupId: string | null;
  /** First day of the period, and its last; null where the state of it is gone. */
  readonly periodStart: string;
  readonly periodEnd: string | null;
  /** Instant of the evaluation that found it. */
  readonly at: string;
  /** Null: there was no answer before. */
  readonly from: TransitionStatus | null;
  /** Null: the group keeps no gaps any more. */
  readonly to: TransitionStatus | null;
  /** `id` of the change before, of the same gap; null for the first. */
  readonly previous: number | null;
  readonly cause: GapCause;
}

export interface TransitionsRequest {
  readonly tenant: string;
  /** Null: of all patients. */
  readonly patients: readonly string[] | null;
  /** Any of these; empty: all. A null version stands for every version. */
  readonly measures?: readonly { readonly url: string; readonly version: string | null }[];
  /** Only changes to one of these; empty: all. */
  readonly to?: readonly TransitionStatus[];
  /** ISO instant: only changes at or after it. */
  readonly since?: string | null;
  /** Only changes before this `id`: where the page before ended. */
  readonly before?: number | null;
  readonly count: number;
}

export interface Transitions {
  /** Without regard to pages. */
  readonly total: number;
  /** Latest first; one more than `count` when there are more. */
  readonly items: readonly GapTransition[];
}

const matching = `
  FROM gap_history AS h
  WHERE h.tenant = $1 AND ($2::text[] IS NULL OR h.patient = ANY($2))
    AND (cardinality($3::text[]) = 0 OR EXISTS (
      SELECT FROM unnest($3::text[], $4::text[]) AS m (url, version)
      WHERE m.url = h.measure_url AND (m.version IS NULL OR m.version = h.measure_version)))
    AND (cardinality($5::text[]) = 0 OR h.to_status = ANY($5))
    AND ($6::timestamptz IS NULL OR h.at >= $6)`;

/** Changes of gaps, latest first. */
export async function gapTransitions(sql: Sql, request: TransitionsRequest): Promise<Transitions> {
  const { tenant, patients, measures = [], to = [], since = null, before = null, count } = request;
  const filters = [tenant, patients, measures.map(({ url }) => url), measures.map(({ version }) => version), to, since];
  const { rows } = await sql.query<TransitionRow>(
    `SELECT h.id, h.patient, h.measure_url, h.measure_version, h.group_id, h.period_start::text, h.at, h.from_status,
            h.to_status, h.cause,
            (SELECT s.period_end::text FROM gap_state AS s
             WHERE s.patient = h.patient AND s.tenant = h.tenant AND s.measure_url = h.measure_url
               AND s.measure_version = h.measure_version AND s.group_id = h.group_id
               AND s.period_start = h.period_start) AS period_end,
            (SELECT max(p.id) FROM gap_history AS p
             WHERE p.patient = h.patient AND p.tenant = h.tenant AND p.measure_url = h.measure_url
               AND p.measure_version = h.measure_version AND p.group_id = h.group_id
               AND p.period_start = h.period_start AND p.id < h.id) AS previous
     ${matching} AND ($7::bigint IS NULL OR h.id < $7) ORDER BY h.id DESC LIMIT $8`,
    [...filters, before, count + 1],
  );
  const counted = await sql.query<{ n: number }>(`SELECT count(*) AS n ${matching}`, filters);
  return { total: counted.rows[0]?.n ?? 0, items: rows.map(fromRow) };
}

interface TransitionRow {
  readonly id: number;
  readonly patient: string;
  readonly measure_url: string;
  readonly measure_version: string;
  readonly group_id: string;
  readonly period_start: string;
  readonly period_end: string | null;
  readonly at: Date;
  readonly from_status: TransitionStatus | null;
  readonly to_status: TransitionStatus | null;
  readonly cause: Partial<Record<'kind' | 'resourceTypes' | 'resources' | 'reasons' | 'evidence', unknown>>;
  readonly previous: number | null;
}

function fromRow(row: TransitionRow): GapTransition {
  return {
    id: row.id,
    patient: row.patient,
    measureUrl: row.measure_url,
    measureVersion: row.measure_version === '' ? null : row.measure_version,
    groupId: row.group_id === '' ? null : row.group_id,
    periodStart: row.period_start,
    periodEnd: row.period_end,
    at: row.at.toISOString(),
    from: row.from_status,
    to: row.to_status,
    previous: row.previous,
    cause: readCause(row.cause),
  };
}

/** History outlives the version that wrote it: what an older one did not say is empty. */
export function readCause({ kind, resourceTypes, resources, reasons, evidence }: TransitionRow['cause']): GapCause {
  const isEvidence = new Set(texts(evidence).map(unversioned));
  const versions = texts(resources).filter((reference) => /^[A-Za-z]+\/[^/]+\/_history\/\d+$/.test(reference));
  const rank = (reference: string): number => (isEvidence.has(unversioned(reference)) ? 0 : 1);
  return {
    kind: kind === 'measures' || kind === 'time' ? kind : 'data',
    resourceTypes: texts(resourceTypes),
    versions: versions.sort((a, b) => rank(a) - rank(b)),
    reasons: texts(reasons),
  };
}

function unversioned(reference: string): string {
  return reference.replace(/\/_history\/.*$/, '');
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
