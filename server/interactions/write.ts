import { type Access, auditEvent } from '../auth/audit.ts';
import { endpointRules } from '../connectors/endpoint-addresses.ts';
import type { RequestContext } from '../context.ts';
import type { StoredResource } from '../db/stored-resource.ts';
import { type KeptAs, receiveSubscriptions } from '../gaps/subscriptions/client-terms.ts';
import { applyEntries } from '../store/apply-entries.ts';
import type { Applied, Entry } from '../store/entry.ts';
import { acceptRemarks } from './care-gap-remarks.ts';
import { checkUpdateType } from './data-submission.ts';
import type { AddressedRequest, FhirResponse, InteractionServices } from './interaction.ts';
import { storeProvenance } from './provenance-header.ts';
import { changeResponse } from './respond.ts';

/** Applies a single change with its AuditEvent, and answers it. */
export async function writeOne(
  entry: Entry,
  access: Pick<Access, 'action' | 'interaction'>,
  request: AddressedRequest,
  context: RequestContext,
  services: InteractionServices,
): Promise<FhirResponse> {
  const { database, check, collect } = services;
  const subscriptions = receiveSubscriptions([entry]);
  if ('resource' in entry) checkUpdateType(entry.resource);
  const [applied] = await applyEntries(database, context.tenant, subscriptions.entries, {
    baseUrl: context.baseUrl,
    audit: (all) => auditEvent(context, { ...access, resources: auditedOf(all), query: null }, new Date()),
    beforeCommit: async (sql, all) => {
      await check(sql, context.tenant, changedBy(all));
      await acceptRemarks(sql, context, changedBy(all));
      await storeProvenance(sql, request, context, changedBy(all));
      await subscriptions.keep(sql, all, subscribing(context, services));
    },
  });
  if (applied === undefined) throw new TypeError('one entry has one outcome');
  collect?.(changedBy([applied]));
  return changeResponse(applied, request, context.baseUrl);
}

/** How the Subscriptions of a request are put to work. */
export function subscribing(context: RequestContext, { endpoints }: InteractionServices): KeptAs {
  const { tenant, scopes, baseUrl, now } = context;
  return { tenant, scopes, baseUrl, now, rules: endpoints ?? endpointRules([]) };
}

/** The versions that a change made. */
export function changedBy(applied: readonly Applied[]): readonly StoredResource[] {
  return applied.flatMap(({ outcome, stored }) => (stored === null || outcome === 'unchanged' ? [] : [stored]));
}

export function auditedOf(applied: readonly Applied[]): Access['resources'] {
  return applied.flatMap(({ stored }) => (stored === null ? [] : [stored]));
}

/** The criteria of a conditional interaction: the query without what only shapes the answer. */
export function criteriaOf(query: URLSearchParams): string {
  const criteria = new URLSearchParams([...query].filter(([name]) => name !== '_format' && name !== '_pretty'));
  return criteria.toString();
}
