import type { Sql } from '../db/database.ts';
import { typesOutsidePatient } from '../search/compartment.ts';
import type { Write } from './change.ts';
import { changeOf, type PatientChange } from './feed-notes.ts';

/** Patients that are queued within the writer's own transaction; with more, the gap worker queues them all. */
const patientsAtOnce = 200;
/** What measures are made of, and what the server writes itself, is part of no record. */
const notInRecords = new Set(['Measure', 'Library', 'ValueSet', 'CodeSystem', 'StructureDefinition', 'Bundle']);

/**
 * Adds to `changes` the patients whose records include a resource of no compartment that is written (a Medication that
 * MedicationRequests refer to), and leaves a row in `outside_change` by which the worker queues them once more after the
 * commit: only then can a reference that is being written at the same time be seen.
 */
export async function addReferringPatients(
  sql: Sql,
  tenant: string,
  writes: readonly Write[],
  changes: Map<string, PatientChange>,
): Promise<void> {
  const outside = writes
    .map(({ version }) => version)
    .filter(({ type }) => typesOutsidePatient().has(type) && !notInRecords.has(type))
    .sort((a, b) => (`${a.type}/${a.id}` < `${b.type}/${b.id}` ? -1 : 1));
  if (outside.length === 0) return;
  const keys = [outside.map(({ type }) => type), outside.map(({ id }) => id)];
  await sql.query(
    `INSERT INTO outside_change (tenant, type, id, version)
     SELECT $1, type, id, version FROM unnest($2::text[], $3::text[], $4::bigint[]) AS t (type, id, version)
     ON CONFLICT (tenant, type, id) DO UPDATE
       SET sequence = nextval('change_sequence'), version = excluded.version, after_patient = ''`,
    [tenant, ...keys, outside.map(({ version }) => version)],
  );
  const { rows } = await sql.query<{ patient: string; type: string; id: string }>(
    `SELECT r.patient, r.type, r.id FROM unnest($2::text[], $3::text[]) AS t (type, id)
       JOIN record_reference AS r ON r.tenant = $1 AND r.type = t.type AND r.id = t.id
      LIMIT ${patientsAtOnce + 1}`,
    [tenant, ...keys],
  );
  if (rows.length > patientsAtOnce) return;
  const versions = new Map(outside.map(({ type, id, version }) => [`${type}/${id}`, version]));
  for (const { patient, type, id } of rows) {
    const change = changeOf(changes, patient);
    change.types.add(type);
    change.changed.add(type);
    change.resources.add(`${type}/${id}/_history/${versions.get(`${type}/${id}`) ?? 1}`);
  }
}
