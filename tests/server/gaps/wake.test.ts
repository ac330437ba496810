import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../../../server/db/database.ts';
import { listen, notifier } from '../../../server/db/listener.ts';
import { changeChannel } from '../../../server/gaps/change-feed.ts';
import { startGapWorker } from '../../../server/gaps/gap-worker.ts';
import { applyEntries } from '../../../server/store/apply-entries.ts';
import { silent } from '../../support/database.ts';
import { type LivePractice, livePractice, person, put, result, visit } from './live-practice.ts';

let practice: LivePractice;
beforeAll(async () => {
  practice = await livePractice(['Any']);
  await practice.write(put(person('p')), put(visit('p-v', 'p')));
  await practice.settle();
}, 180_000);
afterAll(() => practice?.close());

describe('A worker that looks for work once a minute', () => {
  it('looks at once when another process says that it writes, even before that is committed', async () => {
    const { database, catalogue, pool } = practice;
    const { connectionString = '' } = database.pool.options;
    const worker = startGapWorker({
      database,
      catalogue,
      pool,
      log: silent,
      now: () => practice.now,
      pollMs: 60_000,
    });
    let heard = 0;
    const onNotice = (): void => {
      heard += 1;
      worker.wake();
    };
    const listener = listen({ connectionString, channel: changeChannel, log: silent, onNotice });
    const writer = openDatabase({ connectionString, log: silent, max: 1 });
    try {
      while (heard === 0) await sleep(5);
      notifier(writer, changeChannel, silent)();
      while (heard === 1) await sleep(5);
      await practice.write(put(result('r', 'p', 'salt')));
      const began = performance.now();
      while ((await practice.statusOf('p', 'Any')) !== 'closed-gap') await sleep(10);
      expect(performance.now() - began).toBeLessThan(20_000);
    } finally {
      await writer.close();
      await listener.close();
      await worker.stop();
    }
  });
});

describe('A tenant without measures', () => {
  it('keeps no worker busy with a medication that changed', async () => {
    const entry = put({ resourceType: 'Medication', id: 'm', code: { text: 'x' } });
    await applyEntries(practice.database, 'empty', [entry], { dangling: 'keep' });
    const waiting = () => practice.database.query('SELECT tenant FROM outside_change');
    expect((await waiting()).rows).toEqual([{ tenant: 'empty' }]);
    await practice.settle();
    expect((await waiting()).rows).toEqual([]);
  });
});
