import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../../server/db/database.ts';
import type { Deliverer } from '../../../server/gaps/subscriptions/deliverer.ts';
import { freshDatabase } from '../../support/database.ts';
import { type Api, openApi } from '../interactions/api.ts';
import { accept, openReceiver, type Receiver } from './receiver.ts';
import { closed, deliverer, listChange, loopback, range, statusOf, subscription, tell, tenant } from './subscribers.ts';

describe('A subscriber', () => {
  let database: Database;
  let api: Api;
  let receiver: Receiver;
  let running: Deliverer[] = [];

  const run = (...settings: Parameters<typeof deliverer>[1][]): void => {
    running.push(...settings.map((each) => deliverer(database, each)));
  };
  const until = async (holds: () => Promise<boolean>, what: string): Promise<void> => {
    for (const end = Date.now() + 15_000; !(await holds()); await sleep(25))
      if (Date.now() > end) throw new Error(`in vain waited for ${what}`);
  };
  const isActive = (id = 's') => until(async () => (await statusOf(api, id)) === 'active', 'active');

  beforeEach(async () => {
    database = await freshDatabase();
    const open = openApi(database);
    api = { ...open, services: Object.assign(open.services, { endpoints: loopback }) };
    receiver = await openReceiver();
    running = [];
  });
  afterEach(async () => {
    await Promise.all(running.map((each) => each.stop()));
    await receiver.close();
    await api.audit.close();
    await database.close();
  });

  it('gets a handshake, then each event with the next number, and what it asked for in headers', async () => {
    run({});
    await api.send('PUT', 'Subscription/s', subscription(receiver.url, { headers: ['Authorization: Bearer abc'] }));
    await isActive();
    await tell(database, [{ patient: 'p1' }, { patient: 'p2', kind: 'gap-closed' }, { patient: 'p3' }]);
    await tell(database, [{ patient: 'p4' }]);
    await receiver.until(() => receiver.accepted().length === 3, 'three events');
    const [handshake, ...events] = receiver.received;
    expect(handshake).toMatchObject({ type: 'handshake', status: 'requested', total: 0, numbers: [] });
    expect(handshake?.bundle).toMatchObject({ resourceType: 'Bundle', type: 'history' });
    expect(events.every(({ type, status }) => type === 'event-notification' && status === 'active')).toBe(true);
    expect(receiver.accepted()).toEqual([1, 2, 3]);
    expect(events.at(-1)?.total).toBe(3);
    expect(receiver.received.map(({ headers }) => headers.authorization)).toEqual(
      receiver.received.map(() => 'Bearer abc'),
    );
    expect(events[0]?.focus[0]).toMatch(/^http:\/\/gapless.test\/fhir\/DetectedIssue\/[\da-f-]{36}$/);
  });

  it('gets events of before its handshake was accepted, and none of before it subscribed', async () => {
    await tell(database, [{ patient: 'before' }]);
    await api.send('PUT', 'Subscription/s', subscription(receiver.url));
    await tell(database, [{ patient: 'p1' }]);
    run({});
    await receiver.until(() => receiver.accepted().length === 1, 'one event');
    await sleep(100);
    expect(receiver.accepted()).toEqual([1]);
  });

  it('gets 1,000 events in order, as many at once as it allows, from several deliverers', async () => {
    run({}, {}, {});
    await api.send('PUT', 'Subscription/s', subscription(receiver.url, { maxCount: 7 }));
    await api.send(
      'PUT',
      'Subscription/t',
      subscription(receiver.url.replace('hook', 'other'), { id: 't', topic: closed }),
    );
    await isActive();
    for (let batch = 0; batch < 40; batch += 1)
      await tell(
        database,
        range(1, 25).map((n) => ({ patient: `p${n}` })),
      );
    await receiver.until(() => receiver.accepted().length >= 1_000, '1,000 events', 60_000);
    expect(receiver.accepted()).toEqual(range(1, 1_000));
    expect(Math.max(...receiver.events().map(({ numbers }) => numbers.length))).toBe(7);
  });

  it('gets the same number again when the deliverer died between sending and writing it down', async () => {
    run({ claimMs: 200 });
    await api.send('PUT', 'Subscription/s', subscription(receiver.url, { timeout: 1, maxCount: 1 }));
    await isActive();
    // A deliverer that dies as the endpoint answers: its connection to the database is gone.
    let died = false;
    receiver.answer = async (response, { numbers }) => {
      if (numbers[0] === 2 && !died) {
        died = true;
        await database.query(`UPDATE subscription SET claimed_by = 'another' WHERE tenant = $1`, [tenant]);
      }
      response.writeHead(204).end();
    };
    await tell(
      database,
      range(1, 4).map((n) => ({ patient: `p${n}` })),
    );
    await receiver.until(() => receiver.accepted().at(-1) === 4, 'the last event');
    expect(receiver.accepted()).toEqual([1, 2, 2, 3, 4]);
  });

  it.each<[string, number]>([
    ['500', 500],
    ['404', 404],
    ['401', 401],
  ])('that answers %s gets the event again, until it accepts it', async (_, status) => {
    run({});
    await api.send('PUT', 'Subscription/s', subscription(receiver.url));
    await isActive();
    receiver.answer = (response, _received, position) => {
      response.writeHead(position < 4 ? status : 200).end();
    };
    await tell(database, [{}]);
    await receiver.until(() => receiver.accepted().length === 1, 'the event');
    expect(receiver.events().map(({ numbers }) => numbers)).toEqual([[1], [1], [1]]);
    expect(await statusOf(api)).toBe('active');
  });

  it('that answers 429 is left alone for as long as it says', async () => {
    run({});
    await api.send('PUT', 'Subscription/s', subscription(receiver.url));
    await isActive();
    receiver.answer = (response, _received, position) => {
      response.writeHead(position === 2 ? 429 : 200, { 'retry-after': '1' }).end();
    };
    await tell(database, [{}]);
    await receiver.until(() => receiver.accepted().length === 1, 'the event');
    const [first, second] = receiver.events();
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it('that redirects is not followed, and told so', async () => {
    const elsewhere = await openReceiver();
    receiver.answer = (response) => {
      response.writeHead(307, { location: elsewhere.url }).end();
    };
    run({});
    await api.send('PUT', 'Subscription/s', subscription(receiver.url));
    await until(async () => (await statusOf(api)) === 'error', 'error');
    expect((await api.send('GET', 'Subscription/s')).json.error).toMatch(
      /answers with a redirect \(307\), and redirects are not followed: set channel.endpoint to where it leads; tried 3 times/,
    );
    expect(elsewhere.received).toEqual([]);
    await elsewhere.close();
  });

  it('that is slow or dead holds up no other', async () => {
    const good = await openReceiver();
    receiver.answer = async (response) => {
      await sleep(5_000, undefined, { ref: false });
      accept(response, receiver.received[0] as never, 0);
    };
    run({ retries: { firstMs: 40, longestMs: 200, attempts: 50, handshakeAttempts: 50 } });
    for (const n of range(1, 60))
      await api.send('PUT', `Subscription/slow-${n}`, subscription(receiver.url, { id: `slow-${n}`, timeout: 2 }));
    for (const n of range(1, 10))
      await api.send('PUT', `Subscription/dead-${n}`, subscription('http://127.0.0.1:9/', { id: `dead-${n}` }));
    await receiver.until(() => receiver.received.length >= 40, 'the slow ones to be waited for');
    const began = Date.now();
    await api.send('PUT', 'Subscription/good', subscription(good.url, { id: 'good' }));
    await isActive('good');
    await tell(
      database,
      range(1, 20).map((n) => ({ patient: `p${n}` })),
    );
    await good.until(() => good.accepted().length === 20, 'what the good one gets');
    expect(good.accepted()).toEqual(range(1, 20));
    // Once, while it is not known yet who is slow, their timeout; then their turns are apart.
    expect(Date.now() - began).toBeLessThan(4_500);
    await good.close();
  });

  it('that is dead for good is in error after so many tries, and goes on where it was once it asks again', async () => {
    run({});
    await api.send('PUT', 'Subscription/s', subscription(receiver.url));
    await isActive();
    receiver.answer = (response) => {
      response.writeHead(503).end();
    };
    await tell(database, [{ patient: 'p1' }, { patient: 'p2' }]);
    await until(async () => (await statusOf(api)) === 'error', 'error');
    expect(receiver.events()).toHaveLength(6);
    await tell(database, [{ patient: 'p3' }]);
    const { json } = await api.send('GET', 'Subscription/s');
    expect(json.error).toMatch(/answers with status 503; tried 6 times/);
    receiver.answer = accept;
    await expect(api.send('PUT', 'Subscription/s', json)).rejects.toThrow('only the server says error');
    await api.send('PUT', 'Subscription/s', { ...json, status: 'requested' });
    await receiver.until(() => receiver.accepted().length === 3, 'what was missed');
    expect(receiver.accepted()).toEqual([1, 2, 3]);
    await isActive();
    expect((await api.send('GET', 'Subscription/s')).json.error).toBeUndefined();
  });

  it('that answers 410 Gone is not tried again', async () => {
    receiver.answer = (response) => {
      response.writeHead(410).end();
    };
    run({});
    await api.send('PUT', 'Subscription/s', subscription(receiver.url));
    await until(async () => (await statusOf(api)) === 'error', 'error');
    expect(receiver.received).toHaveLength(1);
  });

  it('that removes its subscription while it is told gets nothing more', async () => {
    run({});
    await api.send('PUT', 'Subscription/s', subscription(receiver.url, { maxCount: 1 }));
    await isActive();
    receiver.answer = async (response, { numbers }) => {
      if (numbers[0] === 2) await api.send('DELETE', 'Subscription/s');
      response.writeHead(200).end();
    };
    await tell(
      database,
      range(1, 5).map((n) => ({ patient: `p${n}` })),
    );
    await receiver.until(() => receiver.accepted().includes(2), 'the second event');
    await sleep(300);
    expect(receiver.accepted()).toEqual([1, 2]);
    const { rows } = await database.query('SELECT 1 FROM subscription_event');
    expect(rows).toEqual([]);
  });

  it('that turns it off gets nothing, and counts on from there when it asks again', async () => {
    run({});
    await api.send('PUT', 'Subscription/s', subscription(receiver.url));
    await isActive();
    await tell(database, [{ patient: 'p1' }]);
    await receiver.until(() => receiver.accepted().length === 1, 'the first event');
    await api.send('PUT', 'Subscription/s', subscription(receiver.url, { status: 'off' }));
    await tell(database, [{ patient: 'p2' }]);
    await sleep(200);
    await api.send('PUT', 'Subscription/s', subscription(receiver.url));
    await isActive();
    await tell(database, [{ patient: 'p3' }]);
    await receiver.until(() => receiver.accepted().length === 2, 'the event after');
    expect(receiver.accepted()).toEqual([1, 2]);
  });

  it('is off when its end has come', async () => {
    run({});
    const end = new Date(Date.now() + 1_500).toISOString();
    await api.send('PUT', 'Subscription/s', subscription(receiver.url, { end }));
    await isActive();
    await until(async () => (await statusOf(api)) === 'off', 'off');
    await tell(database, [{}]);
    await sleep(200);
    expect(receiver.accepted()).toEqual([]);
  });

  it('gets heartbeats only if it asked for them, while nothing happens', async () => {
    run({});
    await api.send('PUT', 'Subscription/s', subscription(receiver.url, { heartbeat: 1 }));
    await api.send('PUT', 'Subscription/quiet', subscription(receiver.url, { id: 'quiet' }));
    await receiver.until(() => receiver.received.filter(({ type }) => type === 'heartbeat').length === 2, 'heartbeats');
    const beats = receiver.received.filter(({ type }) => type === 'heartbeat');
    expect(beats.every(({ bundle }) => JSON.stringify(bundle).includes('Subscription/s"'))).toBe(true);
    expect((beats[1]?.at ?? 0) - (beats[0]?.at ?? 0)).toBeGreaterThan(900);
  });

  it('of another tenant gets none of it', async () => {
    run({});
    await api.send('PUT', 'Subscription/s', subscription(receiver.url));
    await isActive();
    await tell(database, [{ patient: 'theirs' }], 'another');
    await tell(database, [{ patient: 'ours' }]);
    await receiver.until(() => receiver.accepted().length === 1, 'ours');
    await sleep(100);
    expect(receiver.accepted()).toEqual([1]);
    expect(JSON.stringify(receiver.received)).not.toContain('theirs');
  });

  it('of a list is told that the Group was made, changed and deleted', async () => {
    run({});
    const asked = { topic: listChange, filters: ['Group/roster'], content: 'full-resource', status: 'active' };
    await api.send('PUT', 'Subscription/s', subscription(receiver.url, asked));
    await isActive();
    const group = { resourceType: 'Group', type: 'person', actual: true };
    await api.send('PUT', 'Group/roster', { ...group, id: 'roster' });
    await api.send('PUT', 'Group/other', { ...group, id: 'other' });
    await receiver.until(() => receiver.accepted().length === 1, 'the first change');
    await api.send('PUT', 'Group/roster', { ...group, id: 'roster', name: 'Ours' });
    await receiver.until(() => receiver.accepted().length === 2, 'the second change');
    await api.send('DELETE', 'Group/roster');
    await receiver.until(() => receiver.accepted().length === 3, 'the third change');
    const told = receiver.events().map(({ bundle }) => bundle.entry?.[1]);
    expect(told.map((entry) => entry?.request?.method)).toEqual(['POST', 'PUT', 'DELETE']);
    expect(told.map((entry) => entry?.resource?.resourceType)).toEqual(['Group', 'Group', undefined]);
    expect(receiver.events().flatMap(({ focus }) => focus)).toEqual(
      Array(3).fill('http://gapless.test/fhir/Group/roster'),
    );
  });
});
