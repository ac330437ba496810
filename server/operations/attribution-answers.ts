import type { OperationOutcome } from '@medplum/fhirtypes';
import { auditEvent } from '../auth/audit.ts';
import type { RequestContext } from '../context.ts';
import type { ChangeGroupOptions } from '../store/change-group.ts';

export function informed(...diagnostics: readonly string[]): OperationOutcome {
  const issue = diagnostics.map((text) => ({
    severity: 'information' as const,
    code: 'informational' as const,
    diagnostics: text,
  }));
  return { resourceType: 'OperationOutcome', issue };
}

/** How an operation changes an attribution list: audited under its name, with the patients that it is about. */
export function listChange(
  context: RequestContext,
  interaction: string,
  groupId: string,
  patients: readonly string[],
): ChangeGroupOptions {
  return {
    baseUrl: context.baseUrl,
    audit: (applied) =>
      auditEvent(
        context,
        {
          action: 'U',
          interaction,
          resources: [
            { type: 'Group', id: groupId, version: applied[0]?.stored?.version ?? null, patient: '' },
            ...patients.map((patient) => ({ type: 'Patient', id: patient, version: null, patient })),
          ],
          query: null,
        },
        new Date(),
      ),
  };
}
