import type { Bundle } from '@medplum/fhirtypes';
import { uuidOf } from '../../bundles/index.ts';
import { subscriptionStatus } from '../connectors/notification.ts';
import { type SubscriptionRow, subscriptionRows } from '../gaps/subscriptions/subscription-row.ts';
import { readResource } from '../store/read.ts';
import { defineOperation, type OperationContext } from './operation.ts';
import type { OperationServices } from './services.ts';

const guide = 'http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition';

/** Subscriptions R5 Backport: the status of one, several or all subscriptions. */
export const subscriptionStatusOperation = defineOperation({
  code: 'status',
  resources: ['Subscription'],
  levels: ['type', 'instance'],
  definition: `${guide}/backport-subscription-status`,
  title: 'Status of subscriptions',
  description: 'How far each subscription is, and what keeps it from going on.',
  scopes: [{ type: 'Subscription', permission: 'r' }],
  safe: true,
  input: {
    id: { type: 'id*', documentation: 'At type level: only these. Without it, all.' },
    status: {
      type: 'code*',
      documentation: 'At type level: only subscriptions with one of these statuses.',
      codes: { requested: [], active: [], error: [], off: [] },
    },
  },
  async run({ id, status }, context, services): Promise<Bundle> {
    const rows = await rowsOf(id, status, context, services);
    const { baseUrl } = context;
    return {
      resourceType: 'Bundle',
      id: uuidOf('subscription-statuses', context.requestId),
      type: 'searchset',
      timestamp: context.now.toISOString(),
      total: rows.length,
      ...(rows.length > 0 && {
        entry: rows.map((row) => {
          const resource = subscriptionStatus({ ...row, baseUrl }, 'query-status', row.lastNumber);
          return { fullUrl: `urn:uuid:${resource.id}`, resource, search: { mode: 'match' as const } };
        }),
      }),
    };
  },
});

async function rowsOf(
  ids: readonly string[],
  statuses: readonly string[],
  context: OperationContext,
  { database }: OperationServices,
): Promise<SubscriptionRow[]> {
  const { tenant, resourceId } = context;
  if (resourceId !== null) return [await subscriptionAt(context, database)];
  const rows = await subscriptionRows(database, tenant, ids.length === 0 ? null : ids);
  return statuses.length === 0 ? rows : rows.filter(({ status }) => statuses.includes(status));
}

/**
 * The subscription of the URL.
 *
 * @throws ResourceNotFound, ResourceDeleted
 */
export async function subscriptionAt(
  { tenant, resourceId }: OperationContext,
  database: OperationServices['database'],
): Promise<SubscriptionRow> {
  const id = resourceId ?? '';
  await readResource(database, tenant, 'Subscription', id);
  const [row] = await subscriptionRows(database, tenant, [id]);
  if (row === undefined) throw new IdleSubscription(`Subscription/${id} is not at work: PUT it once more`);
  return row;
}

/** A Subscription that came in by a way that does not put it to work. */
export class IdleSubscription extends Error {
  override readonly name = 'IdleSubscription';
}
