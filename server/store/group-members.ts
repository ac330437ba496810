import type { Sql } from '../db/database.ts';

/** A member of a Group, as its row says it (0013-attribution.sql). */
export interface MemberRow {
  /** Place in Group.member, from 1. */
  readonly ordinal: number;
  /** Logical id of the Patient; '' for a member that is none of ours. */
  readonly patient: string;
  /** References of Da Vinci ATR's extensions; null where absent. */
  readonly provider: string | null;
  readonly coverage: string | null;
  readonly changeType: string | null;
  /** First and last day; null: open. */
  readonly starts: string | null;
  readonly ends: string | null;
  readonly inactive: boolean;
  /** Exact JSON of the member. */
  readonly content: string;
}

const columns = `ordinal, patient, provider, coverage, change_type AS "changeType", starts::text, ends::text, inactive, content`;

/** The members of a Group that are this Patient, inactive ones too, in their order. */
export async function membersOfPatient(
  sql: Sql,
  tenant: string,
  groupId: string,
  patient: string,
): Promise<readonly MemberRow[]> {
  const { rows } = await sql.query<MemberRow>(
    `SELECT ${columns} FROM group_member
      WHERE patient = $3 AND tenant = $1 AND group_id = $2 AND until_version IS NULL ORDER BY ordinal`,
    [tenant, groupId, patient],
  );
  return rows;
}

/** All members of a Group, inactive ones too, in their order. */
export async function membersOfGroup(sql: Sql, tenant: string, groupId: string): Promise<readonly MemberRow[]> {
  const { rows } = await sql.query<MemberRow>(
    `SELECT ${columns} FROM group_member WHERE group_id = $2 AND tenant = $1 AND until_version IS NULL ORDER BY ordinal`,
    [tenant, groupId],
  );
  return rows;
}

/** The members of a Group as a version of it had them, whether it was split then or is whole: for going back to it. */
export async function membersAtVersion(
  sql: Sql,
  tenant: string,
  groupId: string,
  version: number,
  ordinals: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  const { rows } = await sql.query<{ ordinal: number; content: string }>(
    `SELECT ordinal, content FROM group_member
      WHERE group_id = $2 AND tenant = $1 AND ordinal = ANY ($4::int[])
        AND since_version <= $3 AND (until_version IS NULL OR until_version > $3)`,
    [tenant, groupId, version, ordinals],
  );
  return new Map(rows.map(({ ordinal, content }) => [ordinal, content]));
}

/** Groups of which a Patient is a member, with the places. */
export async function groupsOfPatient(
  sql: Sql,
  tenant: string,
  patient: string,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const { rows } = await sql.query<{ group_id: string; ordinals: number[] }>(
    `SELECT group_id, array_agg(ordinal ORDER BY ordinal) AS ordinals FROM group_member
      WHERE patient = $2 AND tenant = $1 AND until_version IS NULL GROUP BY group_id ORDER BY group_id`,
    [tenant, patient],
  );
  return new Map(rows.map(({ group_id, ordinals }) => [group_id, ordinals]));
}
