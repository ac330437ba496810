import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Database, openDatabase } from '../../server/db/database.ts';
import { type Api, openApi } from '../server/interactions/api.ts';
import { expectExactly } from '../server/subscriptions/exactly.ts';
import { openReceiver, type Receiver } from '../server/subscriptions/receiver.ts';
import { loopback, range, subscription, tell } from '../server/subscriptions/subscribers.ts';
import { freshDatabaseUrl, silent } from '../support/database.ts';

const script = fileURLToPath(new URL('../server/subscriptions/deliverer-process.ts', import.meta.url));

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
      if (number > 0 && position % 23 === 0) killOne();
      response.writeHead(position % 13 === 0 ? 500 : 200).end();
      if (number > 0 && position % 29 === 0) killOne();
    };
    start();
    start();
    await api.send('PUT', 'Subscription/s', subscription(receiver.url, { maxCount: 3, timeout: 1 }));
    for (const batch of range(1, 25)) {
      await tell(
        database,
        range(1, 5).map((n) => ({ patient: `p${batch}-${n}` })),
      );
      await sleep(30);
    }
    await receiver.until(() => new Set(receiver.accepted()).size === 125, 'all events', 120_000);
    expect(kills).toBeGreaterThan(2);
    await expectExactly(125, receiver, database);
  }, 150_000);
});
