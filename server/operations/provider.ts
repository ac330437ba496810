import type { Reporter } from '../../bundles/index.ts';
import { uuidOf } from '../../bundles/index.ts';
import type { FhirResource } from '../../cql/index.ts';
import type { RequestContext } from '../context.ts';
import type { Sql } from '../db/database.ts';
import { ResourceNotFound } from '../store/errors.ts';
import { readResource } from '../store/read.ts';
import { invalidArgument } from './errors.ts';
import { localReference } from './references.ts';
import type { OperationServices } from './services.ts';

/** Who reports, and whose patients are meant. */
export interface Provider {
  readonly reporter: Reporter;
  /** For `resolveSubjects`: one list for each provider that the request names. */
  readonly restrictions: readonly (readonly string[])[];
}

export interface ProviderArguments {
  readonly provider: string | null;
  readonly providerResource: FhirResource | null;
  /** US names only: an Organization beside the practitioner. */
  readonly organization: string | null;
}

const types = ['Practitioner', 'PractitionerRole', 'Organization'] as const;

/**
 * Reads who reports. Without a provider, the server itself reports, as an Organization.
 *
 * @throws InvalidArguments, ResourceNotFound, ResourceDeleted
 */
export async function resolveProvider(
  { provider, providerResource, organization }: ProviderArguments,
  { tenant, baseUrl }: RequestContext,
  { database }: OperationServices,
): Promise<Provider> {
  if (providerResource !== null) {
    if (provider !== null) throw invalidArgument('providerResource', 'cannot be used with provider', 'invalid');
    if (!isReporter(providerResource)) throw invalidArgument('providerResource', `must be ${types.join(' or ')}`);
    const id = providerResource.id ?? uuidOf('provider', JSON.stringify(providerResource));
    const restriction = [`${providerResource.resourceType}/${id}`, ...containedPractitioners(providerResource)];
    return { reporter: { ...providerResource, id } as Reporter, restrictions: [restriction] };
  }
  const reporters: Reporter[] = [];
  for (const [argument, reference, allowed] of [
    ['provider', provider, types],
    ['organization', organization, ['Organization']],
  ] as const) {
    if (reference === null) continue;
    const { type, id } = localReference(argument, reference, allowed, baseUrl);
    const { content } = await readResource(database, tenant, type, id);
    reporters.push(JSON.parse(content ?? '{}') as Reporter);
  }
  return {
    reporter: reporters[0] ?? (await ownOrganization(tenant, database)),
    restrictions: reporters.map(({ resourceType, id }) => [`${resourceType}/${id}`]),
  };
}

/** The server as an Organization. An operator who stores Organization/gapless gives it the practice's own name. */
async function ownOrganization(tenant: string, sql: Sql): Promise<Reporter> {
  try {
    return JSON.parse((await readResource(sql, tenant, 'Organization', 'gapless')).content ?? '{}') as Reporter;
  } catch (error) {
    if (!(error instanceof ResourceNotFound)) throw error;
    return { resourceType: 'Organization', id: 'gapless', active: true, name: 'Gapless' };
  }
}

function isReporter({ resourceType }: FhirResource): boolean {
  return types.some((type) => type === resourceType);
}

/** An ad-hoc organisation brings its practitioners as contained PractitionerRoles (DEQM guidance, ad-hoc organizations). */
function containedPractitioners({ contained }: FhirResource): string[] {
  return (Array.isArray(contained) ? contained : []).flatMap((role: { practitioner?: { reference?: string } }) =>
    role.practitioner?.reference?.startsWith('Practitioner/') ? role.practitioner.reference : [],
  );
}
