import type { Sql } from '../db/database.ts';
import { waitingPatients } from './change-feed.ts';

/** How far the live state is: for the progress bar at start and the head of the page. */
export interface GapProgress {
  /** Patients of the tenant. */
  readonly patients: number;
  readonly evaluated: number;
  /** Patients that wait to be evaluated. */
  readonly pending: number;
  /** Patients that could not be evaluated for some measure. */
  readonly errors: number;
  /** Instant of the latest evaluation; null before the first. */
  readonly lastEvaluated: string | null;
}

export async function gapProgress(sql: Sql, tenant: string): Promise<GapProgress> {
  const { rows } = await sql.query<{ patients: number; pending: number; errors: number; last: Date | null }>(
    `SELECT (SELECT count(*) FROM resource WHERE tenant = $1 AND type = 'Patient' AND NOT deleted) AS patients,
            (SELECT count(*) FROM (${waitingPatients}) AS w) AS pending,
            (SELECT count(DISTINCT patient) FROM gap_state WHERE tenant = $1 AND status = 'error' AND live) AS errors,
            (SELECT max(evaluated_at) FROM gap_state WHERE tenant = $1) AS last`,
    [tenant],
  );
  const { patients = 0, pending = 0, errors = 0, last = null } = rows[0] ?? {};
  const evaluated = Math.max(0, patients - pending);
  return { patients, evaluated, pending, errors, lastEvaluated: last?.toISOString() ?? null };
}
