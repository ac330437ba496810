import type { Sql } from '../db/database.ts';

/**
 * A member of an attribution list holds on a day that lies within the contract and the member's period. One that is inactive
 * held until its period ended, and holds no longer today; one that was cancelled never did.
 */
const holds = `m.tenant = $1 AND m.until_version IS NULL AND m.patient <> '' AND l.status IS NOT NULL
   AND coalesce(l.starts <= $2::date, true) AND coalesce(l.ends >= $2::date, true)
   AND coalesce(m.starts <= $2::date, true) AND coalesce(m.ends >= $2::date, true)
   AND (NOT m.inactive OR (m.ends IS NOT NULL AND $2::date < $3::date AND m.change_type IS DISTINCT FROM 'cancelled'))`;

/** On which day attribution is asked for, and which day it is. */
export interface AttributionDay {
  readonly day: string;
  readonly today: string;
}

/** The day of a report's period on which attribution counts: its last that is over or begun; of one to come, its first. */
export function attributionDay(
  period: { readonly start: string; readonly end: string },
  today: string,
): AttributionDay {
  const start = period.start.slice(0, 10);
  const end = period.end.slice(0, 10);
  return { day: end <= today ? end : start > today ? start : today, today };
}

/**
 * Patients whom attribution lists attribute to one of the providers on a day, and the members of lists that one of them
 * manages.
 *
 * @param providers `Practitioner/x`, `PractitionerRole/x`, `Organization/x`
 */
export async function patientsAttributedTo(
  sql: Sql,
  tenant: string,
  providers: readonly string[],
  { day, today }: AttributionDay,
): Promise<ReadonlySet<string>> {
  const { rows } = await sql.query<{ patient: string }>(
    `SELECT m.patient FROM group_member AS m JOIN group_list AS l ON l.group_id = m.group_id AND l.tenant = m.tenant
      WHERE ${holds} AND m.provider = ANY ($4::text[])
     UNION
     SELECT m.patient FROM group_list AS l JOIN group_member AS m ON m.group_id = l.group_id AND m.tenant = l.tenant
      WHERE ${holds} AND l.tenant = $1 AND l.manager = ANY ($4::text[])`,
    [tenant, day, today, providers],
  );
  return new Set(rows.map(({ patient }) => patient));
}

/** Of the patients, those whom a list attributes to some provider on a day. */
export async function attributedPatients(
  sql: Sql,
  tenant: string,
  patients: readonly string[],
  { day, today }: AttributionDay,
): Promise<ReadonlySet<string>> {
  if (patients.length === 0) return new Set();
  const { rows } = await sql.query<{ patient: string }>(
    `SELECT DISTINCT m.patient FROM unnest($4::text[]) AS p (patient)
       JOIN group_member AS m ON m.patient = p.patient
       JOIN group_list AS l ON l.group_id = m.group_id AND l.tenant = m.tenant
      WHERE ${holds} AND m.provider IS NOT NULL`,
    [tenant, day, today, patients],
  );
  return new Set(rows.map(({ patient }) => patient));
}

/** Ids of the Groups that are attribution lists. */
export async function attributionLists(sql: Sql, tenant: string): Promise<ReadonlySet<string>> {
  const { rows } = await sql.query<{ group_id: string }>(
    'SELECT group_id FROM group_list WHERE tenant = $1 AND status IS NOT NULL',
    [tenant],
  );
  return new Set(rows.map(({ group_id }) => group_id));
}
