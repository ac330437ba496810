import type { FhirResource } from '../../../cql/index.ts';
import { nextStatus, type SubscriptionAct, type SubscriptionStatus } from '../../connectors/subscription-states.ts';
import type { Database } from '../../db/database.ts';
import { applyEntries } from '../../store/apply-entries.ts';
import { ResourceDeleted, ResourceNotFound } from '../../store/errors.ts';
import type { ClaimedSubscription } from './claims.ts';

/** A client changed the Subscription, or another took the claim over. */
class Superseded extends Error {
  override readonly name = 'Superseded';
}

/**
 * Changes the status of a claimed subscription, in its resource and at work, in one transaction.
 *
 * @param error what Subscription.error says; null for nothing
 * @returns the new status and version; null when the claim is lost or the Subscription was changed or removed meanwhile
 */
export async function changeStatus(
  database: Database,
  { tenant, id, status, version, claimedBy }: ClaimedSubscription,
  act: SubscriptionAct,
  error: string | null,
): Promise<{ readonly status: SubscriptionStatus; readonly version: number } | null> {
  const next = nextStatus(status, act);
  if (next === null) return null;
  let written = version;
  const patch = (current: FhirResource): FhirResource => {
    const { error: _, ...rest } = current;
    return { ...rest, status: next, ...(error !== null && { error }) };
  };
  try {
    await applyEntries(
      database,
      tenant,
      [{ method: 'PATCH', type: 'Subscription', id, criteria: null, ifMatch: null, patch }],
      {
        beforeCommit: async (sql, [applied]) => {
          written = applied?.stored?.version ?? version;
          const { rowCount } = await sql.query(
            `UPDATE subscription
             SET status = $5, version = $6, error = $7, failures = 0, slow = false,
                 due_at = CASE WHEN $5 = 'active' THEN now() END
             WHERE tenant = $1 AND id = $2 AND claimed_by = $3 AND version = $4`,
            [tenant, id, claimedBy, version, next, written, error],
          );
          if (rowCount === 0) throw new Superseded('the subscription is another than the one that was claimed');
        },
      },
    );
    return { status: next, version: written };
  } catch (failure) {
    const over =
      failure instanceof Superseded || failure instanceof ResourceDeleted || failure instanceof ResourceNotFound;
    if (over) return null;
    throw failure;
  }
}
