import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { Database } from '../../../server/db/database.ts';
import { freshDatabase } from '../../support/database.ts';
import { type Api, openApi } from '../interactions/api.ts';
import { expectExactly } from './exactly.ts';
import { openReceiver, type Receiver } from './receiver.ts';
import { deliverer, loopback, range, subscription, tell } from './subscribers.ts';

describe('Deliverers', () => {
  let database: Database;
  let api: Api;
  let receiver: Receiver;

  beforeEach(async () => {
    database = await freshDatabase();
    api = openApi(database);
    Object.assign(api.services, { endpoints: loopback });
    receiver = await openReceiver();
  });
  afterEach(async () => {
    await receiver.close();
    await api.audit.close();
    await database.close();
  });

  it('that are replaced, refused, or without their claim, in any order, deliver the numbers 1 to n', async () => {
    const step = fc.oneof(
      fc.record({ tell: fc.integer({ min: 1, max: 6 }) }),
      fc.constant({ steal: true }),
      fc.constant({ restart: true }),
      fc.record({ refuse: fc.integer({ min: 1, max: 3 }) }),
    );
    let id = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
        id += 1;
        await database.query('DELETE FROM subscription');
        await receiver.close();
        receiver = await openReceiver();
        let refusing = 0;
        receiver.answer = (response) => {
          refusing -= 1;
          response.writeHead(refusing >= 0 ? 503 : 200).end();
        };
        const settings = { claimMs: 100, retries: { firstMs: 10, longestMs: 30, attempts: 99, handshakeAttempts: 99 } };
        let running = [deliverer(database, settings), deliverer(database, settings)];
        const name = `s${id}`;
        await api.send(
          'PUT',
          `Subscription/${name}`,
          subscription(receiver.url, { id: name, timeout: 1, maxCount: 2 }),
        );
        let told = 0;
        for (const each of steps) {
          if ('tell' in each) {
            await tell(
              database,
              range(1, each.tell).map((n) => ({ patient: `p${told + n}` })),
            );
            told += each.tell;
          } else if ('refuse' in each) refusing = each.refuse;
          else if ('steal' in each)
            await database.query(
              `UPDATE subscription SET claimed_by = 'a thief', claimed_until = now() + interval '20 ms'`,
            );
          else {
            await Promise.all(running.map((one) => one.stop()));
            running = [deliverer(database, settings)];
          }
          await sleep(5);
        }
        await receiver.until(() => new Set(receiver.accepted()).size === told, `${told} events`);
        await Promise.all(running.map((one) => one.stop()));
        await expectExactly(told, receiver, database);
      }),
      { numRuns: 8 },
    );
  }, 120_000);
});
