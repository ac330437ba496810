import type { Sql } from '../db/database.ts';
import { everything } from './reach.ts';

/** A patient that waits to be evaluated, held by one worker. */
export interface Claim {
  readonly tenant: string;
  readonly patient: string;
  /** Of the change that was claimed: the row is only done with while it is still this one. */
  readonly sequence: number;
  /** Types of what changed; empty when the measures changed, or time passed, and not the data. */
  readonly resourceTypes: readonly string[];
  /** What measures are asked by whether it can touch them (see `Reach`). */
  readonly changed: readonly string[];
  /** The versions that were written, `Type/id/_history/version`, as far as they were noted. */
  readonly resources: readonly string[];
  /** Nothing was written: it may wait until what was is done. */
  readonly background: boolean;
}

/** Channel by which whoever writes wakes the workers of other processes. */
export const changeChannel = 'gapless_changes';

/** How long a claim holds without being renewed: after that, another worker takes over from one that died. */
export const claimSeconds = 30;

/**
 * Claims patients: those whose data changed before those that time or a measure's change brought, and of each the ones
 * that have waited longest. Several workers may ask at once; none gets what another holds.
 * @param order `turn`: so; `waiting`: only by how long they have waited, so that the others get their turn, too
 */
export async function claimPatients(
  sql: Sql,
  worker: string,
  count: number,
  order: 'turn' | 'waiting' = 'turn',
): Promise<Claim[]> {
  const { rows } = await sql.query<ClaimRow>(
    `UPDATE change_feed SET claimed_by = $1, claimed_until = now() + make_interval(secs => $3)
     WHERE (patient, tenant) IN (
       SELECT patient, tenant FROM change_feed WHERE claimed_until IS NULL OR claimed_until < now()
       ORDER BY ${order === 'turn' ? 'background, ' : ''}sequence LIMIT $2 FOR UPDATE SKIP LOCKED)
     RETURNING tenant, patient, sequence, resource_types, changed, resources, background`,
    [worker, count, claimSeconds],
  );
  return rows.map(({ resource_types: resourceTypes, changed, ...row }) => ({
    ...row,
    resourceTypes,
    changed: changeNotes(changed, resourceTypes),
  }));
}

/** What a row of the feed says to a measure's `Reach`: a type whose codes were not noted stands for all of it. */
export function changeNotes(changed: readonly string[], resourceTypes: readonly string[]): string[] {
  const noted = new Set(changed.map((note) => note.split(' ', 1)[0]));
  return [...changed, ...resourceTypes.filter((type) => !noted.has(type))];
}

interface ClaimRow extends Omit<Claim, 'resourceTypes'> {
  readonly resource_types: string[];
  readonly changed: string[];
}

export async function renewClaims(sql: Sql, workers: readonly string[]): Promise<void> {
  await sql.query(
    'UPDATE change_feed SET claimed_until = now() + make_interval(secs => $2) WHERE claimed_by = ANY($1)',
    [workers, claimSeconds],
  );
}

/** Gives back what the worker holds, for whoever comes next. */
export async function releaseClaims(sql: Sql, worker: string): Promise<void> {
  await sql.query('UPDATE change_feed SET claimed_by = NULL, claimed_until = NULL WHERE claimed_by = $1', [worker]);
}

/**
 * Of the claims, those that the worker still holds, locked until the transaction ends. One that took too long may have
 * lost its claim to another worker, which then writes the result.
 */
export async function lockClaims(sql: Sql, worker: string, claims: readonly Claim[]): Promise<Claim[]> {
  const { rows } = await sql.query<{ tenant: string; patient: string }>(
    `SELECT f.tenant, f.patient FROM change_feed AS f
     JOIN unnest($2::text[], $3::text[]) AS c (tenant, patient) ON f.tenant = c.tenant AND f.patient = c.patient
     WHERE f.claimed_by = $1 ORDER BY f.patient, f.tenant FOR UPDATE OF f`,
    [worker, claims.map(({ tenant }) => tenant), claims.map(({ patient }) => patient)],
  );
  const held = new Set(rows.map(({ tenant, patient }) => `${tenant} ${patient}`));
  return claims.filter(({ tenant, patient }) => held.has(`${tenant} ${patient}`));
}

/** Takes evaluated patients off the feed; those that changed meanwhile stay, free to be claimed again. */
export async function settleClaims(sql: Sql, worker: string, claims: readonly Claim[]): Promise<void> {
  const keys = [claims.map(({ tenant }) => tenant), claims.map(({ patient }) => patient)];
  await sql.query(
    `DELETE FROM change_feed AS f USING unnest($1::text[], $2::text[], $3::bigint[]) AS c (tenant, patient, sequence)
     WHERE f.tenant = c.tenant AND f.patient = c.patient AND f.sequence = c.sequence`,
    [...keys, claims.map(({ sequence }) => sequence)],
  );
  await sql.query(
    `UPDATE change_feed AS f SET claimed_by = NULL, claimed_until = NULL
     FROM unnest($1::text[], $2::text[]) AS c (tenant, patient)
     WHERE f.tenant = c.tenant AND f.patient = c.patient AND f.claimed_by = $3`,
    [...keys, worker],
  );
}

/**
 * Queues every patient of a tenant, behind those whose data changed.
 * @param changed `everything` has all measures evaluated; nothing, those whose state is not of their content any more
 */
export async function queueAllPatients(
  sql: Sql,
  tenant: string,
  changed: readonly string[] = [everything],
): Promise<number> {
  const { rowCount } = await sql.query(
    `INSERT INTO change_feed (patient, tenant, changed, background)
     SELECT id, $1, $2, true FROM resource WHERE tenant = $1 AND type = 'Patient' AND NOT deleted ORDER BY id COLLATE "C"
     ON CONFLICT (patient, tenant) DO UPDATE
       SET sequence = nextval('change_sequence'), changed_at = now(),
           changed = merged_changes(change_feed.changed, excluded.changed)`,
    [tenant, changed],
  );
  return rowCount ?? 0;
}

/** Tenants that have none, and of whom changes of resources of no compartment were noted all the same. */
export async function tenantsWithoutContent(sql: Sql): Promise<string[]> {
  const { rows } = await sql.query<{ tenant: string }>(
    `SELECT DISTINCT tenant FROM outside_change AS o
     WHERE NOT EXISTS (SELECT FROM content_version AS c WHERE c.tenant = o.tenant) ORDER BY tenant`,
  );
  return rows.map(({ tenant }) => tenant);
}

/** Tenants that have measures. */
export async function tenantsWithContent(sql: Sql): Promise<string[]> {
  const { rows } = await sql.query<{ tenant: string }>('SELECT tenant FROM content_version ORDER BY tenant');
  return rows.map(({ tenant }) => tenant);
}

/**
 * SQL of the patients of tenant $1 that wait for evaluation: those on the feed, and those whose records include a resource
 * of no compartment that changed and who are yet to be put there.
 */
export const waitingPatients = `
  SELECT patient FROM change_feed WHERE tenant = $1
  UNION SELECT r.patient FROM outside_change AS o JOIN record_reference AS r USING (tenant, type, id)
        WHERE o.tenant = $1 AND r.patient COLLATE "C" > o.after_patient`;

/** Number of the tenant's patients that wait for evaluation. */
export async function waitingCount(sql: Sql, tenant: string): Promise<number> {
  const query = `SELECT count(*) AS waiting FROM (${waitingPatients}) AS w`;
  return (await sql.query<{ waiting: number }>(query, [tenant])).rows[0]?.waiting ?? 0;
}
