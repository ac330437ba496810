import type { Sql } from '../db/database.ts';

/** A resource of a patient that changed, as it was before. */
export interface FormerResource {
  readonly patient: string;
  readonly type: string;
  readonly id: string;
  /** Exact JSON of the version that was current at the instant. */
  readonly content: string;
  readonly deletedSince: boolean;
}

/**
 * The patients' resources of some types that changed or were deleted after an instant, as they were at it. What did not
 * exist then, and what belongs to another patient now, is left out.
 *
 * @param since ISO instant
 */
export async function formerResources(
  sql: Sql,
  tenant: string,
  patients: readonly string[],
  types: readonly string[],
  since: string,
): Promise<readonly FormerResource[]> {
  const { rows } = await sql.query<FormerResource>(
    `SELECT r.patient, r.type, r.id, h.content, r.deleted AS "deletedSince"
     FROM resource AS r
     CROSS JOIN LATERAL (
       SELECT content FROM resource_history AS h
       WHERE h.patient = r.patient AND h.tenant = r.tenant AND h.type = r.type AND h.id = r.id AND h.last_updated <= $4
       ORDER BY h.version DESC LIMIT 1) AS h
     WHERE r.patient = ANY ($2::text[]) AND r.tenant = $1 AND r.type = ANY ($3::text[]) AND r.last_updated > $4
       AND h.content IS NOT NULL
     ORDER BY r.patient, r.type, r.id`,
    [tenant, patients, types, since],
  );
  return rows;
}
