import type { OperationOutcomeIssue } from '@medplum/fhirtypes';
import type { FhirResource } from '../../cql/index.ts';
import type { MeasurementPeriod } from '../../measures/index.ts';
import type { RequestContext } from '../context.ts';
import { attributionDay } from '../gaps/attribution-on-day.ts';
import { dayIn } from '../gaps/practice-day.ts';
import { currentPatient } from '../gaps/remarks.ts';
import { readResource } from '../store/read.ts';
import { replacedPatients } from '../store/replaced-patients.ts';
import { invalidArgument } from './errors.ts';
import { groupMembers } from './group-members.ts';
import { restrictToProviders } from './patients-of-provider.ts';
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
  /** Members of the Group that are left out, each with the reason. */
  readonly leftOut: readonly OperationOutcomeIssue[];
}

export interface SubjectArguments {
  readonly subject: string | null;
  readonly subjectGroup: FhirResource | null;
  /** Whose patients are a provider's is told by date: on its last day that is over or begun; today without one. */
  readonly period?: MeasurementPeriod;
}

/**
 * The patients that a request names: one Patient, the members of a Group, or all. Providers restrict the latter two to
 * their own patients (patients-of-provider.ts); a Patient named by the request stays. A Patient that was merged stands for
 * the one that replaced it.
 *
 * @param providers `Practitioner/x`, `PractitionerRole/x`, `Organization/x`; empty when nothing restricts. Of several,
 *   a patient has to belong to each
 * @throws InvalidArguments, ResourceNotFound, ResourceDeleted, UnsuitableSubject
 */
export async function resolveSubjects(
  { subject, subjectGroup, period }: SubjectArguments,
  providers: readonly (readonly string[])[],
  context: RequestContext,
  services: OperationServices,
): Promise<Subjects> {
  const { tenant, baseUrl, now, timezone } = context;
  const today = dayIn(now, timezone);
  const on = attributionDay(period ?? { start: today, end: today }, today);
  const ofProviders = (patients: readonly string[] | null): Promise<readonly string[]> =>
    restrictToProviders(patients, providers, on, context, services);
  const ofGroup = async (group: FhirResource, reference: string | null): Promise<Subjects> => {
    const members = await groupMembers(group, tenant, baseUrl, services);
    const patients = await ofProviders([...members.patients]);
    return { patients, reference, single: false, leftOut: members.leftOut };
  };
  if (subject !== null && subjectGroup !== null)
    throw invalidArgument('subjectGroup', 'cannot be used with subject', 'invalid');
  if (subject !== null) {
    const { type, id } = localReference('subject', subject, ['Patient', 'Group'], baseUrl);
    const { content } = await readResource(services.database, tenant, type, id);
    if (type === 'Patient') {
      const current = (await currentPatient(services.database, tenant, id)) ?? id;
      return { patients: [current], reference: `Patient/${current}`, single: true, leftOut: [] };
    }
    return ofGroup(JSON.parse(content ?? '{}'), `Group/${id}`);
  }
  if (subjectGroup !== null) {
    return ofGroup(subjectGroup, subjectGroup.id === undefined ? null : `Group/${subjectGroup.id}`);
  }
  const all = providers.length === 0 ? await services.findIds(tenant, 'Patient', '') : await ofProviders(null);
  const replaced = await replacedPatients(services.database, tenant);
  const patients = replaced.size === 0 ? all : all.filter((id) => !replaced.has(id));
  return { patients, reference: null, single: false, leftOut: [] };
}
