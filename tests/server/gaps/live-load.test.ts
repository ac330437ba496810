import type { FhirResource } from '../../../cql/index.ts';
import { gapRows } from '../../../server/gaps/gap-row.ts';
import { startGapWorker } from '../../../server/gaps/gap-worker.ts';
import { Reaches } from '../../../server/gaps/reach.ts';
import { readStoredResults } from '../../../server/gaps/stored-results.ts';
import { createEvaluationPool } from '../../../server/jobs/evaluation-pool.ts';
import { silent } from '../../support/database.ts';
import {
  type LivePractice,
  livePractice,
  measureOf,
  medication,
  order,
  person,
  put,
  result,
  tenant,
  visit,
} from './live-practice.ts';

let practice: LivePractice;
beforeAll(async () => {
  practice = await livePractice(['Drug', 'Any']);
}, 180_000);
afterAll(() => practice?.close());

describe('A medication that very many patients have', () => {
  const ids = Array.from({ length: 600 }, (_, n) => `p${String(n).padStart(4, '0')}`);
  beforeAll(async () => {
    for (let start = 0; start < ids.length; start += 100)
      await practice.write(
        ...ids
          .slice(start, start + 100)
          .flatMap((id) => [put(person(id)), put(visit(`${id}-v`, id)), put(order(`${id}-o`, id))]),
      );
    await practice.settle();
  }, 240_000);

  it('queues them in the background, and until then each of them counts as waiting', async () => {
    expect(await answered()).toEqual([true, true]);
    await practice.write(put(medication('m', 'pill')));
    const { rows } = await practice.database.query('SELECT count(*) AS n FROM change_feed');
    expect(rows).toEqual([{ n: 0 }]);
    expect(await answered()).toEqual([false, false]);
    await practice.settle();
    const states = await practice.database.query(
      `SELECT status, count(*) AS n FROM gap_state WHERE measure_url LIKE '%/Drug' GROUP BY 1`,
    );
    expect(states.rows).toEqual([{ status: 'closed-gap', n: 600 }]);
    const causes = await practice.database.query(
      `SELECT DISTINCT cause -> 'resources' AS resources FROM gap_history WHERE to_status = 'closed-gap'`,
    );
    expect(causes.rows).toEqual([{ resources: ['Medication/m/_history/1'] }]);
  }, 240_000);

  it('of few patients queues them with the write', async () => {
    await practice.write(put(order('p0001-o', 'p0001', 'rare')));
    await practice.settle();
    await practice.write(put(medication('rare', 'pill')));
    const { rows } = await practice.database.query('SELECT patient, changed FROM change_feed');
    expect(rows).toEqual([{ patient: 'p0001', changed: ['Medication'] }]);
    await practice.settle();
    expect(await practice.statusOf('p0001', 'Drug')).toBe('closed-gap');
  });
});

/** Whether answers for the first and the last of them can be made from what is stored. */
async function answered(): Promise<boolean[]> {
  const { database, catalogue } = practice;
  const measure = await catalogue.find(tenant, { canonical: 'http://example.org/Measure/Drug' });
  const packed = await catalogue.package(tenant, measure.url);
  const patients = ['p0000', 'p0599'];
  const period = { start: '2026-01-01', end: '2026-12-31' };
  const now = '2026-11-22T12:00:00.000+00:00';
  const measures = [{ measure, hash: packed.hash }];
  const reaches = [new Reaches().of(packed)];
  const found = await readStoredResults(database, { tenant, patients, measures, reaches, period, now });
  return patients.map((id) => (found.get(id)?.[0] ?? null) !== null);
}

describe('A worker', () => {
  it('evaluates a patient with very many resources beside others, which do not wait for it', async () => {
    await practice.write(put(person('whale')), put(visit('whale-v', 'whale')));
    await practice.database.query(
      `INSERT INTO resource (patient, tenant, type, id, version, last_updated, content)
       SELECT 'whale', $1, 'Observation', 'w' || n, 1, now(), replace($2, 'ID', 'w' || n) FROM generate_series(1, 50000) AS n`,
      [tenant, JSON.stringify(result('ID', 'whale', 'salt'))],
    );
    await practice.write(...['x', 'y'].flatMap((id) => [put(person(id)), put(visit(`${id}-v`, id))]));
    await practice.settle();
    const { rows } = await practice.database.query<{ patient: string; status: string; at: Date }>(
      `SELECT patient, coalesce(error, status) AS status, xmin::text::bigint AS turn FROM gap_state
       WHERE patient IN ('whale', 'x', 'y') AND measure_url LIKE '%/Any' ORDER BY turn, patient`,
    );
    expect(rows.map(({ patient, status }) => [patient, status])).toEqual([
      ['x', 'prospective-gap'],
      ['y', 'prospective-gap'],
      ['whale', 'closed-gap'],
    ]);
  }, 240_000);

  it('stops at once, whatever it evaluates, and what it held is evaluated by the next', async () => {
    const { database, catalogue } = practice;
    await practice.write(put(result('stop', 'x')));
    const stuck = { threads: 1, evaluate: () => new Promise<never>(() => {}), close: async () => {} };
    const worker = startGapWorker({ database, catalogue, pool: stuck, log: silent, now: () => practice.now });
    for (let held = 0; held === 0; )
      held = (await database.query('SELECT FROM change_feed WHERE claimed_by IS NOT NULL')).rowCount ?? 0;
    const began = performance.now();
    await worker.stop();
    expect(performance.now() - began).toBeLessThan(2_000);
    await practice.settle();
    expect(await practice.statusOf('x', 'Any')).toBe('closed-gap');
  });

  it('serves who asks before the feed, and the feed before what nobody waits for', async () => {
    const pool = createEvaluationPool({ log: silent, threads: 1 });
    const measure = await practice.catalogue.package(tenant, 'http://example.org/Measure/Any');
    const served: string[] = [];
    const ask = async (priority: 'request' | 'feed' | 'background'): Promise<void> => {
      const request = { period: { start: '2026-01-01', end: '2026-12-31' }, now: '2026-11-22T12:00:00.000+00:00' };
      await pool.evaluate({
        resources: [JSON.stringify(person('a'))],
        tasks: [{ measure, request, gaps: false, detail: false }],
        priority,
      });
      served.push(priority);
    };
    const first = ask('background');
    await Promise.all([first, ask('background'), ask('feed'), ask('request'), ask('feed')]);
    expect(served).toEqual(['background', 'request', 'feed', 'feed', 'background']);
    await pool.close();
  });

  it('follows a measure that is withdrawn while the feed is full', async () => {
    await practice.write(...measureOf('Brief', 'exists [Condition]'));
    const ids = Array.from({ length: 16 }, (_, n) => `q${n}`);
    await practice.write(...ids.flatMap((id) => [put(person(id)), put(visit(`${id}-v`, id))]));
    const { database, catalogue, pool } = practice;
    const worker = startGapWorker({ database, catalogue, pool, log: silent, now: () => practice.now, batchSize: 4 });
    const withdrawn = measureOf('Brief', 'exists [Condition]').at(-1);
    if (withdrawn?.method !== 'PUT') throw new TypeError('a PUT');
    await practice.write({ ...withdrawn, resource: { ...(withdrawn.resource as FhirResource), status: 'retired' } });
    await worker.idle();
    await worker.stop();
    const { rows } = await database.query(
      `SELECT (SELECT count(*) FROM gap_state WHERE measure_url LIKE '%/Brief') AS state,
              (SELECT count(*) FROM gap_result WHERE measure_url LIKE '%/Brief') AS results,
              (SELECT count(*) FROM gap_state WHERE patient LIKE 'q%' AND measure_url LIKE '%/Any') AS others,
              (SELECT coalesce(sum(CASE kind WHEN 'gap-opened' THEN 1 ELSE -1 END), 0)::int FROM gap_event
                WHERE measure_url LIKE '%/Brief') AS open`,
    );
    expect(rows).toEqual([{ state: 0, results: 0, others: 16, open: 0 }]);
  }, 180_000);
});

describe('The day by which a gap is to be closed', () => {
  const group = { id: 'g' } as never;
  const step = (dateTo: string | null, ...others: (string | null)[]) => ({
    text: '',
    need: { dateTo },
    alternatives: others.map((other) => ({ dateTo: other })),
  });
  it.each<[string, string, ReturnType<typeof step>[], string | null]>([
    ['the end of the period when nothing says more', 'prospective-gap', [], '2026-12-31'],
    [
      'the earliest of the steps, all of which are to be taken',
      'prospective-gap',
      [step('2026-12-01'), step('2026-11-30')],
      '2026-11-30',
    ],
    ['the latest of the alternatives of a step', 'prospective-gap', [step('2026-11-30', '2026-12-05')], '2026-12-05'],
    [
      'the end of the period, when an alternative has no end',
      'prospective-gap',
      [step('2026-11-30', null)],
      '2026-12-31',
    ],
    ['never after the period', 'prospective-gap', [step('2027-05-01')], '2026-12-31'],
    ['none when a window that is needed has passed', 'prospective-gap', [step('2026-06-30'), step(null)], null],
    ['today on the last day', 'prospective-gap', [step('2026-11-22')], '2026-11-22'],
    ['none once the period is over', 'open-gap', [step('2026-12-01')], null],
    ['none where there is no gap', 'closed-gap', [], null],
  ])('is %s', (_, status, nextSteps, dueBy) => {
    const gap = { group, status, reasons: [], evidence: [], nextSteps };
    const answer = { ok: true, result: { groups: [] }, gaps: [gap] } as never;
    const period = { start: '2026-01-01', end: '2026-12-31' };
    const [row] = gapRows({ url: 'm', version: null }, [group], period, 'h', answer, '2026-11-22');
    expect(row?.dueBy).toBe(dueBy);
  });
});
