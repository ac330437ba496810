import type { FhirResource } from '../../../cql/index.ts';
import type { Transaction } from '../../db/database.ts';
import type { StoredResource } from '../../db/stored-resource.ts';
import { applyEntries } from '../../store/apply-entries.ts';
import { openGroup, writeGroup } from '../../store/change-group.ts';
import type { Entry } from '../../store/entry.ts';
import { isRaw, parseExact } from '../../store/exact-json.ts';
import { membersOfPatient } from '../../store/group-members.ts';
import { lock } from '../../store/lock.ts';
import { loadByReference } from '../../store/patient-record.ts';
import { readVersion } from '../../store/read.ts';
import {
  closeMerge,
  type Merge,
  type MergedMember,
  membersOf,
  mergeOf,
  resourcesOf,
  returnRemarks,
} from './journal.ts';
import { InvalidMerge, linksIn, type MergeOptions, patchOf } from './merge-patients.ts';

export interface Unmerged {
  readonly target: string;
  readonly source: StoredResource;
  readonly targetVersion: number;
  /** Resources that are as they were before the merge, and those that were changed since: only their references went back. */
  readonly restored: number;
  readonly changedSince: number;
}

/**
 * Undoes the merge by which a Patient was replaced, in the caller's transaction. What was not touched since is exactly as
 * it was before; of what was, only the references that the merge moved go back, and what came to the other Patient since
 * stays there. Both wait on the change feed then.
 *
 * @throws InvalidMerge when it was not merged by `$merge`, or the other was itself merged since
 */
export async function unmergePatient(
  sql: Transaction,
  tenant: string,
  source: string,
  options: MergeOptions,
): Promise<Unmerged> {
  const found = await mergeOf(sql, tenant, source);
  if (found === null)
    throw new InvalidMerge(`Patient/${source} was not merged into another by $merge, or that was undone already`);
  await lock(sql, tenant, 'resources', new Set([`Patient/${source}`, `Patient/${found.target}`]));
  const merge = await mergeOf(sql, tenant, source);
  if (merge?.id !== found.id) throw new InvalidMerge(`The merge of Patient/${source} was undone meanwhile`);
  const later = await mergeOf(sql, tenant, merge.target);
  if (later !== null)
    throw new InvalidMerge(
      `Patient/${merge.target} was merged into Patient/${later.target} since: undo that first with $unmerge`,
    );
  await closeMerge(sql, tenant, merge, options.by, options.at);
  await returnMembers(sql, tenant, merge, options);
  const journal = await resourcesOf(sql, tenant, merge);
  const current = await loadByReference(sql, tenant, new Set(journal.map(({ type, id }) => `${type}/${id}`)));
  const entries: Entry[] = [];
  let restored = 0;
  for (const { type, id, versionBefore, versionAfter } of journal) {
    const now = current.get(`${type}/${id}`);
    if (now === undefined) continue; // deleted since
    const before = parseExact(
      (await readVersion(sql, tenant, type, id, String(versionBefore))).content ?? '',
    ) as FhirResource;
    if (now.version === versionAfter) {
      restored += 1;
      entries.push(patchOf(type, id, () => before));
    } else {
      const back = (tree: FhirResource): FhirResource =>
        type === 'Patient' ? unlinked(tree, before, merge) : (returned(tree, before, merge) as FhirResource);
      entries.push(patchOf(type, id, back));
    }
  }
  const inside = { transaction: <T>(work: (within: Transaction) => Promise<T>) => work(sql) };
  const applied = await applyEntries(inside, tenant, entries, { baseUrl: options.baseUrl });
  await returnRemarks(sql, tenant, merge);
  const patient = (id: string): StoredResource | undefined =>
    applied.find(({ stored }) => stored?.type === 'Patient' && stored.id === id)?.stored ?? undefined;
  const restoredSource = patient(source);
  if (restoredSource === undefined)
    throw new InvalidMerge(`Patient/${source} was deleted since: restore it from its history first`);
  const targetVersion = patient(merge.target)?.version ?? 0;
  return {
    target: merge.target,
    source: restoredSource,
    targetVersion,
    restored,
    changedSince: entries.length - restored,
  };
}

/** References at the places where they pointed to the source before, and point to the target now. */
function returned(now: unknown, before: unknown, sides: Merge): unknown {
  const { source, target } = sides;
  if (Array.isArray(now))
    return now.map((item, index) => returned(item, Array.isArray(before) ? before[index] : null, sides));
  if (typeof now !== 'object' || now === null || isRaw(now) || typeof before !== 'object' || before === null)
    return now;
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(now)) {
    const was: unknown = Reflect.get(before, key);
    const moved = key === 'reference' && value === `Patient/${target}` && String(was).endsWith(`Patient/${source}`);
    result[key] = moved ? was : returned(value, was, sides);
  }
  return result;
}

/** A Patient that was changed since the merge: without its link, and active as it was. */
function unlinked(tree: FhirResource, before: FhirResource, { source, target }: Merge): FhirResource {
  const isSource = tree.id === source;
  const [other, type] = isSource ? [target, 'replaced-by'] : [source, 'replaces'];
  const links = linksIn(tree).filter((link) => !(link.type === type && link.other.reference === `Patient/${other}`));
  const { link: _, active, ...rest } = tree;
  const wasActive = isSource ? before['active'] : active;
  return {
    ...rest,
    resourceType: tree.resourceType,
    ...(wasActive !== undefined && { active: wasActive }),
    ...(links.length > 0 && { link: links }),
  };
}

async function returnMembers(sql: Transaction, tenant: string, merge: Merge, options: MergeOptions): Promise<void> {
  const groups = Map.groupBy(await membersOf(sql, tenant, merge), ({ groupId }) => groupId);
  for (const [groupId, moved] of groups) {
    const left = [...(await membersOfPatient(sql, tenant, groupId, merge.target))];
    if (left.length === 0) continue; // the Group was deleted, or its members were
    const edits = moved.flatMap((one) => {
      const at = placeOf(one, left);
      return at === null ? [] : [{ ordinal: at, member: parseExact(one.before) as object }];
    });
    if (edits.length === 0) continue;
    const group = await openGroup(sql, tenant, groupId);
    await writeGroup(sql, tenant, group, { members: edits }, options.groups(groupId));
  }
}

/** Where the member stands now: in its place, or wherever it was put since; null when it was changed since. */
function placeOf(
  moved: MergedMember,
  left: readonly { readonly ordinal: number; readonly content: string }[],
): number | null {
  const same = left.filter(({ content }) => content === moved.after);
  return (same.find(({ ordinal }) => ordinal === moved.ordinal) ?? same[0])?.ordinal ?? null;
}
