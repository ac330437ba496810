import type { RequestContext } from '../context.ts';
import {
  type AttributionDay,
  attributedPatients,
  attributionLists,
  patientsAttributedTo,
} from '../gaps/attribution-on-day.ts';
import { readResource } from '../store/read.ts';
import { groupMembers, innerGroup } from './group-members.ts';
import type { OperationServices } from './services.ts';

/**
 * Of the patients, or of all, those of each of the providers.
 *
 * @param providers one list for each provider that a request names; empty when nothing restricts
 */
export async function restrictToProviders(
  patients: readonly string[] | null,
  providers: readonly (readonly string[])[],
  on: AttributionDay,
  context: RequestContext,
  services: OperationServices,
): Promise<readonly string[]> {
  let left = patients;
  for (const references of providers) {
    const own = await patientsOf(references, on, context, services);
    left = left === null ? [...own] : left.filter((patient) => own.has(patient));
  }
  return left ?? [];
}

/**
 * Patients of any of the providers on a day. Attribution lists (Da Vinci ATR) say it: who is attributed to the provider, and
 * the members of lists that it manages. Patients whom no list attributes on that day are those of their
 * Patient.generalPractitioner and managingOrganization, and the members of other Groups that the provider manages. A
 * practitioner's roles, and the practitioner behind a role, count as the same.
 */
async function patientsOf(
  references: readonly string[],
  on: AttributionDay,
  { tenant, baseUrl }: RequestContext,
  services: OperationServices,
): Promise<ReadonlySet<string>> {
  const all = await withRoles(references, tenant, services);
  const listed = await patientsAttributedTo(services.database, tenant, all, on);
  const queries = [`general-practitioner=${all.join(',')}`];
  const organizations = all.filter((reference) => reference.startsWith('Organization/'));
  if (organizations.length > 0) queries.push(`organization=${organizations.join(',')}`);
  const found = await Promise.all(queries.map((query) => services.findIds(tenant, 'Patient', query)));
  const own = [...found.flat(), ...(await membersOfManaged(all, tenant, baseUrl, services))];
  const elsewhere = await attributedPatients(services.database, tenant, own, on);
  return new Set([...listed, ...own.filter((patient) => !elsewhere.has(patient))]);
}

async function withRoles(
  references: readonly string[],
  tenant: string,
  services: OperationServices,
): Promise<readonly string[]> {
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
  return [...all];
}

/** Members of Groups that one of the providers manages and that are no attribution lists. */
async function membersOfManaged(
  references: readonly string[],
  tenant: string,
  baseUrl: string,
  services: OperationServices,
): Promise<readonly string[]> {
  const query = `managing-entity=${references.join(',')}&type=person&actual=true`;
  const lists = await attributionLists(services.database, tenant);
  const patients: string[] = [];
  for (const id of await services.findIds(tenant, 'Group', query)) {
    const group = lists.has(id) ? null : await innerGroup(id, tenant, services);
    if (group !== null) patients.push(...(await groupMembers(group, tenant, baseUrl, services)).patients);
  }
  return patients;
}
