import type { Database } from '../db/database.ts';

/** Few enough that a write to one of them hardly waits for the step. */
const patientsAtOnce = 250;

interface OutsideChange {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly after_patient: string;
}

/**
 * Queues the patients whose records include a resource of no compartment that changed (a Medication, a Location), some
 * at a time: as many steps as it takes, each a transaction that says how far it came, so that what a worker left half
 * done another goes on with. Changes of types that no live measure retrieves are only taken note of.
 *
 * @param resourceTypes types that live measures retrieve
 * @returns whether there may be more
 */
export function queueReferringPatients(
  database: Pick<Database, 'transaction'>,
  tenant: string,
  resourceTypes: readonly string[],
): Promise<boolean> {
  return database.transaction(async (sql) => {
    await sql.query('DELETE FROM outside_change WHERE tenant = $1 AND type <> ALL ($2)', [tenant, resourceTypes]);
    const { rows } = await sql.query<OutsideChange>(
      `SELECT type, id, version, after_patient FROM outside_change WHERE tenant = $1
       ORDER BY sequence LIMIT 1 FOR UPDATE SKIP LOCKED`,
      [tenant],
    );
    const [change] = rows;
    if (change === undefined) return false;
    const { type, id, version } = change;
    const { rows: queued } = await sql.query<{ patient: string }>(
      `INSERT INTO change_feed (patient, tenant, resource_types, changed, resources)
       SELECT patient, $1, ARRAY[$2], ARRAY[$2], ARRAY[$4] FROM record_reference
       WHERE tenant = $1 AND type = $2 AND id = $3 AND patient COLLATE "C" > $5 ORDER BY patient COLLATE "C" LIMIT $6
       ON CONFLICT (patient, tenant) DO UPDATE
         SET sequence = nextval('change_sequence'), changed_at = now(), background = false,
             resource_types = ARRAY(SELECT DISTINCT unnest(change_feed.resource_types || excluded.resource_types) ORDER BY 1),
             changed = merged_changes(change_feed.changed, excluded.changed),
             resources = (ARRAY(SELECT DISTINCT unnest(change_feed.resources || excluded.resources) ORDER BY 1))[:20]
       RETURNING patient`,
      [tenant, type, id, `${type}/${id}/_history/${version}`, change.after_patient, patientsAtOnce],
    );
    const key = [tenant, type, id];
    const [after = ''] = queued
      .map(({ patient }) => patient)
      .sort()
      .slice(-1);
    if (queued.length < patientsAtOnce)
      await sql.query('DELETE FROM outside_change WHERE tenant = $1 AND type = $2 AND id = $3', key);
    else
      await sql.query('UPDATE outside_change SET after_patient = $4 WHERE tenant = $1 AND type = $2 AND id = $3', [
        ...key,
        after,
      ]);
    return true;
  });
}
