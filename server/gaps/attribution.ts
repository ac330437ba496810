import type { GroupMember } from '@medplum/fhirtypes';
import { type ListedMember, type ListStatus, listStatusOf } from '../../bundles/index.ts';
import type { Sql, Transaction } from '../db/database.ts';
import { type OpenGroup, openGroup } from '../store/change-group.ts';
import { parseExact } from '../store/exact-json.ts';
import { type MemberRow, membersOfPatient } from '../store/group-members.ts';

/** A Group that carries no status of an attribution list. */
export class NotAnAttributionList extends Error {
  override readonly name = 'NotAnAttributionList';
}

/** Members of a list that is final are not changed (Da Vinci ATR, member-add and member-remove). */
export class AttributionListFinal extends Error {
  override readonly name = 'AttributionListFinal';
}

/** A patient who is not on the list, or not with that provider or coverage. */
export class NotAMember extends Error {
  override readonly name = 'NotAMember';
}

export interface OpenList {
  readonly group: OpenGroup;
  readonly status: ListStatus;
}

/**
 * Opens an attribution list for a change, in the caller's transaction.
 *
 * @throws ResourceNotFound, ResourceDeleted, NotAnAttributionList
 */
export async function openList(sql: Transaction, tenant: string, id: string): Promise<OpenList> {
  const group = await openGroup(sql, tenant, id);
  const status = listStatusOf(group.head);
  if (status === null)
    throw new NotAnAttributionList(
      `Group/${id} is no attribution list: give it the extension ext-attributionListStatus with draft, open or final`,
    );
  return { group, status };
}

/** @throws AttributionListFinal and what `openList` throws */
export async function openListForMembers(sql: Transaction, tenant: string, id: string): Promise<OpenGroup> {
  const { group, status } = await openList(sql, tenant, id);
  if (status === 'final')
    throw new AttributionListFinal(
      `Group/${id} is final, so that its members cannot be changed: the payer opens it again by an update with the status open`,
    );
  return group;
}

/** A patient's members on a list, active or not. */
export async function listedMembers(
  sql: Transaction,
  tenant: string,
  groupId: string,
  patient: string,
): Promise<readonly ListedMember[]> {
  return (await membersOfPatient(sql, tenant, groupId, patient)).map(listedMember);
}

export function listedMember({ content, ...row }: MemberRow): ListedMember {
  return { ...row, member: parseExact(content) as GroupMember };
}

/** The one active Coverage of a patient as a reference; null when there is none, or more than one. */
export async function coverageOf(sql: Sql, tenant: string, patient: string): Promise<string | null> {
  const { rows } = await sql.query<{ id: string }>(
    `SELECT id FROM resource WHERE patient = $2 AND tenant = $1 AND type = 'Coverage' AND NOT deleted
        AND content::json ->> 'status' = 'active' LIMIT 2`,
    [tenant, patient],
  );
  return rows.length === 1 && rows[0] !== undefined ? `Coverage/${rows[0].id}` : null;
}
