import type { RequestContext } from '../context.ts';
import { currentPatient } from '../gaps/remarks.ts';
import { ResourceNotFound } from '../store/errors.ts';
import { loadByReference } from '../store/patient-record.ts';
import { invalidArgument } from './errors.ts';
import { localReference } from './references.ts';
import type { OperationServices } from './services.ts';

export const memberArguments = {
  memberId: { type: 'token?', documentation: 'Identifier of the member: of the Patient, or of a Coverage.' },
  patientReference: { type: 'reference?', documentation: 'The member as Patient/x.' },
} as const;

export const providerArguments = {
  providerNpi: { type: 'token?', documentation: 'NPI of the attributed provider.' },
  providerReference: {
    type: 'reference?',
    documentation: 'The attributed provider as Practitioner/x, PractitionerRole/x or Organization/x.',
  },
} as const;

const providerTypes = ['Practitioner', 'PractitionerRole', 'Organization'] as const;
const npiSystem = 'http://hl7.org/fhir/sid/us-npi';

type Services = Pick<OperationServices, 'database' | 'findIds'>;

/**
 * The Patient whom a request means: by reference, or by the identifier of the Patient or of a Coverage. A Patient that was
 * merged stands for the one that replaced it.
 *
 * @throws InvalidArguments, ResourceNotFound
 */
export async function memberOf(
  { memberId, patientReference }: { readonly memberId: string | null; readonly patientReference: string | null },
  { tenant, baseUrl }: RequestContext,
  services: Services,
): Promise<string> {
  if (memberId !== null && patientReference !== null)
    throw invalidArgument('memberId', 'cannot be used with patientReference: one of them names the member', 'invalid');
  if (patientReference !== null) {
    const { id } = localReference('patientReference', patientReference, ['Patient'], baseUrl);
    const found = await currentPatient(services.database, tenant, id);
    if (found === null) throw new ResourceNotFound(`patientReference: Patient/${id} does not exist`);
    return found;
  }
  if (memberId === null)
    throw invalidArgument('memberId', 'is required, or patientReference: one of them names the member', 'required');
  const patients = await patientsWithIdentifier(memberId, tenant, services);
  const [patient] = patients;
  if (patient === undefined)
    throw new ResourceNotFound('memberId: no Patient and no Coverage has this identifier: store the Patient first');
  if (patients.length > 1)
    throw invalidArgument('memberId', `is the identifier of ${patients.length} Patients: use patientReference`);
  return patient;
}

/** Patients by an identifier, `system|value` or `value`, of their own or of a Coverage; each once, as what replaced it. */
export async function patientsWithIdentifier(
  token: string,
  tenant: string,
  { database, findIds }: Services,
): Promise<readonly string[]> {
  const query = `identifier=${encodeURIComponent(token)}`;
  const own = await findIds(tenant, 'Patient', query);
  const found = own.length > 0 ? own : await beneficiaries(await findIds(tenant, 'Coverage', query), tenant, database);
  const current = await Promise.all(found.map((id) => currentPatient(database, tenant, id)));
  return [...new Set(current.filter((id) => id !== null))];
}

async function beneficiaries(
  coverages: readonly string[],
  tenant: string,
  database: Services['database'],
): Promise<readonly string[]> {
  const found = await loadByReference(database, tenant, new Set(coverages.map((id) => `Coverage/${id}`)));
  return [...found.values()].flatMap(({ content }) => {
    const reference: unknown = JSON.parse(content).beneficiary?.reference;
    return /^Patient\/([A-Za-z0-9.-]{1,64})$/.exec(String(reference))?.[1] ?? [];
  });
}

/**
 * The provider whom a request means, as a reference; null when it names none.
 *
 * @throws InvalidArguments, ResourceNotFound
 */
export async function attributedProviderOf(
  asked: { readonly providerNpi: string | null; readonly providerReference: string | null },
  { tenant, baseUrl }: RequestContext,
  services: Services,
): Promise<string | null> {
  const { providerNpi, providerReference } = asked;
  if (providerNpi !== null && providerReference !== null)
    throw invalidArgument(
      'providerNpi',
      'cannot be used with providerReference: one of them names the provider',
      'invalid',
    );
  if (providerReference !== null) {
    const { type, id } = localReference('providerReference', providerReference, providerTypes, baseUrl);
    const reference = `${type}/${id}`;
    if (!(await loadByReference(services.database, tenant, new Set([reference]))).has(reference))
      throw new ResourceNotFound(`providerReference: ${reference} does not exist`);
    return reference;
  }
  return providerNpi === null ? null : providerWithNpi(providerNpi, tenant, services);
}

/** @throws InvalidArguments, ResourceNotFound */
export async function providerWithNpi(token: string, tenant: string, { findIds }: Services): Promise<string> {
  const value = token.slice(token.lastIndexOf('|') + 1);
  const system = token.includes('|') ? token.slice(0, token.lastIndexOf('|')) : npiSystem;
  for (const type of ['Practitioner', 'Organization']) {
    const [id, ...others] = await findIds(tenant, type, `identifier=${encodeURIComponent(`${system}|${value}`)}`);
    if (others.length > 0)
      throw invalidArgument('providerNpi', `is the NPI of ${others.length + 1} ${type}s: use providerReference`);
    if (id !== undefined) return `${type}/${id}`;
  }
  const check = /^\d{10}$/.test(value) ? '' : ', and an NPI has ten digits';
  throw new ResourceNotFound(
    `providerNpi: no Practitioner and no Organization has the NPI ${value}${check}: store the provider first`,
  );
}
