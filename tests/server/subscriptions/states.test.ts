import {
  nextStatus,
  type SubscriptionAct,
  type SubscriptionStatus,
  subscriptionActs,
  subscriptionStatuses,
} from '../../../server/connectors/subscription-states.ts';
import { retryAfter, retryRules } from '../../../server/gaps/subscriptions/retries.ts';

describe('The status of a subscription', () => {
  const table: Readonly<Record<string, Partial<Record<SubscriptionAct, SubscriptionStatus>>>> = {
    none: { 'client-requests': 'requested', 'client-turns-off': 'off' },
    requested: {
      'client-requests': 'requested',
      'client-turns-off': 'off',
      'handshake-accepted': 'active',
      'gave-up': 'error',
      ended: 'off',
    },
    active: { 'client-requests': 'requested', 'client-turns-off': 'off', 'gave-up': 'error', ended: 'off' },
    error: { 'client-requests': 'requested', 'client-turns-off': 'off', ended: 'off' },
    off: { 'client-requests': 'requested', 'client-turns-off': 'off' },
  };
  const all = [null, ...subscriptionStatuses].flatMap((from) => subscriptionActs.map((act) => [from, act] as const));

  it.each(all)('%s, then %s', (from, act) => {
    expect(nextStatus(from, act)).toBe(table[from ?? 'none']?.[act] ?? null);
  });
});

describe('The pause after failures', () => {
  it('doubles up to five minutes, and ends after 16 failures or 5 of a handshake', () => {
    const middle = (failures: number) => retryAfter(failures, null, retryRules, () => 0.5);
    expect([1, 2, 3, 9, 10, 15].map(middle)).toEqual([1_000, 2_000, 4_000, 256_000, 300_000, 300_000]);
    expect(middle(16)).toBeNull();
    expect(retryAfter(5, null, { ...retryRules, attempts: retryRules.handshakeAttempts })).toBeNull();
  });

  it('lies between half and one and a half times that, and is never shorter than the endpoint asks', () => {
    expect(retryAfter(1, null, retryRules, () => 0)).toBe(500);
    expect(retryAfter(1, null, retryRules, () => 1)).toBe(1_500);
    expect(retryAfter(1, 60_000, retryRules)).toBe(60_000);
  });
});
