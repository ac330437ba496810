import { randomUUID } from 'node:crypto';
import type { GroupMember, Identifier, Patient, PatientLink } from '@medplum/fhirtypes';
import type { FhirResource } from '../../../cql/index.ts';
import type { Transaction } from '../../db/database.ts';
import type { StoredResource } from '../../db/stored-resource.ts';
import { applyEntries } from '../../store/apply-entries.ts';
import { type ChangeGroupOptions, openGroup, writeGroup } from '../../store/change-group.ts';
import type { Entry } from '../../store/entry.ts';
import { parseExact } from '../../store/exact-json.ts';
import { groupsOfPatient, membersOfPatient } from '../../store/group-members.ts';
import { lock } from '../../store/lock.ts';
import { readResource } from '../../store/read.ts';
import { replaceLinks } from '../../store/references.ts';
import { moveRemarks, replacementOf } from '../remarks.ts';
import { type Merge, type MergedMember, noteMembers, noteRemarks, noteResources, openMerge } from './journal.ts';
import { referringTo } from './references-to-patient.ts';

/** A merge that cannot be: with itself, of what was merged already, in a circle; or one that cannot be undone now. */
export class InvalidMerge extends Error {
  override readonly name = 'InvalidMerge';
}

export interface MergeOptions {
  readonly baseUrl: string | null;
  /** Who merges, for the record. */
  readonly by: string;
  readonly at: Date;
  /** The audit of a Group that changes. */
  readonly groups: (groupId: string) => ChangeGroupOptions;
}

export interface Merged {
  readonly source: StoredResource;
  readonly target: StoredResource;
  /** Resources beside the two Patients that refer to the other now, and members of Groups. */
  readonly resources: number;
  readonly members: number;
}

/**
 * Merges a Patient into another, in the caller's transaction: the source is inactive and says `replaced-by`, the target
 * says `replaces` and takes the source's identifiers as old ones; whatever referred to the source refers to the target;
 * members of Groups and remarks about gaps follow. Both wait on the change feed then. Kept so that it can be undone.
 *
 * @param result how the target is to be, as an exact tree; null: as it is
 * @throws ResourceNotFound, ResourceDeleted, InvalidMerge, InvalidResource
 */
export async function mergePatients(
  sql: Transaction,
  tenant: string,
  {
    source,
    target,
    result,
  }: { readonly source: string; readonly target: string; readonly result: FhirResource | null },
  options: MergeOptions,
): Promise<Merged> {
  if (source === target) throw new InvalidMerge('A patient cannot be merged with itself: name two Patients');
  await lock(sql, tenant, 'resources', new Set([`Patient/${source}`, `Patient/${target}`]));
  const from = patientIn(await readResource(sql, tenant, 'Patient', source));
  const into = patientIn(await readResource(sql, tenant, 'Patient', target));
  refuseReplaced(from, `undo that merge with $unmerge, or merge the other Patient`);
  refuseReplaced(into, 'merge into that Patient instead');
  const merge: Merge = { id: randomUUID(), source, target };
  await openMerge(sql, tenant, merge, options.by, options.at);
  const moved = await moveMembers(sql, tenant, merge, options);
  const referring = await referringTo(sql, tenant, source);
  const links = linksTo(source, target, options.baseUrl);
  const entries: Entry[] = [
    patchOf('Patient', source, (tree) => replacedSource(tree, target)),
    patchOf('Patient', target, (tree) =>
      replacingTarget(result === null ? tree : { ...result, meta: result.meta ?? tree.meta }, from),
    ),
    ...referring.map(({ type, id }) => patchOf(type, id, (tree) => replaceLinks(tree, null, links))),
  ];
  const inside = { transaction: <T>(work: (within: Transaction) => Promise<T>) => work(sql) };
  const applied = await applyEntries(inside, tenant, entries, { baseUrl: options.baseUrl });
  const written = applied.flatMap(({ stored }) => stored ?? []);
  const resources = written.map(({ type, id, version }) => ({
    type,
    id,
    versionBefore: version - 1,
    versionAfter: version,
  }));
  await noteResources(sql, tenant, merge, resources);
  await noteMembers(sql, tenant, merge, moved);
  await noteRemarks(sql, tenant, merge);
  await moveRemarks(sql, tenant, source, target);
  const [writtenSource, writtenTarget] = written;
  if (writtenSource === undefined || writtenTarget === undefined) throw new TypeError('both Patients are written');
  return { source: writtenSource, target: writtenTarget, resources: referring.length, members: moved.length };
}

function patientIn({ content }: StoredResource): Patient {
  return JSON.parse(content ?? '{}') as Patient;
}

function refuseReplaced(patient: Patient, advice: string): void {
  const other = replacementOf(patient);
  if (other !== null)
    throw new InvalidMerge(`Patient/${patient.id} was merged into Patient/${other} already: ${advice}`);
}

export function patchOf(type: string, id: string, patch: (tree: FhirResource) => FhirResource): Entry {
  return { method: 'PATCH', type, id, criteria: null, ifMatch: null, patch };
}

/** For `replaceLinks`: references to a Patient, relative and below our own base. */
export function linksTo(from: string, to: string, baseUrl: string | null): ReadonlyMap<string, string> {
  const relative: [string, string] = [`Patient/${from}`, `Patient/${to}`];
  return new Map([relative, ...(baseUrl === null ? [] : [[`${baseUrl}/Patient/${from}`, `Patient/${to}`] as const])]);
}

function replacedSource(tree: FhirResource, target: string): FhirResource {
  const link = { other: { reference: `Patient/${target}` }, type: 'replaced-by' };
  return { ...tree, active: false, link: [...linksIn(tree), link] };
}

/** R5 patient-operation-merge.html: identifiers of the source that the target has not are its old ones. */
function replacingTarget(tree: FhirResource, source: Patient): FhirResource {
  const own = (Array.isArray(tree['identifier']) ? tree['identifier'] : []) as readonly Identifier[];
  const known = new Set(own.map(({ system, value }) => `${system ?? ''}|${value ?? ''}`));
  const old = (source.identifier ?? [])
    .filter(({ system, value }) => !known.has(`${system ?? ''}|${value ?? ''}`))
    .map((identifier) => ({ ...identifier, use: 'old' }));
  const reference = `Patient/${source.id}`;
  const links = linksIn(tree).filter(({ other, type }) => !(type === 'replaces' && other.reference === reference));
  return {
    ...tree,
    ...(own.length + old.length > 0 && { identifier: [...own, ...old] }),
    link: [...links, { other: { reference }, type: 'replaces' }],
  };
}

export function linksIn(tree: FhirResource): readonly PatientLink[] {
  return (Array.isArray(tree['link']) ? tree['link'] : []) as readonly PatientLink[];
}

/** Whoever is on a list with the same provider already is there once: the other member becomes inactive. */
async function moveMembers(
  sql: Transaction,
  tenant: string,
  { source, target }: Merge,
  options: MergeOptions,
): Promise<readonly MergedMember[]> {
  const moved: MergedMember[] = [];
  for (const groupId of (await groupsOfPatient(sql, tenant, source)).keys()) {
    const group = await openGroup(sql, tenant, groupId);
    const own = await membersOfPatient(sql, tenant, groupId, target);
    const members = (await membersOfPatient(sql, tenant, groupId, source)).map((row) => {
      const member = parseExact(row.content) as GroupMember;
      const twice = own.some(({ inactive, provider }) => !inactive && provider === row.provider);
      const entity = { ...member.entity, reference: `Patient/${target}` };
      const changed: GroupMember = { ...member, entity, ...(twice && { inactive: true }) };
      return { row, changed };
    });
    const edits = members.map(({ row, changed }) => ({ ordinal: row.ordinal, member: changed }));
    await writeGroup(sql, tenant, group, { members: edits }, options.groups(groupId));
    for (const { row, changed } of members)
      moved.push({ groupId, ordinal: row.ordinal, before: row.content, after: JSON.stringify(changed) });
  }
  return moved;
}
