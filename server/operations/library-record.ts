import type { FhirResource } from '../../cql/index.ts';
import { requireScope } from '../auth/scopes.ts';
import { loadPatientRecords } from '../store/patient-record.ts';
import { readResource } from '../store/read.ts';
import type { RawParameter } from './arguments.ts';
import { invalidArgument } from './errors.ts';
import type { OperationContext } from './operation.ts';
import { localReference } from './references.ts';
import type { OperationServices } from './services.ts';

export interface RecordArguments {
  readonly subject: string | null;
  readonly useServerData: boolean | null;
  readonly data: FhirResource | null;
  readonly prefetchData: readonly (readonly RawParameter[])[];
}

export interface LibraryRecord {
  /** Logical id; null when there is no subject. */
  readonly patient: string | null;
  /** JSON texts; exactly one Patient among them. */
  readonly resources: readonly string[];
}

/** What is evaluated where nothing of it is read. */
const nobody: LibraryRecord = {
  patient: null,
  resources: [JSON.stringify({ resourceType: 'Patient', id: 'nobody' })],
};

/**
 * The record that an evaluation reads: the request's own data first, then the server's, without data that says that it
 * is another patient's. Without a subject, the only Patient of the request's data is meant.
 *
 * @param retrieved types that the expressions can retrieve; the caller's scopes must allow reading them
 * @throws InvalidArguments, ResourceNotFound, ForbiddenByScope
 */
export async function libraryRecord(
  args: RecordArguments,
  retrieved: readonly string[],
  context: OperationContext,
  { database }: OperationServices,
): Promise<LibraryRecord> {
  const { subject, useServerData, data, prefetchData } = args;
  if (data !== null && prefetchData.length > 0)
    throw invalidArgument('prefetchData', 'cannot be used with data', 'invalid');
  const given = [data, ...prefetchData.map(bundleOf)].flatMap(resourcesOf);
  const patients = given.filter(({ resourceType }) => resourceType === 'Patient');
  const patient =
    subject === null
      ? patients.length === 1
        ? (patients[0]?.id ?? 'nobody')
        : null
      : localReference('subject', subject, ['Patient'], context.baseUrl).id;
  if (patient === null) {
    if (retrieved.length === 0) return nobody;
    throw invalidArgument('subject', `is required: the expressions read ${retrieved.join(', ')}`, 'required');
  }
  const own = given.filter((resource) => isOf(resource, patient));
  const hasPatient = own.some(({ resourceType }) => resourceType === 'Patient');
  const fromServer = useServerData !== false && subject !== null;
  if (!fromServer && !hasPatient)
    throw invalidArgument(
      'data',
      `has no Patient/${patient}, and the data of the server are not to be used`,
      'invalid',
    );
  if (!fromServer) return { patient, resources: own.map((resource) => JSON.stringify(resource)) };
  for (const type of new Set(['Patient', ...retrieved])) requireScope(context.scopes, type, 'r');
  if (!hasPatient) await readResource(database, context.tenant, 'Patient', patient);
  const stored = (await loadPatientRecords(database, context.tenant, [patient], retrieved)).get(patient);
  const keys = new Set(own.map(({ resourceType, id }) => `${resourceType}/${id}`));
  const others = (stored?.contents ?? []).filter((text) => {
    const { resourceType, id }: FhirResource = JSON.parse(text);
    return !keys.has(`${resourceType}/${id}`);
  });
  return { patient, resources: [...own.map((resource) => JSON.stringify(resource)), ...others] };
}

function bundleOf(parts: readonly RawParameter[]): FhirResource | null {
  const other = parts.find(({ name }) => !['key', 'descriptor', 'data'].includes(name));
  if (other !== undefined) throw invalidArgument('prefetchData', `has no part ${other.name}`, 'not-supported');
  const bundle = parts.find(({ name }) => name === 'data')?.resource;
  if (bundle === undefined) return null;
  if (isResource(bundle) && bundle.resourceType === 'Bundle') return bundle;
  throw invalidArgument('prefetchData', 'its part data must be a Bundle');
}

function resourcesOf(bundle: FhirResource | null): FhirResource[] {
  const entries = Array.isArray(bundle?.entry) ? bundle.entry : [];
  return entries.flatMap(({ resource }: { resource?: unknown }) => (isResource(resource) ? [resource] : []));
}

/** Elements by which a resource says whose it is. */
const owners = ['subject', 'patient', 'beneficiary', 'individual', 'for'];

function isOf(resource: FhirResource, patient: string): boolean {
  if (resource.resourceType === 'Patient') return (resource.id ?? 'nobody') === patient;
  return owners.every((owner) => {
    const { reference } = (resource[owner] ?? {}) as { reference?: unknown };
    const [, id] = typeof reference === 'string' ? (/(?:^|\/)Patient\/([^/]+)/.exec(reference) ?? []) : [];
    return id === undefined || id === patient;
  });
}

function isResource(value: unknown): value is FhirResource {
  return typeof value === 'object' && value !== null && 'resourceType' in value;
}
