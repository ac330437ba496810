import type { Sql } from '../../db/database.ts';

/** How long events can be asked for, and wait for an endpoint that is away. */
export const keptDays = 30;

/** Removes events that are older. The numbers go on: a subscriber sees by them that some are gone. */
export async function removeOldEvents(sql: Sql): Promise<void> {
  await sql.query(`DELETE FROM subscription_event WHERE at < now() - $1::int * interval '1 day'`, [keptDays]);
}
