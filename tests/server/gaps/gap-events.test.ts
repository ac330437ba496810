import type { Database, Transaction } from '../../../server/db/database.ts';
import { claimPatients, releaseClaims } from '../../../server/gaps/change-feed.ts';
import { evaluateClaims } from '../../../server/gaps/evaluate-claims.ts';
import { eventsAfter, lastEventNumber } from '../../../server/gaps/gap-events.ts';
import type { EvaluatedRow } from '../../../server/gaps/patient-outcome.ts';
import { Plans } from '../../../server/gaps/plans.ts';
import { instantIn } from '../../../server/gaps/practice-day.ts';
import { Reaches } from '../../../server/gaps/reach.ts';
import { type StoredGap, stateChange } from '../../../server/gaps/transitions.ts';
import { silent } from '../../support/database.ts';
import { type LivePractice, livePractice, person, put, remove, result, tenant, visit } from './live-practice.ts';

const at = new Date('2026-11-22T12:00:00Z');
const before = new Date('2026-02-02T00:00:00Z');
const key = { measureUrl: 'm', groupId: 'g', periodStart: '2026-01-01', periodEnd: '2026-12-31' };
const claim = {
  tenant,
  patient: 'p',
  sequence: 1,
  resourceTypes: ['Observation'],
  changed: [],
  resources: ['Observation/o/_history/2'],
  background: false,
};
const row = (status: EvaluatedRow['status'], version = '1'): EvaluatedRow => ({
  ...key,
  measureVersion: version,
  status,
  populations: [],
  reasons: [],
  nextSteps: [],
  evidence: [],
  dueBy: null,
  error: null,
  contentHash: 'h',
  cause: 'data',
  validFrom: null,
  validUntil: null,
  utcOffset: '+00:00',
});
const stored = (status: string | null, known = status, version = '1'): StoredGap => ({
  ...key,
  patient: 'p',
  measureVersion: version,
  status,
  knownStatus: known,
  since: before,
  live: true,
});
const planned = (version = '1') =>
  [
    { measure: { url: 'm', version }, period: { start: '2026-01-01', end: '2026-12-31' }, groups: [{ id: 'g' }] },
  ] as never;
const change = (
  from: StoredGap[],
  to: EvaluatedRow[],
  plan = planned(),
  today = '2026-11-22',
  header: null | 'unchanged' = 'unchanged',
) => stateChange({ claim, header, rows: to, results: [] }, from, plan, today, at);

describe('A change of a status is told', () => {
  it.each<[string | null, string | null, EvaluatedRow['status'], string[], string | null]>([
    [null, null, 'prospective-gap', ['gap-opened'], 'prospective-gap'],
    [null, null, 'closed-gap', [], 'closed-gap'],
    [null, null, 'not-applicable', [], null],
    ['prospective-gap', 'prospective-gap', 'prospective-gap', [], null],
    ['prospective-gap', 'prospective-gap', 'closed-gap', ['gap-closed'], 'closed-gap'],
    ['prospective-gap', 'prospective-gap', 'open-gap', ['gap-opened'], 'open-gap'],
    ['open-gap', 'open-gap', 'not-applicable', ['gap-closed'], 'not-applicable'],
    ['closed-gap', 'closed-gap', 'open-gap', ['gap-opened'], 'open-gap'],
    ['open-gap', 'open-gap', 'error', [], 'error'],
    ['error', 'open-gap', 'open-gap', [], 'open-gap'],
    ['error', 'open-gap', 'closed-gap', ['gap-closed'], 'closed-gap'],
    ['error', null, 'open-gap', ['gap-opened'], 'open-gap'],
  ])('from %s (known %s) to %s', (from, known, to, kinds, history) => {
    const made = change(from === null ? [] : [stored(from, known)], [row(to)]);
    expect(made.events.map(({ kind }) => kind)).toEqual(kinds);
    expect(made.history.map((entry) => entry.to)).toEqual(history === null ? [] : [history]);
    expect(made.rows[0]?.since).toBe(from === to ? before : at);
    expect(made.events.map(({ cause }) => cause.resources)).toEqual(kinds.map(() => claim.resources));
  });

  it('not when only the version of the measure is another', () => {
    const made = change([stored('open-gap')], [row('open-gap', '2')], planned('2'));
    expect([made.history, made.events, made.removed.length, made.rows[0]?.since]).toEqual([[], [], 1, before]);
  });

  it('when a measure is withdrawn, a patient deleted; a period that is over only stays as it is', () => {
    const withdrawn = change([stored('open-gap')], [], [] as never);
    expect(withdrawn.events[0]).toMatchObject({
      kind: 'gap-closed',
      from: 'open-gap',
      to: null,
      cause: { kind: 'measures' },
    });
    expect(withdrawn.history).toHaveLength(1);
    const over = change([stored('open-gap')], [], [] as never, '2027-04-01');
    expect([over.history, over.events, over.removed, over.frozen.length]).toEqual([[], [], [], 1]);
    const gone = change([stored('open-gap')], [], planned(), '2027-04-01', null);
    expect(gone.events[0]).toMatchObject({ kind: 'gap-closed', to: null, cause: { kind: 'data' } });
    expect(gone.removed).toHaveLength(1);
  });
});

/** A database whose nth statement from now on fails, as when a process is killed there. */
function failingAt(database: Database, statement: number): Database & { readonly statements: number } {
  let statements = 0;
  const guard = <T extends { query: unknown }>(sql: T): T =>
    new Proxy(sql, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (name !== 'query' || typeof value !== 'function')
          return typeof value === 'function' ? value.bind(target) : value;
        return (...given: unknown[]) => {
          statements += 1;
          if (statements === statement) return Promise.reject(new Error('killed'));
          return value.apply(target, given);
        };
      },
    });
  return {
    pool: database.pool,
    query: guard(database).query as Database['query'],
    transaction: (work) => database.transaction((sql) => work(guard(sql) as Transaction)),
    close: () => database.close(),
    get statements() {
      return statements;
    },
  };
}

describe('A worker that dies', () => {
  let practice: LivePractice;
  beforeAll(async () => {
    practice = await livePractice(['Sugar', 'Any']);
    for (const id of ['a', 'b']) await practice.write(put(person(id)), put(visit(`${id}-v`, id)));
    await practice.settle();
  }, 60_000);
  afterAll(() => practice?.close());

  it('between any two statements has written all of its work or nothing, and the next writes the rest once', async () => {
    const { database, catalogue, pool } = practice;
    const now = instantIn(practice.now, 'UTC');
    const plan = await new Plans({ database, catalogue, log: silent, now: () => now }).of(tenant);
    let number = await lastEventNumber(database, tenant);
    for (let statement = 1, done = false; !done; statement += 1) {
      const closes = statement % 2 === 1;
      await practice.write(closes ? put(result('r', 'a')) : remove('Observation', 'r'));
      const lane = `lane ${statement}`;
      const claims = await claimPatients(database, lane, 10);
      const failing = failingAt(database, statement);
      const work = { database: failing, pool, reaches: new Reaches(), lane, tenant, plan, at: practice.now, now };
      const died = await evaluateClaims({ ...work, signal: new AbortController().signal }, claims).then(
        () => false,
        (error: Error) => error.message === 'killed',
      );
      done = !died;
      if (died) expect(await lastEventNumber(database, tenant)).toBe(number);
      await releaseClaims(database, lane);
      await practice.settle();
      const told = await eventsAfter(database, tenant, number, 100);
      expect(told.map(({ kind, measureUrl }) => `${kind} ${measureUrl.split('/').at(-1)}`).sort()).toEqual(
        ['Any', 'Sugar'].map((name) => `${closes ? 'gap-closed' : 'gap-opened'} ${name}`),
      );
      expect(told.map((event) => event.number)).toEqual([number + 1, number + 2]);
      number += 2;
      expect(await practice.statusOf('a', 'Sugar')).toBe(closes ? 'closed-gap' : 'prospective-gap');
      if (done) expect(statement).toBeGreaterThan(10);
    }
  }, 120_000);

  it('and lost its claim writes nothing when it comes back', async () => {
    const { database, catalogue, pool } = practice;
    await practice.write(put(result('late', 'b')));
    const now = instantIn(practice.now, 'UTC');
    const plan = await new Plans({ database, catalogue, log: silent, now: () => now }).of(tenant);
    const claims = await claimPatients(database, 'slow', 10);
    await database.query(`UPDATE change_feed SET claimed_until = now() - interval '1 s'`);
    await practice.settle();
    const number = await lastEventNumber(database, tenant);
    const { signal } = new AbortController();
    await evaluateClaims(
      { database, pool, reaches: new Reaches(), lane: 'slow', tenant, plan, at: practice.now, now, signal },
      claims,
    );
    expect(await lastEventNumber(database, tenant)).toBe(number);
  });

  it('has events in the order of commits, without holes, however many workers write them', async () => {
    const ids = Array.from({ length: 40 }, (_, n) => `many-${n}`);
    for (const id of ids) await practice.write(put(person(id)), put(visit(`${id}-v`, id)));
    const number = await lastEventNumber(practice.database, tenant);
    const seen: number[] = [];
    let reading = true;
    const reader = (async () => {
      while (reading) {
        const events = await eventsAfter(practice.database, tenant, seen.at(-1) ?? number, 7);
        seen.push(...events.map((event) => event.number));
      }
    })();
    await Promise.all([1, 2, 3].map(() => practice.settle({ batchSize: 2 })));
    reading = false;
    await reader;
    const rest = await eventsAfter(practice.database, tenant, seen.at(-1) ?? number, 1000);
    expect([...seen, ...rest.map((event) => event.number)]).toEqual(
      Array.from({ length: 80 }, (_, n) => number + 1 + n),
    );
  }, 60_000);
});
