import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from '../log.ts';
import type { Sql } from './database.ts';

/** How soon a connection that broke is made again, in ms. */
const againMs = 1_000;
/** Notices are sent at most so often, in ms: many writes need one. */
const noticeMs = 50;

export interface ListenerSettings {
  readonly connectionString: string;
  /** Name of the channel: lower-case letters and underscores. */
  readonly channel: string;
  readonly log: Logger;
  /** Called for every notice, and after a connection was made, when notices may have been missed. */
  readonly onNotice: () => void;
}

export interface Listener {
  close(): Promise<void>;
}

/**
 * Listens to a channel of PostgreSQL on a connection of its own, which is made again whenever it breaks. A notice is a
 * hint that may get lost (and does behind a pooler that shares connections between transactions): whoever listens also
 * looks by itself now and then.
 */
export function listen({ connectionString, channel, log, onNotice }: ListenerSettings): Listener {
  const closing = new AbortController();
  let current: pg.Client | null = null;

  /** Resolves when the connection has ended. */
  async function hear(): Promise<void> {
    const client = new pg.Client({
      connectionString,
      application_name: 'gapless',
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
    });
    current = client;
    const ended = new Promise<void>((done) => {
      client.once('end', done);
      client.on('error', () => done()); // says no more than that the connection broke
    });
    client.on('notification', onNotice);
    try {
      await client.connect();
      await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
      onNotice();
      await ended;
    } finally {
      current = null;
      await client.end().catch(() => {}); // of a connection that is broken already
    }
  }

  const running = (async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await hear().catch(({ name }: Error) => log.debug('notices are not heard for the moment', { reason: name }));
      await sleep(againMs, undefined, { signal: closing.signal, ref: false }).catch(() => {}); // closed meanwhile
    }
  })();
  return {
    async close() {
      closing.abort();
      await current?.end().catch(() => {}); // it may be broken
      await running;
    },
  };
}

/** A function that sends a notice to whoever listens to the channel: at once, and then at most one each 50 ms. */
export function notifier(sql: Sql, channel: string, log: Logger): () => void {
  let resting = false;
  let wanted = false;
  const send = (): void => {
    if (resting) {
      wanted = true;
      return;
    }
    resting = true;
    sql.query('SELECT pg_notify($1, $2)', [channel, '']).catch(({ name }: Error) => {
      log.debug('a notice was not sent', { reason: name });
    });
    const timer = setTimeout(() => {
      resting = false;
      if (!wanted) return;
      wanted = false;
      send();
    }, noticeMs);
    timer.unref();
  };
  return send;
}
