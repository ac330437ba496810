import type { PoolClient } from 'pg';
import type { Database } from '../../../server/db/database.ts';

/** Name of the statement by which a write puts its patients on the change feed (server/store/feed.ts). */
const feedStatement = 'store.feedChanges';

/** Writes with and without the feed in turns, on one server: without it, its statement is not sent at all. */
export class FeedSwitch {
  on = true;
  /** How often the statement was kept back: a renamed one must not go unnoticed. */
  withheld = 0;

  constructor({ pool }: Pick<Database, 'pool'>) {
    const switched = new WeakSet<PoolClient>();
    pool.on('acquire', (client) => {
      if (switched.has(client)) return;
      switched.add(client);
      const query = client.query.bind(client) as (...given: readonly unknown[]) => unknown;
      const guarded = (...given: readonly unknown[]): unknown => {
        const [asked] = given;
        const isFeed = typeof asked === 'object' && asked !== null && 'name' in asked && asked.name === feedStatement;
        if (!isFeed || this.on) return query(...given);
        this.withheld += 1;
        return Promise.resolve({ rows: [], rowCount: 0 });
      };
      client.query = guarded as PoolClient['query'];
    });
  }
}
