import type { OperationOutcomeIssue } from '@medplum/fhirtypes';
import type { FhirResource } from '../../cql/index.ts';
import { ResourceDeleted, ResourceNotFound } from '../store/errors.ts';
import { readResource } from '../store/read.ts';
import { InvalidArguments, UnsuitableSubject } from './errors.ts';
import { type LocalReference, localReference } from './references.ts';
import type { OperationServices } from './services.ts';

interface GroupMember {
  readonly inactive?: boolean;
  readonly entity?: { readonly reference?: string };
}

export interface GroupMembers {
  readonly patients: Set<string>;
  readonly leftOut: OperationOutcomeIssue[];
}

/** Members of a Group and of the Groups in it. Whoever is left out is told, with the reason: nobody just vanishes. */
export async function groupMembers(
  group: FhirResource,
  tenant: string,
  baseUrl: string,
  services: OperationServices,
  found: GroupMembers = { patients: new Set(), leftOut: [] },
  seen: Set<string> = new Set(group.id === undefined ? [] : [group.id]),
): Promise<GroupMembers> {
  const label = group.id === undefined ? 'The Group' : `Group/${group.id}`;
  if (group.type !== undefined && group.type !== 'person')
    throw new UnsuitableSubject(`${label} is of type ${String(group.type)}: measures are evaluated for persons`);
  if (group.actual === false)
    throw new UnsuitableSubject(`${label} describes its members by characteristics: list them in Group.member`);
  const members = (Array.isArray(group.member) ? group.member : []) as readonly GroupMember[];
  for (const [index, { inactive, entity }] of members.entries()) {
    const member = memberOf(entity?.reference, baseUrl);
    const leave = (severity: OperationOutcomeIssue['severity'], code: OperationOutcomeIssue['code'], why: string) =>
      found.leftOut.push({ severity, code, diagnostics: `Member ${index + 1} of ${label} ${why}, and was left out` });
    if (member === null) leave('error', 'not-found', 'is no reference to a Patient or Group of this server');
    else if (inactive === true) leave('information', 'informational', `(${member.type}/${member.id}) is inactive`);
    else if (member.type === 'Patient') found.patients.add(member.id);
    else if (!seen.has(member.id)) {
      seen.add(member.id);
      const inner = await innerGroup(member.id, tenant, services);
      if (inner === null) leave('error', 'not-found', `(Group/${member.id}) does not exist`);
      else await groupMembers(inner, tenant, baseUrl, services, found, seen);
    }
  }
  return found;
}

function memberOf(reference: string | undefined, baseUrl: string): LocalReference | null {
  if (reference === undefined) return null;
  try {
    return localReference('subject', reference, ['Patient', 'Group'], baseUrl);
  } catch (error) {
    if (error instanceof InvalidArguments) return null;
    throw error;
  }
}

/** Null when there is no such Group. */
export async function innerGroup(
  id: string,
  tenant: string,
  { database }: OperationServices,
): Promise<FhirResource | null> {
  try {
    const { content } = await readResource(database, tenant, 'Group', id);
    return content === null ? null : (JSON.parse(content) as FhirResource);
  } catch (error) {
    if (error instanceof ResourceNotFound || error instanceof ResourceDeleted) return null;
    throw error;
  }
}
