export interface RetryRules {
  /** Pause after the first failure, in ms; it doubles with each. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** After so many failures in a row the subscription is in error. */
  readonly attempts: number;
  /** The same for a handshake: whoever subscribes waits for it. */
  readonly handshakeAttempts: number;
}

/**
 * 16 attempts: 1, 2, 4, ... 256 and then each 300 seconds apart, some 40 minutes in all, give or take the jitter. A
 * handshake has 5, some 15 seconds.
 */
export const retryRules: RetryRules = { firstMs: 1_000, longestMs: 300_000, attempts: 16, handshakeAttempts: 5 };

/**
 * How long to wait after so many failures in a row: between half and one and a half times the pause, so that endpoints
 * that failed together do not come back together; never less than the endpoint asked for.
 *
 * @param askedMs what its Retry-After says; null for nothing
 * @param random between 0 and 1
 * @returns ms; null when it was tried often enough
 */
export function retryAfter(
  failures: number,
  askedMs: number | null,
  { firstMs, longestMs, attempts }: Omit<RetryRules, 'handshakeAttempts'>,
  random: () => number = Math.random,
): number | null {
  if (failures >= attempts) return null;
  const pause = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return Math.max(askedMs ?? 0, pause * (0.5 + random()));
}
