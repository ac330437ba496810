import type { GapStatus, PopulationCode } from '../../../measures/index.ts';
import type { Sql } from '../../db/database.ts';
import type { PopulationCount } from '../gap-row.ts';

export const patientSorts = ['name', 'birthDate', 'since', 'dueBy', 'status'] as const;
export type PatientSort = (typeof patientSorts)[number];

export interface MeasurePatientsRequest {
  readonly tenant: string;
  readonly measureUrl: string;
  readonly measureVersion: string | null;
  readonly periodStart: string;
  /** Null: any group, a patient once per group. */
  readonly groupId?: string | null;
  /** Any of these; empty or absent: all. */
  readonly status?: readonly (GapStatus | 'error')[];
  /** Only patients with members in this population. */
  readonly population?: PopulationCode | null;
  /** Part of the name, in any case. */
  readonly text?: string | null;
  /** Reference to the general practitioner. */
  readonly provider?: string | null;
  readonly sort?: PatientSort;
  readonly descending?: boolean;
  readonly offset?: number;
  /** 50 unless told; 500 at most. */
  readonly count?: number;
}

export interface PatientSummary {
  readonly id: string;
  readonly name: string;
  readonly birthDate: string | null;
  readonly gender: string | null;
  readonly phone: string | null;
  readonly provider: { readonly reference: string; readonly name: string | null } | null;
}

export interface MeasurePatient {
  readonly patient: PatientSummary;
  readonly groupId: string | null;
  readonly status: GapStatus | 'error' | null;
  readonly since: string;
  readonly dueBy: string | null;
  /** First reason and first next step, in words; null when there is none. */
  readonly reasonText: string | null;
  readonly nextStepText: string | null;
  /** Why the patient could not be evaluated. */
  readonly error: string | null;
  readonly lastVisit: string | null;
  readonly populations: readonly PopulationCount[];
}

export interface MeasurePatients {
  readonly total: number;
  readonly items: readonly MeasurePatient[];
}

const populationColumns: Partial<Record<PopulationCode, string>> = {
  'initial-population': 'initial_population',
  denominator: 'denominator',
  'denominator-exclusion': 'denominator_exclusion',
  'denominator-exception': 'denominator_exception',
  numerator: 'numerator',
  'numerator-exclusion': 'numerator_exclusion',
};

// What is urgent comes first.
const statusOrder = `array_position(ARRAY['open-gap', 'error', 'prospective-gap', 'closed-gap', 'not-applicable'], s.status)`;
const sortColumns: Record<PatientSort, string> = {
  name: 'h.sort_name',
  birthDate: 'h.birth_date',
  since: 's.since',
  dueBy: 's.due_by',
  status: statusOrder,
};

/** Patients of a measure: filtered, sorted and paged in the database. */
export async function measurePatients(sql: Sql, request: MeasurePatientsRequest): Promise<MeasurePatients> {
  const { tenant, measureUrl, measureVersion, periodStart, sort = 'name', descending = false } = request;
  const values: unknown[] = [tenant, measureUrl, measureVersion ?? '', periodStart];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const filters = ['s.tenant = $1', 's.measure_url = $2', 's.measure_version = $3', 's.period_start = $4', 's.live'];
  if (request.groupId != null) filters.push(`s.group_id = ${bind(request.groupId)}`);
  if (request.status !== undefined && request.status.length > 0)
    filters.push(`s.status = ANY(${bind(request.status)})`);
  const column = request.population == null ? undefined : populationColumns[request.population];
  if (column !== undefined) filters.push(`s.${column} > 0`);
  const ofHeader: string[] = [];
  if (request.text != null && request.text.trim() !== '')
    ofHeader.push(`position(${bind(request.text.trim().toLowerCase())} IN lower(h.name) || ' ' || h.sort_name) > 0`);
  if (request.provider != null) ofHeader.push(`h.provider = ${bind(request.provider)}`);
  const where = [...filters, ...ofHeader].join(' AND ');
  const header = 'JOIN patient_header AS h ON h.patient = s.patient AND h.tenant = s.tenant';
  const counted = await sql.query<{ n: number }>(
    `SELECT count(*) AS n FROM gap_state AS s ${ofHeader.length > 0 ? header : ''} WHERE ${where}`,
    values,
  );
  const direction = descending ? 'DESC' : 'ASC';
  const page = [bind(Math.min(500, request.count ?? 50)), bind(request.offset ?? 0)];
  // The page is cut before the large columns are read, and sorted again because a join keeps no order.
  const order = `${sortColumns[sort]} ${direction} NULLS LAST, h.sort_name, s.patient, s.group_id`;
  const { rows } = await sql.query<PatientRow>(
    `WITH page AS MATERIALIZED (
       SELECT s.patient, s.group_id FROM gap_state AS s ${header} WHERE ${where}
       ORDER BY ${sort === 'name' ? `h.sort_name ${direction}, s.patient, s.group_id` : order} LIMIT ${page[0]} OFFSET ${page[1]})
     SELECT s.patient, s.group_id, s.status, s.since, s.due_by, s.error, s.populations,
            s.reasons -> 0 ->> 'text' AS reason, s.next_steps -> 0 ->> 'text' AS next_step,
            h.name, h.birth_date, h.gender, h.phone, h.provider, h.provider_name, h.last_visit
     FROM page JOIN gap_state AS s ON s.patient = page.patient AND s.group_id = page.group_id AND s.tenant = $1
       AND s.measure_url = $2 AND s.measure_version = $3 AND s.period_start = $4 ${header}
     ORDER BY ${order}`,
    values,
  );
  return { total: counted.rows[0]?.n ?? 0, items: rows.map(asItem) };
}

interface PatientRow {
  readonly patient: string;
  readonly group_id: string;
  readonly status: MeasurePatient['status'];
  readonly since: Date;
  readonly due_by: string | null;
  readonly name: string;
  readonly birth_date: string | null;
  readonly gender: string | null;
  readonly phone: string | null;
  readonly provider: string | null;
  readonly provider_name: string | null;
  readonly last_visit: string | null;
  readonly reason: string | null;
  readonly next_step: string | null;
  readonly error: string | null;
  readonly populations: PopulationCount[];
}

function asItem(row: PatientRow): MeasurePatient {
  return {
    patient: {
      id: row.patient,
      name: row.name,
      birthDate: row.birth_date,
      gender: row.gender,
      phone: row.phone,
      provider: row.provider === null ? null : { reference: row.provider, name: row.provider_name },
    },
    groupId: row.group_id === '' ? null : row.group_id,
    status: row.status,
    since: row.since.toISOString(),
    dueBy: row.due_by,
    reasonText: row.reason,
    nextStepText: row.next_step,
    error: row.error,
    lastVisit: row.last_visit,
    populations: row.populations,
  };
}
