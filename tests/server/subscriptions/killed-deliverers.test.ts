import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { type Database, openDatabase } from '../../../server/db/database.ts';
import { freshDatabaseUrl, silent } from '../../support/database.ts';
import { type Api, openApi } from '../interactions/api.ts';
import { openReceiver, type Receiver } from './receiver.ts';
import { deliverer, loopback, range, subscription, tell } from './subscribers.ts';

const script = fileURLToPath(new URL('deliverer-process.ts', import.meta.url));

describe('Deliverers that are killed', () => {
  let url: string;
  let database: Database;
  let api: Api;
  let receiver: Receiver;
  let children: ChildProcess[] = [];

  beforeEach(async () => {
    url = await freshDatabaseUrl();
    database = openDatabase({ connectionString: url, log: silent });
    api = openApi(database);
    Object.assign(api.services, { endpoints: loopback });
    receiver = await openReceiver();
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    children = [];
    await receiver.close();
    await api.audit.close();
    await database.close();
  });

  const start = (): void => {
    children.push(spawn(process.execPath, [script, url], { stdio: 'ignore', env: { PATH: process.env.PATH } }));
  };

  /** What a subscriber may rely on, whatever happened: every number once it drops what it has seen, and in order. */
  async function expectExactly(count: number): Promise<void> {
    const accepted = receiver.accepted();
    expect(new Set(accepted)).toEqual(new Set(range(1, count)));
    let last = 0;
    for (const number of accepted) {
      expect(number).toBeLessThanOrEqual(last + 1);
      last = Math.max(last, number);
    }
    const focus = new Map<number, Set<string>>();
    for (const { numbers, focus: told } of receiver.events())
      for (const [position, number] of numbers.entries())
        focus.set(number, (focus.get(number) ?? new Set()).add(told[position] ?? ''));
    expect([...focus.values()].filter((each) => each.size !== 1)).toEqual([]);
    expect(new Set([...focus.values()].flatMap((each) => [...each])).size).toBe(count);
    const { rows } = await database.query<{ number: number }>('SELECT number FROM subscription_event ORDER BY number');
    expect(rows.map(({ number }) => number)).toEqual(range(1, count));
  }

  it('leave the next to send the same numbers again: processes, by SIGKILL, before and after the endpoint answered', async () => {
    let kills = 0;
    const killOne = (): void => {
      const child = children.shift();
      child?.kill('SIGKILL');
      kills += 1;
      start();
    };
    receiver.answer = async (response, { numbers }, position) => {
      const [number = 0] = numbers;
      if (number > 0 && position % 9 === 0) killOne();
      response.writeHead(position % 13 === 0 ? 500 : 200).end();
      if (number > 0 && position % 11 === 0) killOne();
    };
    start();
    start();
    await api.send('PUT', 'Subscription/s', subscription(receiver.url, { maxCount: 3, timeout: 1 }));
    for (const batch of range(1, 30)) {
      await tell(
        database,
        range(1, 5).map((n) => ({ patient: `p${batch}-${n}` })),
      );
      await sleep(30);
    }
    await receiver.until(() => new Set(receiver.accepted()).size === 150, 'all events', 120_000);
    expect(kills).toBeGreaterThan(5);
    await expectExactly(150);
  }, 150_000);

  it('or replaced, or refused, or without their claim, in any order: numbers are 1 to n', async () => {
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
        await expectExactly(told);
      }),
      { numRuns: 12 },
    );
  }, 120_000);
});
