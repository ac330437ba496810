import type { OperationOutcomeIssue } from '@medplum/fhirtypes';
import type { FhirResource } from '../../cql/index.ts';
import type { RequestContext } from '../context.ts';
import { ResourceDeleted, ResourceNotFound } from '../store/errors.ts';
import { readResource } from '../store/read.ts';
import { InvalidArguments, invalidArgument, UnsuitableSubject } from './errors.ts';
import { type LocalReference, localReference } from './references.ts';
import type { OperationServices } from './services.ts';

/** Whom an operation is about. */
export interface Subjects {
  /** Logical ids of Patients, each once. */
  readonly patients: readonly string[];
  /** `Patient/x` or `Group/x`; null for all patients, or a Group that came with the request without an id. */
  readonly reference: string | null;
  /** True when the request names one Patient. */
  readonly single: boolean;
  /** Members of the Group that are left out, each with the reason. */
  readonly leftOut: readonly OperationOutcomeIssue[];
}

export interface SubjectArguments {
  readonly subject: string | null;
  readonly subjectGroup: FhirResource | null;
}

/**
 * The patients that a request names: one Patient, the members of a Group, or all. Providers restrict the latter two to
 * their own patients (Patient.generalPractitioner, Patient.managingOrganization); a Patient named by the request stays.
 *
 * @param providers `Practitioner/x`, `PractitionerRole/x`, `Organization/x`; empty when nothing restricts. Of several,
 *   a patient has to belong to each
 * @throws InvalidArguments, ResourceNotFound, ResourceDeleted, UnsuitableSubject
 */
export async function resolveSubjects(
  { subject, subjectGroup }: SubjectArguments,
  providers: readonly (readonly string[])[],
  { tenant, baseUrl }: RequestContext,
  services: OperationServices,
): Promise<Subjects> {
  const ofGroup = async (group: FhirResource, reference: string | null): Promise<Subjects> => {
    const members = await groupMembers(group, tenant, baseUrl, services);
    const patients = await restrict([...members.patients], providers, tenant, baseUrl, services);
    return { patients, reference, single: false, leftOut: members.leftOut };
  };
  if (subject !== null && subjectGroup !== null)
    throw invalidArgument('subjectGroup', 'cannot be used with subject', 'invalid');
  if (subject !== null) {
    const { type, id } = localReference('subject', subject, ['Patient', 'Group'], baseUrl);
    const { content } = await readResource(services.database, tenant, type, id);
    if (type === 'Patient') return { patients: [id], reference: `Patient/${id}`, single: true, leftOut: [] };
    return ofGroup(JSON.parse(content ?? '{}'), `Group/${id}`);
  }
  if (subjectGroup !== null) {
    return ofGroup(subjectGroup, subjectGroup.id === undefined ? null : `Group/${subjectGroup.id}`);
  }
  const all = providers.length === 0 ? await services.findIds(tenant, 'Patient', '') : null;
  const patients = all ?? (await restrict(null, providers, tenant, baseUrl, services));
  return { patients, reference: null, single: false, leftOut: [] };
}

interface GroupMember {
  readonly inactive?: boolean;
  readonly entity?: { readonly reference?: string };
}

interface GroupMembers {
  readonly patients: Set<string>;
  readonly leftOut: OperationOutcomeIssue[];
}

/** Members of a Group and of the Groups in it. Whoever is left out is told, with the reason: nobody just vanishes. */
async function groupMembers(
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

async function innerGroup(id: string, tenant: string, { database }: OperationServices): Promise<FhirResource | null> {
  try {
    const { content } = await readResource(database, tenant, 'Group', id);
    return content === null ? null : (JSON.parse(content) as FhirResource);
  } catch (error) {
    if (error instanceof ResourceNotFound || error instanceof ResourceDeleted) return null;
    throw error;
  }
}

async function restrict(
  patients: readonly string[] | null,
  providers: readonly (readonly string[])[],
  tenant: string,
  baseUrl: string,
  services: OperationServices,
): Promise<readonly string[]> {
  let left = patients;
  for (const references of providers) {
    const own = await patientsOf(references, tenant, baseUrl, services);
    left = left === null ? [...own] : left.filter((patient) => own.has(patient));
  }
  return left ?? [];
}

/**
 * Patients of any of the providers: by Patient.generalPractitioner and managingOrganization, and the members of Groups that
 * a provider manages (Group.managingEntity). A practitioner's roles, and the practitioner behind a role, count as the
 * same.
 */
async function patientsOf(
  references: readonly string[],
  tenant: string,
  baseUrl: string,
  services: OperationServices,
): Promise<ReadonlySet<string>> {
  const all = new Set(references);
  for (const reference of references) {
    const [type, id = ''] = reference.split('/');
    if (type === 'Practitioner') {
      const roles = await services.findIds(tenant, 'PractitionerRole', `practitioner=${reference}`);
      for (const role of roles) all.add(`PractitionerRole/${role}`);
    } else if (type === 'PractitionerRole') {
      const { content } = await readResource(services.database, tenant, 'PractitionerRole', id);
      const practitioner: unknown = JSON.parse(content ?? '{}').practitioner?.reference;
      if (typeof practitioner === 'string') all.add(practitioner);
    }
  }
  const queries = [`general-practitioner=${[...all].join(',')}`];
  const organizations = [...all].filter((reference) => reference.startsWith('Organization/'));
  if (organizations.length > 0) queries.push(`organization=${organizations.join(',')}`);
  const found = await Promise.all(queries.map((query) => services.findIds(tenant, 'Patient', query)));
  const patients = new Set(found.flat());
  // Attribution lists (Da Vinci ATR) are Groups that the provider manages.
  for (const id of await services.findIds(
    tenant,
    'Group',
    `managing-entity=${[...all].join(',')}&type=person&actual=true`,
  )) {
    const group = await innerGroup(id, tenant, services);
    if (group === null) continue;
    for (const patient of (await groupMembers(group, tenant, baseUrl, services)).patients) patients.add(patient);
  }
  return patients;
}
