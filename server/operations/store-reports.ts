import type { Resource } from '@medplum/fhirtypes';
import type { Reporter } from '../../bundles/index.ts';
import { auditEvent } from '../auth/audit.ts';
import { requireScope } from '../auth/scopes.ts';
import type { Sql } from '../db/database.ts';
import { applyEntries } from '../store/apply-entries.ts';
import { ResourceNotFound } from '../store/errors.ts';
import { readResource } from '../store/read.ts';
import type { OperationContext } from './operation.ts';
import type { OperationServices } from './services.ts';

/**
 * Stores what an operation made, in one transaction, under the ids that it has: the same report, calculated again,
 * becomes a new version of the stored one. Lists, Observations and individual reports go with a report, so that every
 * count leads to its subjects. The reporter is stored only when there is none with its id: a request must not change an
 * Organization by naming it.
 *
 * @throws ForbiddenByScope unless the caller may update each of the types
 */
export async function storeReports(
  operation: string,
  made: readonly Resource[],
  reporter: Reporter,
  context: OperationContext,
  { database }: OperationServices,
): Promise<void> {
  const resources = (await isStored(reporter, context, database)) ? made : [...made, reporter];
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
    baseUrl: context.baseUrl,
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

async function isStored({ resourceType, id = '' }: Reporter, { tenant }: OperationContext, sql: Sql): Promise<boolean> {
  try {
    await readResource(sql, tenant, resourceType, id);
    return true;
  } catch (error) {
    if (error instanceof ResourceNotFound) return false;
    throw error;
  }
}

/** How many resources are stored in one transaction where an answer is delivered piece by piece. */
const resourcesAtOnce = 500;

/**
 * Stores reports as they are made: all in one transaction where the answer is given whole, by the hundreds where it is
 * delivered piece by piece.
 */
export class ReportsToStore {
  readonly #wanted: boolean;
  readonly #store: (made: readonly Resource[]) => Promise<void>;
  readonly #atOnce: number;
  #waiting = new Map<string, Resource>();

  constructor(
    wanted: boolean,
    operation: string,
    reporter: Reporter,
    context: OperationContext,
    services: OperationServices,
  ) {
    this.#wanted = wanted;
    this.#atOnce = context.deliver === undefined ? Number.POSITIVE_INFINITY : resourcesAtOnce;
    this.#store = (made) => storeReports(operation, made, reporter, context, services);
  }

  async add(made: readonly Resource[]): Promise<void> {
    if (!this.#wanted) return;
    for (const resource of made) this.#waiting.set(`${resource.resourceType}/${resource.id}`, resource);
    if (this.#waiting.size >= this.#atOnce) await this.end();
  }

  /** Stores what still waits. */
  async end(): Promise<void> {
    const made = [...this.#waiting.values()];
    this.#waiting = new Map();
    if (this.#wanted) await this.#store(made);
  }
}
