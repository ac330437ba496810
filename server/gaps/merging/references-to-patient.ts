import type { Sql } from '../../db/database.ts';
import { resourceTypes, searchParametersOf } from '../../search/definitions.ts';

export interface Referring {
  readonly type: string;
  readonly id: string;
  readonly version: number;
}

/**
 * What a merge leaves as it is: Patients (their links tell the chain), Groups (their members are moved one by one), and what
 * says what happened then.
 */
const untouched = ['Patient', 'Group', 'AuditEvent', 'Provenance'];

/** The numbers of all reference parameters, of any type. */
function referenceParameters(): readonly number[] {
  const touched = resourceTypes().filter((type) => !untouched.includes(type));
  const all = touched.flatMap((type) => [...searchParametersOf(type).values()]);
  return [...new Set(all.flatMap(({ kind, id }) => (kind === 'reference' ? id : [])))];
}

/** Resources that refer to a Patient: those in its compartment, and those that the search index knows of. */
export async function referringTo(sql: Sql, tenant: string, patient: string): Promise<readonly Referring[]> {
  const { rows } = await sql.query<Referring>(
    `SELECT r.type, r.id, r.version FROM resource AS r
      WHERE r.patient = $2 AND r.tenant = $1 AND NOT r.deleted AND r.type <> ALL ($3::text[])
     UNION
     SELECT r.type, r.id, r.version FROM search_reference AS s
       JOIN resource AS r ON r.patient = s.patient AND r.tenant = $1 AND r.id = s.id AND NOT r.deleted
      WHERE s.tenant = $1 AND s.param = ANY ($4::int[]) AND s.target_id = $2 AND s.target_type = 'Patient'
        AND r.type <> ALL ($3::text[])
     ORDER BY 1, 2`,
    [tenant, patient, untouched, referenceParameters()],
  );
  return rows;
}
