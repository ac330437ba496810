/** R4 Subscription.status. */
export type SubscriptionStatus = 'requested' | 'active' | 'error' | 'off';

/**
 * What happens to a subscription. `client-requests`: a client created or updated it with the status requested or active.
 * `gave-up`: the endpoint was tried for as long as we do, or cannot be used at all. `ended`: its end has come.
 */
export type SubscriptionAct = 'client-requests' | 'client-turns-off' | 'handshake-accepted' | 'gave-up' | 'ended';

export const subscriptionActs: readonly SubscriptionAct[] = [
  'client-requests',
  'client-turns-off',
  'handshake-accepted',
  'gave-up',
  'ended',
];
export const subscriptionStatuses: readonly SubscriptionStatus[] = ['requested', 'active', 'error', 'off'];

/** R4 subscription.html#status and Subscriptions R5 Backport, workflow.html. What no row says does not happen. */
const table: readonly (readonly [from: SubscriptionStatus | null, act: SubscriptionAct, to: SubscriptionStatus])[] = [
  [null, 'client-requests', 'requested'],
  [null, 'client-turns-off', 'off'],
  ['requested', 'client-requests', 'requested'],
  ['requested', 'client-turns-off', 'off'],
  ['requested', 'handshake-accepted', 'active'],
  ['requested', 'gave-up', 'error'],
  ['requested', 'ended', 'off'],
  ['active', 'client-requests', 'requested'],
  ['active', 'client-turns-off', 'off'],
  ['active', 'gave-up', 'error'],
  ['active', 'ended', 'off'],
  ['error', 'client-requests', 'requested'],
  ['error', 'client-turns-off', 'off'],
  ['error', 'ended', 'off'],
  ['off', 'client-requests', 'requested'],
  ['off', 'client-turns-off', 'off'],
];

/** @param from null: there is none yet. @returns null when the act means nothing in that status */
export function nextStatus(from: SubscriptionStatus | null, act: SubscriptionAct): SubscriptionStatus | null {
  return table.find(([status, on]) => status === from && on === act)?.[2] ?? null;
}
