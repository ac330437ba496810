import type { FhirResource } from '../../cql/index.ts';
import type { Transaction } from '../db/database.ts';
import { writeMemberRows } from '../search/member-rows.ts';
import { appendAuditEvents, applyEntries } from './apply-entries.ts';
import { stamp } from './change.ts';
import type { Applied } from './entry.ts';
import { ResourceDeleted, ResourceNotFound } from './errors.ts';
import { parseExact, plain } from './exact-json.ts';
import { noteGroupChanges } from './group-changes.ts';
import { lock } from './lock.ts';
import { assertValid } from './validate.ts';

/** From so many members on, a Group is changed by its members and its text is not written again (0013-attribution.sql). */
export const splitFrom = 200;

/** A Group that nobody else changes until the transaction ends. */
export interface OpenGroup {
  readonly id: string;
  readonly version: number;
  /** All but the members, for which `member` is null: exact trees. */
  readonly head: FhirResource;
  /** Number of members, inactive ones included. */
  readonly count: number;
  readonly patient: string;
  readonly split: boolean;
}

/** A member that is put in the place of another; `ordinal` null: behind the last. */
export interface MemberEdit {
  /** From 1. */
  readonly ordinal: number | null;
  /** Group.member as an exact tree. */
  readonly member: object;
}

export interface GroupEdit {
  readonly members: readonly MemberEdit[];
  /** Changes all but the members; may return what it is given. */
  readonly head?: (head: FhirResource) => FhirResource;
}

export interface ChangeGroupOptions {
  readonly baseUrl: string | null;
  /** Makes the AuditEvent that is stored in the same transaction. */
  readonly audit: (applied: readonly Applied[]) => FhirResource | null;
}

/**
 * Opens a Group for a change, in the caller's transaction.
 *
 * @throws ResourceNotFound, ResourceDeleted
 */
export async function openGroup(sql: Transaction, tenant: string, id: string): Promise<OpenGroup> {
  await lock(sql, tenant, 'resources', new Set([`Group/${id}`]));
  const { rows } = await sql.query<{ patient: string; version: number; content: string | null; count: number }>(
    `SELECT r.patient, r.version, r.content,
            (SELECT count(*) FROM group_member AS m WHERE m.group_id = $2 AND m.tenant = $1 AND m.until_version IS NULL) AS count
       FROM resource AS r WHERE r.tenant = $1 AND r.type = 'Group' AND r.id = $2`,
    [tenant, id],
  );
  const [row] = rows;
  if (row === undefined) throw new ResourceNotFound(`Group/${id} does not exist`);
  if (row.content === null) throw new ResourceDeleted(`Group/${id}`, row.version);
  const tree = parseExact(row.content) as FhirResource;
  const split = tree['member'] === null;
  return { id, version: row.version, head: { ...tree, member: null }, count: row.count, patient: row.patient, split };
}

/**
 * Writes the next version of a Group, in the transaction in which it was opened. A large one costs as much as the
 * members that change, whatever its size.
 *
 * @returns the new version's number
 * @throws InvalidResource
 */
export async function writeGroup(
  sql: Transaction,
  tenant: string,
  group: OpenGroup,
  edit: GroupEdit,
  options: ChangeGroupOptions,
): Promise<number> {
  const large =
    group.split || (group.count + edit.members.length >= splitFrom && group.count > 1 && group.patient === '');
  return large ? writeLarge(sql, tenant, group, edit, options) : writeWhole(sql, tenant, group, edit, options);
}

async function writeWhole(
  sql: Transaction,
  tenant: string,
  { id, version }: OpenGroup,
  { members, head = (tree) => tree }: GroupEdit,
  options: ChangeGroupOptions,
): Promise<number> {
  const patch = (tree: FhirResource): FhirResource => {
    const list: object[] = Array.isArray(tree['member']) ? [...tree['member']] : [];
    for (const { ordinal, member } of members) {
      if (ordinal === null) list.push(member);
      else list[ordinal - 1] = member;
    }
    const changed = head(tree);
    return list.length === 0 ? changed : { ...changed, member: list };
  };
  const entry = { method: 'PATCH', type: 'Group', id, criteria: null, ifMatch: null, patch } as const;
  const inside = { transaction: <T>(work: (within: Transaction) => Promise<T>) => work(sql) };
  const [applied] = await applyEntries(inside, tenant, [entry], options);
  return applied?.stored?.version ?? version;
}

async function writeLarge(
  sql: Transaction,
  tenant: string,
  group: OpenGroup,
  { members, head = (tree) => tree }: GroupEdit,
  { audit, baseUrl }: ChangeGroupOptions,
): Promise<number> {
  const { id, patient, count } = group;
  const version = group.version + 1;
  const lastUpdated = new Date().toISOString();
  const tree = stamp({ ...head(group.head), member: null }, id, version, lastUpdated);
  const { member: _, ...rest } = tree;
  assertValid(
    plain({ ...rest, ...(members.length > 0 && { member: members.map(({ member }) => member) }) } as FhirResource),
  );
  const content = JSON.stringify(tree);
  await sql.query(
    `WITH history AS (
       INSERT INTO resource_history (patient, tenant, type, id, version, last_updated, method, content)
       VALUES ($3, $1, 'Group', $2, $4, $5, 'PATCH', $6))
     UPDATE resource SET version = $4, last_updated = $5, content = $6
      WHERE patient = $3 AND tenant = $1 AND type = 'Group' AND id = $2`,
    [tenant, id, patient, version, lastUpdated, content],
  );
  if (members.length > 0) {
    let next = count;
    const ordinals = members.map(({ ordinal }) => ordinal ?? ++next);
    const { rows } = await sql.query<{ patient: string }>(
      `UPDATE group_member SET until_version = $4
        WHERE group_id = $2 AND tenant = $1 AND ordinal = ANY ($3::int[]) AND until_version IS NULL RETURNING patient`,
      [tenant, id, ordinals, version],
    );
    await sql.query(
      `INSERT INTO group_member (patient, tenant, group_id, ordinal, since_version, provider, coverage, change_type, starts,
                                 ends, inactive, content)
       SELECT m.patient, $1, $2, o.ordinal, $4, m.provider, m.coverage, m.change_type, m.starts, m.ends, m.inactive, m.content
         FROM members_of($5::json) AS m JOIN unnest($3::int[]) WITH ORDINALITY AS o (ordinal, n) ON o.n = m.ordinal`,
      [tenant, id, ordinals, version, JSON.stringify(members.map(({ member }) => member))],
    );
    await writeMemberRows(
      sql,
      tenant,
      id,
      members.map(({ member }) => member),
      rows.map((row) => row.patient),
      baseUrl,
    );
  }
  const stored = { patient, type: 'Group', id, version, lastUpdated, deleted: false, content };
  const applied = [{ outcome: 'updated', type: 'Group', stored } as const];
  const event = audit(applied);
  if (event !== null) await appendAuditEvents(sql, tenant, [event]);
  await noteGroupChanges(sql, tenant, applied, lastUpdated);
  return version;
}
