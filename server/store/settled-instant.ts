import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from '../db/database.ts';

const patienceMs = 20_000;
const pauseMs = 25;

/**
 * An instant up to which everything is committed: whoever reads what was last updated until then, and asks for what
 * changed since then the next time, misses nothing. A writer takes the instant of its changes some time before it
 * commits, so the writers that are under way now are waited for; when one takes too long, the instant lies before it.
 */
export async function settledInstant(sql: Sql, signal: AbortSignal): Promise<Date> {
  const now = new Date();
  const began = Date.now();
  const { rows } = await sql.query<{ at: Date }>('SELECT clock_timestamp() AS at');
  const threshold = rows[0]?.at ?? now;
  for (;;) {
    signal.throwIfAborted();
    const oldest = await oldestTransaction(sql, threshold);
    if (oldest === null) return now;
    if (Date.now() - began > patienceMs) return new Date(Math.min(now.getTime(), oldest.getTime() - 1));
    await sleep(pauseMs, undefined, { signal });
  }
}

async function oldestTransaction(sql: Sql, threshold: Date): Promise<Date | null> {
  const { rows } = await sql.query<{ oldest: Date | null }>(
    `SELECT min(xact_start) AS oldest FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'gapless' AND pid <> pg_backend_pid()
        AND state <> 'idle' AND xact_start <= $1::timestamptz + interval '1 millisecond'`,
    [threshold],
  );
  return rows[0]?.oldest ?? null;
}
