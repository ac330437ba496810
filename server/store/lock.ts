import type { Sql } from '../db/database.ts';
import { wholeContent } from '../db/stored-resource.ts';

export interface Target {
  readonly type: string;
  readonly id: string;
  /** The compartment that the change puts the resource in, where it is known already. */
  readonly patient: string | null;
}

/** The current version of a resource, a deletion included. */
export interface Current {
  readonly patient: string;
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly deleted: boolean;
  readonly content: string | null;
  /** Instant as in meta.lastUpdated. */
  readonly lastUpdated: string;
}

/** Makes Database.transaction run again, as for a conflict that PostgreSQL itself found. */
class MovedMeanwhile extends Error {
  override readonly name = 'MovedMeanwhile';
  readonly code = '40001';
}

/** Criteria are locked before resources, each in a space of its own: that order rules out deadlocks between the two. */
const lockSpaces = { criteria: 0x6761_7001, resources: 0x6761_7002 };
const keyLocksUpTo = 64;

/**
 * Serialises writers of the same resources, then reads what is there. Locks are taken on compartments (which the change
 * feed serialises anyway) and, for resources in none and for small changes, on the resources themselves; by number, in
 * rising order, at most 1,024, so that there are no deadlocks and PostgreSQL's lock table does not overflow.
 *
 * @returns by `Type/id`; what does not exist is absent
 */
export async function lockTargets(
  sql: Sql,
  tenant: string,
  targets: readonly Target[],
): Promise<ReadonlyMap<string, Current>> {
  if (targets.length === 0) return new Map();
  const before = await readCurrent(sql, tenant, targets, false);
  const names = new Set<string>();
  for (const { type, id, patient } of targets) {
    const compartments = [patient, before.get(`${type}/${id}`)?.patient].filter((p) => p !== null && p !== undefined);
    for (const compartment of compartments) if (compartment !== '') names.add(`Patient/${compartment}`);
    if (targets.length <= keyLocksUpTo || compartments.every((c) => c === '')) names.add(`${type}/${id}`);
  }
  await lock(sql, tenant, 'resources', names);
  const current = await readCurrent(sql, tenant, targets, true);
  for (const [key, { patient }] of current) {
    if (patient !== '' && !names.has(`Patient/${patient}`)) throw new MovedMeanwhile(`${key} changed its patient`);
  }
  return current;
}

/** Held until the transaction ends. */
export async function lock(
  sql: Sql,
  tenant: string,
  space: keyof typeof lockSpaces,
  names: ReadonlySet<string>,
): Promise<void> {
  if (names.size === 0) return;
  await sql.query(
    `SELECT pg_advisory_xact_lock($1, bucket)
       FROM (SELECT DISTINCT hashtext($2 || ' ' || name) & 1023 AS bucket FROM unnest($3::text[]) AS name ORDER BY 1) AS b`,
    [lockSpaces[space], tenant, [...names]],
  );
}

async function readCurrent(
  sql: Sql,
  tenant: string,
  targets: readonly { readonly type: string; readonly id: string }[],
  withContent: boolean,
): Promise<Map<string, Current>> {
  const { rows } = await sql.query<Omit<Current, 'lastUpdated'> & { last_updated: Date }>(
    // OFFSET 0 has each looked up by the index: without statistics of a new table, the planner would rather read it all.
    `SELECT r.patient, r.type, r.id, r.version, r.deleted, r.last_updated, ${withContent ? `${wholeContent('r')} AS content` : 'NULL AS content'}
       FROM unnest($2::text[], $3::text[]) AS t (type, id)
      CROSS JOIN LATERAL (SELECT * FROM resource AS r WHERE r.tenant = $1 AND r.type = t.type AND r.id = t.id OFFSET 0) AS r`,
    [tenant, targets.map(({ type }) => type), targets.map(({ id }) => id)],
  );
  return new Map(
    rows.map(({ last_updated, ...row }) => [
      `${row.type}/${row.id}`,
      { ...row, lastUpdated: last_updated.toISOString() },
    ]),
  );
}
