import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, openDatabase } from '../../../server/db/database.ts';
import { type Listener, listen, notifier } from '../../../server/db/listener.ts';
import { freshDatabaseUrl, silent } from '../../support/database.ts';

let database: Database;
let connectionString: string;
let listener: Listener;
let heard = 0;
beforeAll(async () => {
  connectionString = await freshDatabaseUrl();
  database = openDatabase({ connectionString, log: silent });
  listener = listen({ connectionString, channel: 'tests', log: silent, onNotice: () => (heard += 1) });
});
afterAll(async () => {
  await listener.close();
  await database.close();
});

async function hears(more: number): Promise<void> {
  for (const wanted = heard + more; heard < wanted; ) await sleep(5);
}

describe('A listener', () => {
  it('is told once it listens, as something may have happened before', async () => {
    await hears(1);
    expect(heard).toBe(1);
  });

  it('hears of many notices at once a few times only, and of the last', async () => {
    const notify = notifier(database, 'tests', silent);
    for (let n = 0; n < 100; n += 1) notify();
    await hears(2);
    const [first] = [heard];
    await sleep(200);
    expect(heard).toBe(first);
    notify();
    await hears(1);
  });

  it('hears nothing of other channels', async () => {
    const before = heard;
    notifier(database, 'others', silent)();
    await sleep(100);
    expect(heard).toBe(before);
  });

  it('listens again after its connection was ended, and is told so', async () => {
    const again = hears(1);
    const { rowCount } = await database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()`,
    );
    expect(rowCount).toBe(1);
    await again;
    notifier(database, 'tests', silent)();
    await hears(1);
  });

  it('leaves no connection behind, whether there was one or not', async () => {
    await listener.close();
    const { rows } = await database.query<{ n: number }>(
      `SELECT count(*) AS n FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()`,
    );
    expect(rows).toEqual([{ n: 0 }]);
    const nowhere = connectionString.replace(/host=[^&]*/, 'host=/nowhere');
    await listen({ connectionString: nowhere, channel: 'tests', log: silent, onNotice: () => {} }).close();
  });
});
