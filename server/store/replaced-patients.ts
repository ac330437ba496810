import type { Sql } from '../db/database.ts';

/** Does the text of a Patient say that another one replaced it (Patient.link `replaced-by`)? */
export function isReplaced(content: string): boolean {
  return content.includes('"replaced-by"');
}

/** Logical ids of all Patients that another one replaced. They are few. */
export async function replacedPatients(sql: Sql, tenant: string): Promise<ReadonlySet<string>> {
  const { rows } = await sql.query<{ id: string }>(
    `SELECT id FROM resource WHERE tenant = $1 AND type = 'Patient' AND strpos(content, '"replaced-by"') > 0`,
    [tenant],
  );
  return new Set(rows.map(({ id }) => id));
}
