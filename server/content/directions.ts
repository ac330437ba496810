import type { ImprovementNotation, ImprovementNotations } from '../../measures/index.ts';
import type { Database, Sql } from '../db/database.ts';

/** What an operator says of a measure's direction, in place of what the Measure says. */
export interface MeasureDirection {
  readonly measureUrl: string;
  /** Null: every group that has no direction of its own. */
  readonly groupId: string | null;
  readonly improvementNotation: ImprovementNotation;
  /** Why, in the operator's words: shown wherever results are. */
  readonly reason: string;
  /** Who said so, for people. */
  readonly givenBy: string;
}

/** Gives a measure a direction. Counts as a change of content: the measure is read, and its patients evaluated, again. */
export async function setDirection(
  database: Pick<Database, 'transaction'>,
  tenant: string,
  { measureUrl, groupId, improvementNotation, reason, givenBy }: MeasureDirection,
): Promise<void> {
  await database.transaction(async (sql) => {
    await sql.query(
      `INSERT INTO measure_direction (tenant, measure_url, group_id, improvement_notation, reason, given_by)
       VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (tenant, measure_url, group_id) DO UPDATE SET improvement_notation = excluded.improvement_notation,
         reason = excluded.reason, given_by = excluded.given_by, given_at = now()`,
      [tenant, measureUrl, groupId ?? '', improvementNotation, reason, givenBy],
    );
    await contentChanged(sql, tenant);
  });
}

/** Has the Measure's own direction hold again. Does nothing when none was given. */
export async function removeDirection(
  database: Pick<Database, 'transaction'>,
  tenant: string,
  { measureUrl, groupId }: Pick<MeasureDirection, 'measureUrl' | 'groupId'>,
): Promise<void> {
  await database.transaction(async (sql) => {
    const query = 'DELETE FROM measure_direction WHERE tenant = $1 AND measure_url = $2 AND group_id = $3';
    const { rowCount } = await sql.query(query, [tenant, measureUrl, groupId ?? '']);
    if (rowCount !== 0) await contentChanged(sql, tenant);
  });
}

export async function directions(sql: Sql, tenant: string): Promise<MeasureDirection[]> {
  const { rows } = await sql.query<{
    measure_url: string;
    group_id: string;
    improvement_notation: ImprovementNotation;
    reason: string;
    given_by: string;
  }>(
    `SELECT measure_url, group_id, improvement_notation, reason, given_by FROM measure_direction WHERE tenant = $1
     ORDER BY measure_url, group_id`,
    [tenant],
  );
  return rows.map((row) => ({
    measureUrl: row.measure_url,
    groupId: row.group_id === '' ? null : row.group_id,
    improvementNotation: row.improvement_notation,
    reason: row.reason,
    givenBy: row.given_by,
  }));
}

/** The direction given to a group: its own, or that of the whole measure; null when the Measure's holds. */
export function directionOf(
  all: readonly MeasureDirection[],
  measureUrl: string,
  groupId: string | null,
): MeasureDirection | null {
  const mine = all.filter((direction) => direction.measureUrl === measureUrl);
  return mine.find((one) => one.groupId === groupId) ?? mine.find((one) => one.groupId === null) ?? null;
}

/**
 * The directions for `readMeasure`. Those of groups that this version of the measure does not have are left out: they
 * were given for another version, which must not keep this one from being read.
 */
export function improvementNotations(
  all: readonly MeasureDirection[],
  measure: { readonly url?: string; readonly group?: readonly { readonly id?: string }[] },
): ImprovementNotations {
  const groups = new Set(['', ...(measure.group ?? []).map(({ id }) => id)]);
  const mine = all.filter(({ measureUrl, groupId }) => measureUrl === measure.url && groups.has(groupId ?? ''));
  return Object.fromEntries(
    mine.map(({ groupId, improvementNotation }) => [groupId ?? '', improvementNotation] as const),
  );
}

async function contentChanged(sql: Sql, tenant: string): Promise<void> {
  await sql.query(
    `INSERT INTO content_version (tenant, version) VALUES ($1, 1)
     ON CONFLICT (tenant) DO UPDATE SET version = content_version.version + 1, changed_at = now()`,
    [tenant],
  );
  await sql.query(`SELECT pg_notify('gapless_content', $1)`, [tenant]);
}
