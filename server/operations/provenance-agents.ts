import type { Provenance, ProvenanceAgent } from '@medplum/fhirtypes';
import { ResourceDeleted, ResourceNotFound } from '../store/errors.ts';
import { readResource } from '../store/read.ts';
import type { OperationServices } from './services.ts';

/**
 * Who is responsible for versions, by the Provenance resources that clients stored about them. One that targets the
 * resource without a version counts for each of its versions.
 *
 * @param references `Type/id/_history/v`
 */
export async function agentsOf(
  tenant: string,
  references: readonly string[],
  { database, findIds }: Pick<OperationServices, 'database' | 'findIds'>,
): Promise<Map<string, ProvenanceAgent[]>> {
  const found = new Map<string, ProvenanceAgent[]>();
  if (references.length === 0) return found;
  const resources = [...new Set(references.map(unversioned))];
  const ids = await findIds(tenant, 'Provenance', `target=${resources.map(encodeURIComponent).join(',')}`);
  for (const id of ids) {
    const provenance = await read(tenant, id, database);
    const targets = (provenance?.target ?? []).map(({ reference = '' }) => reference);
    for (const reference of references)
      if (targets.some((target) => endsWith(target, reference) || endsWith(target, unversioned(reference))))
        found.set(reference, [...(found.get(reference) ?? []), ...(provenance?.agent ?? [])]);
  }
  return found;
}

function unversioned(reference: string): string {
  return reference.replace(/\/_history\/.*$/, '');
}

/** The reference itself, relative or absolute. */
function endsWith(target: string, reference: string): boolean {
  return target === reference || target.endsWith(`/${reference}`);
}

/** Null for one that was deleted meanwhile. */
async function read(tenant: string, id: string, database: OperationServices['database']): Promise<Provenance | null> {
  try {
    return JSON.parse((await readResource(database, tenant, 'Provenance', id)).content ?? 'null') as Provenance | null;
  } catch (error) {
    if (error instanceof ResourceDeleted || error instanceof ResourceNotFound) return null;
    throw error;
  }
}
