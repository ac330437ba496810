import { setTimeout as sleep } from 'node:timers/promises';
import { type Catalogue, createCatalogue } from '../../../server/content/catalogue.ts';
import { installCheck } from '../../../server/content/install-check.ts';
import type { Database } from '../../../server/db/database.ts';
import { claimPatients, queueAllPatients } from '../../../server/gaps/change-feed.ts';
import { fillTrend } from '../../../server/gaps/fill-trend.ts';
import { type GapWorker, startGapWorker } from '../../../server/gaps/gap-worker.ts';
import { livePlan } from '../../../server/gaps/live-plan.ts';
import { gapProgress } from '../../../server/gaps/progress.ts';
import { setTarget } from '../../../server/gaps/targets.ts';
import { measurePatients } from '../../../server/gaps/views/measure-patients.ts';
import { measuresOverview } from '../../../server/gaps/views/measures-overview.ts';
import { patientGapsView } from '../../../server/gaps/views/patient-gaps.ts';
import { createEvaluationPool, type EvaluationPool } from '../../../server/jobs/evaluation-pool.ts';
import { freshDatabase, silent } from '../../support/database.ts';
import { definitions, patient, smallMeasure } from '../content/small-measure.ts';
import { insertResources, type PlainResource } from '../content/stored.ts';

const tenant = 'practice';
const now = (): Date => new Date('2026-11-22T12:00:00Z');
const url = 'http://example.org/Measure/Small';
let database: Database;
let catalogue: Catalogue;
let pool: EvaluationPool;
let workers: GapWorker[] = [];

const content = (...resources: PlainResource[]): Promise<unknown> =>
  database.transaction(async (sql) => installCheck(sql, tenant, await insertResources(sql, tenant, resources)));
const start = (): GapWorker => {
  const worker = startGapWorker({ database, catalogue, pool, log: silent, now, pollMs: 20, batchSize: 8 });
  workers.push(worker);
  return worker;
};
const settle = async (): Promise<void> => {
  await (workers[0] ?? start()).idle();
};
async function store(id: string, resources: readonly PlainResource[]): Promise<void> {
  await insertResources(database, tenant, resources, id);
  await database.query(
    `INSERT INTO change_feed (patient, tenant, resource_types) VALUES ($1, $2, '{Patient}')
     ON CONFLICT (patient, tenant) DO UPDATE SET sequence = nextval('change_sequence')`,
    [id, tenant],
  );
}
async function statuses(): Promise<Record<string, string | null>> {
  const { rows } = await database.query<{ patient: string; status: string | null }>(
    'SELECT patient, status FROM gap_state WHERE measure_url = $1 ORDER BY patient',
    [url],
  );
  return Object.fromEntries(rows.map((row) => [row.patient, row.status]));
}

beforeAll(async () => {
  database = await freshDatabase();
  catalogue = createCatalogue(database);
  pool = createEvaluationPool({ log: silent, threads: 2, budgetMs: 5_000 });
  const { measure, library, valueSet } = smallMeasure();
  await content(measure, library, valueSet);
  await store('none', patient('none'));
  await store('open', patient('open', { visited: true }));
  await store('closed', patient('closed', { visited: true, observed: true }));
}, 60_000);
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  workers = [];
});
afterAll(async () => {
  await pool.close();
  await database.close();
});

describe('The live gap state', () => {
  it('has an answer for every patient, and a history of how it came', async () => {
    start();
    await settle();
    expect(await statuses()).toEqual({ closed: 'closed-gap', none: 'not-applicable', open: 'prospective-gap' });
    const { rows } = await database.query('SELECT patient, from_status, to_status FROM gap_history ORDER BY patient');
    expect(rows).toEqual([
      { patient: 'closed', from_status: null, to_status: 'closed-gap' },
      { patient: 'open', from_status: null, to_status: 'prospective-gap' },
    ]);
    expect(await gapProgress(database, tenant)).toMatchObject({ patients: 3, evaluated: 3, pending: 0, errors: 0 });
  });

  it('closes a gap when what was missing arrives, and says what caused it', async () => {
    await store('open', patient('open', { visited: true, observed: true }));
    await settle();
    expect((await statuses())['open']).toBe('closed-gap');
    const plan = await livePlan(catalogue, tenant, '2026-11-22', silent);
    const view = await patientGapsView(database, tenant, 'open', plan);
    expect(view?.patient.name).toBe('Given Family open');
    expect(view?.history[0]).toMatchObject({
      from: 'prospective-gap',
      to: 'closed-gap',
      cause: { kind: 'data', resourceTypes: ['Patient'] },
    });
    await store('open', patient('open', { visited: true }));
    await database.query(`UPDATE resource SET deleted = true, content = NULL WHERE id = 'open-observation'`);
    await settle();
    expect((await statuses())['open']).toBe('prospective-gap');
  });

  it('keeps its history and since when an evaluation changes nothing', async () => {
    const read = () => database.query('SELECT patient, since FROM gap_state ORDER BY patient');
    const before = [(await read()).rows, (await database.query('SELECT count(*) FROM gap_history')).rows];
    await queueAllPatients(database, tenant);
    await settle();
    expect([(await read()).rows, (await database.query('SELECT count(*) FROM gap_history')).rows]).toEqual(before);
  });

  it('names the error of a patient whose record is garbage, and evaluates the others', async () => {
    await store('garbage', patient('garbage'));
    await database.query(
      `INSERT INTO resource (patient, tenant, type, id, version, last_updated, content)
       VALUES ('garbage', $1, 'Observation', 'broken', 1, now(), '{"resourceType":"Observation","secret')`,
      [tenant],
    );
    await store('other', patient('other', { visited: true }));
    await settle();
    expect(await statuses()).toMatchObject({ garbage: 'error', other: 'prospective-gap' });
    const { rows } = await database.query<{ error: string }>(`SELECT error FROM gap_state WHERE patient = 'garbage'`);
    expect(rows[0]?.error).toMatch(/^InvalidRecord: \[\d\]: is not JSON$/);
    expect(await gapProgress(database, tenant)).toMatchObject({ errors: 1 });
  });

  it('writes the others of a batch when the database refuses a value of one', async () => {
    const [first, ...rest] = patient('surrogate', { visited: true });
    await store('surrogate', [{ ...first, resourceType: 'Patient', name: [{ family: '\ud800' }] }, ...rest]);
    await store('beside', patient('beside', { visited: true }));
    await settle();
    expect(await statuses()).toMatchObject({ surrogate: 'error', beside: 'prospective-gap' });
  });

  it('forgets a patient who is deleted', async () => {
    await database.query(`UPDATE resource SET deleted = true, content = NULL WHERE patient = 'surrogate'`);
    await store('surrogate', []);
    await settle();
    expect(await statuses()).not.toHaveProperty('surrogate');
    const plan = await livePlan(catalogue, tenant, '2026-11-22', silent);
    expect(await patientGapsView(database, tenant, 'surrogate', plan)).toBeNull();
  });

  it('loses nothing and doubles nothing when a worker dies between claim and commit', async () => {
    await store('orphan', patient('orphan', { visited: true }));
    const claimed = await claimPatients(database, 'a worker that dies', 10);
    expect(claimed.map((claim) => claim.patient)).toEqual(['orphan']);
    start();
    await sleep(200);
    expect(await statuses()).not.toHaveProperty('orphan'); // still held
    await database.query(`UPDATE change_feed SET claimed_until = now() - interval '1 second'`);
    await settle();
    expect((await statuses())['orphan']).toBe('prospective-gap');
    const { rows } = await database.query(`SELECT to_status FROM gap_history WHERE patient = 'orphan'`);
    expect(rows).toHaveLength(1);
  });

  it('is written once by two workers that share the feed', async () => {
    const ids = Array.from({ length: 60 }, (_, n) => `many-${n}`);
    for (const id of ids) await store(id, patient(id, { visited: true }));
    start();
    start();
    await settle();
    const { rows } = await database.query(
      `SELECT patient, count(*) AS n FROM gap_history WHERE patient LIKE 'many-%' GROUP BY patient`,
    );
    expect(rows).toHaveLength(60);
    expect(rows.every((row) => row['n'] === 1)).toBe(true);
  });

  it('follows a measure that is replaced while the feed is full', async () => {
    await queueAllPatients(database, tenant);
    start();
    const { measure, library } = smallMeasure({
      cql: definitions.replace('"Numerator": exists', '"Numerator": not exists'),
    });
    await content(measure, library);
    await sleep(1100); // the plan is looked at once a second
    await settle();
    expect(await statuses()).toMatchObject({ open: 'closed-gap', closed: 'prospective-gap', none: 'not-applicable' });
    const packed = await catalogue.package(tenant, url);
    const { rows } = await database.query('SELECT DISTINCT content_hash FROM gap_state');
    expect(rows).toEqual([{ content_hash: packed.hash }]);
  });
});

describe('The dashboard', () => {
  it('sums a measure up, with its target, status by status', async () => {
    await setTarget(database, tenant, { measureUrl: url, groupId: null, target: 0.8, source: 'Contract' });
    const plan = await livePlan(catalogue, tenant, '2026-11-22', silent);
    const [line] = await measuresOverview(database, tenant, plan);
    expect(line).toMatchObject({
      measure: { title: 'Small' },
      period: { start: '2026-01-01', end: '2026-12-31' },
      target: { rate: 0.8, source: 'Contract' },
      errors: 1,
      notApplicable: 1,
      pending: 0,
    });
    expect(line?.rate).toBeCloseTo((line?.numerator ?? 0) / (line?.denominator ?? 1));
    const { rows } = await database.query(`SELECT numerator FROM measure_rate WHERE kind = 'snapshot'`);
    expect(rows).toEqual([{ numerator: line?.numerator }]);
  });

  it('lists the patients of a measure, filtered, sorted and paged', async () => {
    const request = { tenant, measureUrl: url, measureVersion: '1.0.0', periodStart: '2026-01-01' };
    const page = await measurePatients(database, {
      ...request,
      status: ['prospective-gap', 'error'],
      sort: 'status',
      count: 2,
    });
    expect(page.items.map(({ patient: { id }, status }) => [id, status])).toEqual([
      ['garbage', 'error'],
      ['closed', 'prospective-gap'],
    ]);
    expect(page.total).toBe(2);
    const named = await measurePatients(database, {
      ...request,
      text: 'FAMILY many-1',
      population: 'numerator',
      count: 3,
      offset: 1,
    });
    expect(named.total).toBe(11);
    expect(named.items.map(({ patient: { id } }) => id)).toEqual(['many-10', 'many-11', 'many-12']);
    expect((await measurePatients(database, { ...request, provider: 'Practitioner/x' })).total).toBe(0);
  });

  it('has a trend of twelve rolling years, computed once until data come in', async () => {
    const plan = await livePlan(catalogue, tenant, '2026-11-22', silent);
    expect(await fillTrend(database, pool, { tenant, plan, today: '2026-11-22' })).toBe(12);
    expect(await fillTrend(database, pool, { tenant, plan, today: '2026-11-22' })).toBe(0);
    const older = (days: number) =>
      database.query(`UPDATE measure_rate SET computed_at = now() - make_interval(days => $1)`, [days]);
    await older(2);
    await database.query('UPDATE gap_state SET evaluated_at = now()');
    expect(await fillTrend(database, pool, { tenant, plan, today: '2026-11-22' })).toBe(12); // data came in since
    await older(2);
    await database.query(`UPDATE gap_state SET evaluated_at = now() - interval '3 days'`);
    expect(await fillTrend(database, pool, { tenant, plan, today: '2026-11-22' })).toBe(0);
    const [line] = await measuresOverview(database, tenant, plan);
    expect(line?.trend.map(({ date }) => date).slice(-2)).toEqual(['2026-09-30', '2026-10-31']);
    expect(line?.trend).toHaveLength(12);
  });
});
