import type { Sql } from '../db/database.ts';

/** The rate that a contract, or the practice itself, asks for. */
export interface MeasureTarget {
  readonly measureUrl: string;
  /** Null: every group of the measure. */
  readonly groupId: string | null;
  /** Between 0 and 1. */
  readonly target: number;
  /** Where it comes from, for people: "Contract 2026 with Example Health Plan". */
  readonly source: string;
}

export async function setTarget(
  sql: Sql,
  tenant: string,
  { measureUrl, groupId, target, source }: MeasureTarget,
): Promise<void> {
  await sql.query(
    `INSERT INTO measure_target (tenant, measure_url, group_id, target, source) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (tenant, measure_url, group_id) DO UPDATE SET target = excluded.target, source = excluded.source`,
    [tenant, measureUrl, groupId ?? '', target, source],
  );
}

/** Does nothing when there is none. */
export async function removeTarget(
  sql: Sql,
  tenant: string,
  { measureUrl, groupId }: Pick<MeasureTarget, 'measureUrl' | 'groupId'>,
): Promise<void> {
  const query = 'DELETE FROM measure_target WHERE tenant = $1 AND measure_url = $2 AND group_id = $3';
  await sql.query(query, [tenant, measureUrl, groupId ?? '']);
}

export async function targets(sql: Sql, tenant: string): Promise<MeasureTarget[]> {
  const { rows } = await sql.query<{ measure_url: string; group_id: string; target: string; source: string }>(
    'SELECT measure_url, group_id, target, source FROM measure_target WHERE tenant = $1',
    [tenant],
  );
  return rows.map(({ measure_url: measureUrl, group_id, target, source }) => ({
    measureUrl,
    groupId: group_id === '' ? null : group_id,
    target: Number(target),
    source,
  }));
}

/** The target of a group: its own, or that of the whole measure. */
export function targetOf(
  all: readonly MeasureTarget[],
  measureUrl: string,
  groupId: string | null,
): MeasureTarget | null {
  const mine = all.filter((target) => target.measureUrl === measureUrl);
  return mine.find((target) => target.groupId === groupId) ?? mine.find((target) => target.groupId === null) ?? null;
}
