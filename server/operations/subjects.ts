import type { FhirResource } from '../../cql/index.ts';
import type { RequestContext } from '../context.ts';
import { readResource } from '../store/read.ts';
import { invalidArgument, UnsuitableSubject } from './errors.ts';
import { localReference } from './references.ts';
import type { OperationServices } from './services.ts';

/** Whom an operation is about. */
export interface Subjects {
  /** Logical ids of Patients, each once. */
  readonly patients: readonly string[];
  /** `Patient/x` or `Group/x`; null for all patients, or a Group that came with the request without an id. */
  readonly reference: string | null;
  /** True when the request names one Patient. */
  readonly single: boolean;
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
  if (subject !== null && subjectGroup !== null)
    throw invalidArgument('subjectGroup', 'cannot be used with subject', 'invalid');
  if (subject !== null) {
    const { type, id } = localReference('subject', subject, ['Patient', 'Group'], baseUrl);
    const { content } = await readResource(services.database, tenant, type, id);
    if (type === 'Patient') return { patients: [id], reference: `Patient/${id}`, single: true };
    const members = await groupMembers(JSON.parse(content ?? '{}'), tenant, baseUrl, services);
    return { patients: await restrict(members, providers, tenant, services), reference: `Group/${id}`, single: false };
  }
  if (subjectGroup !== null) {
    const members = await groupMembers(subjectGroup, tenant, baseUrl, services);
    const reference = subjectGroup.id === undefined ? null : `Group/${subjectGroup.id}`;
    return { patients: await restrict(members, providers, tenant, services), reference, single: false };
  }
  const all = providers.length === 0 ? await services.findIds(tenant, 'Patient', '') : null;
  return { patients: all ?? (await restrict(null, providers, tenant, services)), reference: null, single: false };
}

interface GroupMember {
  readonly inactive?: boolean;
  readonly entity?: { readonly reference?: string };
}

/** Members of a Group and of the Groups in it, without the inactive ones. */
async function groupMembers(
  group: FhirResource,
  tenant: string,
  baseUrl: string,
  services: OperationServices,
  seen: ReadonlySet<string> = new Set(),
): Promise<readonly string[]> {
  const label = group.id === undefined ? 'The Group' : `Group/${group.id}`;
  if (group.type !== undefined && group.type !== 'person')
    throw new UnsuitableSubject(`${label} is of type ${String(group.type)}: measures are evaluated for persons`);
  if (group.actual === false)
    throw new UnsuitableSubject(`${label} describes its members by characteristics: list them in Group.member`);
  const members = (Array.isArray(group.member) ? group.member : []) as readonly GroupMember[];
  const patients = new Set<string>();
  for (const { inactive, entity } of members) {
    if (inactive === true || entity?.reference === undefined) continue;
    const { type, id } = localReference('subject', entity.reference, ['Patient', 'Group'], baseUrl);
    if (type === 'Patient') patients.add(id);
    else if (!seen.has(id)) {
      const { content } = await readResource(services.database, tenant, 'Group', id);
      const inner = await groupMembers(JSON.parse(content ?? '{}'), tenant, baseUrl, services, new Set([...seen, id]));
      for (const patient of inner) patients.add(patient);
    }
  }
  return [...patients];
}

async function restrict(
  patients: readonly string[] | null,
  providers: readonly (readonly string[])[],
  tenant: string,
  services: OperationServices,
): Promise<readonly string[]> {
  let left = patients;
  for (const references of providers) {
    const own = await patientsOf(references, tenant, services);
    left = left === null ? [...own] : left.filter((patient) => own.has(patient));
  }
  return left ?? [];
}

/** Patients of any of the providers. A practitioner's roles, and the practitioner behind a role, count as the same. */
async function patientsOf(
  references: readonly string[],
  tenant: string,
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
  return new Set(found.flat());
}
