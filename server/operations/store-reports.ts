import type { Resource } from '@medplum/fhirtypes';
import { auditEvent } from '../auth/audit.ts';
import { requireScope } from '../auth/scopes.ts';
import { applyEntries } from '../store/apply-entries.ts';
import type { OperationContext } from './operation.ts';
import type { OperationServices } from './services.ts';

/**
 * Stores what an operation made, in one transaction, under the ids that it has: the same report, calculated again,
 * becomes a new version of the stored one. Lists, Observations and individual reports go with a report, so that every
 * count leads to its subjects.
 *
 * @throws ForbiddenByScope unless the caller may update each of the types
 */
export async function storeReports(
  operation: string,
  resources: readonly Resource[],
  context: OperationContext,
  { database }: OperationServices,
): Promise<void> {
  for (const type of new Set(resources.map(({ resourceType }) => resourceType)))
    requireScope(context.scopes, type, 'u');
  const entries = resources.map((resource) => ({
    method: 'PUT' as const,
    type: resource.resourceType,
    id: resource.id ?? null,
    criteria: null,
    ifMatch: null,
    ifNoneMatch: null,
    fullUrl: null,
    resource,
  }));
  await applyEntries(database, context.tenant, entries, {
    dangling: 'keep',
    audit: (applied) =>
      auditEvent(
        context,
        {
          action: 'U',
          interaction: `$${operation}`,
          resources: applied.flatMap(({ stored }) => (stored === null ? [] : [stored])),
          query: null,
        },
        new Date(),
      ),
  });
}
