import { auditEvent } from '../auth/audit.ts';
import type { RequestContext } from '../context.ts';
import type { Transaction } from '../db/database.ts';
import type { StoredResource } from '../db/stored-resource.ts';
import type { MergeOptions } from '../gaps/merging/merge-patients.ts';
import { applyEntries } from '../store/apply-entries.ts';
import { listChange } from './attribution-answers.ts';

export function mergeOptions(context: RequestContext, interaction: string): MergeOptions {
  return {
    baseUrl: context.baseUrl,
    by: context.actor.reference,
    at: context.now,
    groups: (groupId) => listChange(context, interaction, groupId, []),
  };
}

/**
 * Stores the Provenance of a merge or of its undoing, and the AuditEvent, in the transaction of the change.
 *
 * @param activity code of http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle
 * @param patients the versions of the two Patients that it made
 */
export async function recordMerge(
  sql: Transaction,
  context: RequestContext,
  activity: 'merge' | 'unmerge',
  patients: readonly Pick<StoredResource, 'type' | 'id' | 'version'>[],
): Promise<void> {
  const { tenant, actor, baseUrl, now } = context;
  const resource = {
    resourceType: 'Provenance',
    target: patients.map(({ id, version }) => ({ reference: `Patient/${id}/_history/${version}` })),
    recorded: now.toISOString(),
    activity: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle', code: activity }] },
    agent: [{ who: { reference: actor.reference, display: actor.display } }],
  };
  const entry = { method: 'POST', type: 'Provenance', resource, fullUrl: null, ifNoneExist: null } as const;
  await applyEntries({ transaction: (work) => work(sql) }, tenant, [entry], {
    baseUrl,
    audit: () =>
      auditEvent(
        context,
        {
          action: 'U',
          interaction: `$${activity}`,
          resources: patients.map(({ id, version }) => ({ type: 'Patient', id, version, patient: id })),
          query: null,
        },
        new Date(),
      ),
  });
}
