import { requireScope } from '../auth/scopes.ts';
import type { RequestContext } from '../context.ts';
import type { Transaction } from '../db/database.ts';
import type { StoredResource } from '../db/stored-resource.ts';
import { applyEntries } from '../store/apply-entries.ts';
import { InvalidRequest, MalformedJson } from '../store/errors.ts';
import { parseExact } from '../store/exact-json.ts';
import { checkType } from '../store/validate.ts';
import type { FhirRequest } from './interaction.ts';

/**
 * Header X-Provenance (R4 provenance.html#header): a Provenance without targets, in JSON. It is stored in the
 * transaction of the change, with every version that was written as a target.
 *
 * @throws InvalidRequest, InvalidResource, ForbiddenByScope
 */
export async function storeProvenance(
  sql: Transaction,
  { headers }: Pick<FhirRequest, 'headers'>,
  context: RequestContext,
  written: readonly StoredResource[],
): Promise<void> {
  const header = headers['x-provenance'];
  if (header === undefined || written.length === 0) return;
  requireScope(context.scopes, 'Provenance', 'c');
  const provenance = readHeader(header);
  const target = written.map(({ type, id, version }) => ({ reference: `${type}/${id}/_history/${version}` }));
  const entry = {
    method: 'POST',
    type: 'Provenance',
    resource: { ...provenance, target },
    fullUrl: null,
    ifNoneExist: null,
  } as const;
  await applyEntries({ transaction: (work) => work(sql) }, context.tenant, [entry], { baseUrl: context.baseUrl });
}

function readHeader(header: string): object {
  try {
    const provenance = parseExact(header);
    checkType(provenance, 'Provenance');
    return provenance;
  } catch (error) {
    if (!(error instanceof MalformedJson)) throw error;
    throw new InvalidRequest(`The header X-Provenance must be a Provenance resource in JSON. ${error.message}`);
  }
}
