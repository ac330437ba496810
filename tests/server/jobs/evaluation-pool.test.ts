import { createCatalogue } from '../../../server/content/catalogue.ts';
import { installCheck } from '../../../server/content/install-check.ts';
import type { MeasurePackage } from '../../../server/content/package.ts';
import type { Database } from '../../../server/db/database.ts';
import type { EvaluationTask, TaskAnswer } from '../../../server/jobs/evaluation-messages.ts';
import { createEvaluationPool, type EvaluationPool, PoolClosed } from '../../../server/jobs/evaluation-pool.ts';
import { freshDatabase, silent } from '../../support/database.ts';
import { patient, smallMeasure } from '../content/small-measure.ts';
import { insertResources, type PlainResource } from '../content/stored.ts';

let database: Database;
let pool: EvaluationPool;
let small: MeasurePackage;
let looping: MeasurePackage;

beforeAll(async () => {
  database = await freshDatabase();
  const one = smallMeasure();
  const endless = smallMeasure({
    name: 'Endless',
    cql: `
define "Initial Population": Count(expand { Interval[1, 1000000000] }) > 0
define "Denominator": true
define "Numerator": true`,
  });
  const content = [one.measure, one.library, one.valueSet, endless.measure, endless.library];
  await database.transaction(async (sql) =>
    installCheck(sql, 'practice', await insertResources(sql, 'practice', content)),
  );
  const catalogue = createCatalogue(database);
  small = await catalogue.package('practice', 'http://example.org/Measure/Small');
  looping = await catalogue.package('practice', 'http://example.org/Measure/Endless');
  pool = createEvaluationPool({ log: silent, threads: 2, budgetMs: 5_000 });
}, 60_000);
afterAll(async () => {
  await pool.close();
  await database.close();
});

const task = (measure: MeasurePackage, budgetMs?: number): EvaluationTask => ({
  measure,
  request: {
    period: { start: '2026-01-01', end: '2026-12-31' },
    now: '2026-11-22T12:00:00.000+00:00',
    ...(budgetMs === undefined ? {} : { budgetMs }),
  },
  gaps: true,
  detail: false,
});
const texts = (resources: readonly PlainResource[]): string[] => resources.map((resource) => JSON.stringify(resource));
const counts = (answer: TaskAnswer | undefined): unknown =>
  answer?.ok === true ? answer.result.groups[0]?.populations.map(({ count }) => count) : answer?.error;

describe('Evaluation threads', () => {
  it('evaluate a patient and tell gaps', async () => {
    const resources = texts(patient('p1', { visited: true, observed: true }));
    const [answer] = await pool.evaluate({ resources, tasks: [task(small)] });
    expect(counts(answer)).toEqual([1, 1, 1]);
    expect(answer?.ok === true && answer.gaps.map(({ status }) => status)).toEqual(['closed-gap']);
  });

  it('evaluate many at once, each answer for its own patient', async () => {
    const many = Array.from({ length: 20 }, (_, n) => ({ id: `m${n}`, visited: n % 2 === 0 }));
    const answers = await Promise.all(
      many.map(({ id, visited }) =>
        pool.evaluate({ resources: texts(patient(id, { visited })), tasks: [task(small)] }),
      ),
    );
    expect(answers.map(([answer]) => (answer?.ok === true ? answer.result.subject : null))).toEqual(
      many.map(({ id }) => id),
    );
    expect(answers.map(([answer]) => counts(answer))).toEqual(
      many.map(({ visited }) => (visited ? [1, 1, 0] : [0, 0, 0])),
    );
  });

  it('name the error of a record that cannot be read, without quoting it', async () => {
    const garbage = [...texts(patient('p2')), '{"resourceType":"Observation","secret'];
    const [answer] = await pool.evaluate({ resources: garbage, tasks: [task(small)] });
    expect(counts(answer)).toEqual({ name: 'InvalidRecord', message: '[1]: is not JSON' });
  });

  it('stop a measure that loops, and still answer the others of the patient', async () => {
    const resources = texts(patient('p3', { visited: true }));
    const answers = await pool.evaluate({ resources, tasks: [task(small), task(looping, 300), task(small)] });
    expect(answers.map(counts)).toEqual([[1, 1, 0], expect.objectContaining({ name: 'BudgetExceeded' }), [1, 1, 0]]);
  });

  it('are replaced after they were stopped', async () => {
    const resources = texts(patient('p4', { visited: true }));
    const answers = await Promise.all([1, 2, 3, 4].map(() => pool.evaluate({ resources, tasks: [task(small)] })));
    expect(answers.map(([answer]) => counts(answer))).toEqual([1, 2, 3, 4].map(() => [1, 1, 0]));
  });

  it('refuse work once they are closed', async () => {
    const own = createEvaluationPool({ log: silent, threads: 1 });
    const under = own.evaluate({ resources: texts(patient('p5')), tasks: [task(looping)] });
    const refused = expect(under).rejects.toThrow(PoolClosed);
    await own.close();
    await refused;
    await expect(own.evaluate({ resources: [], tasks: [task(small)] })).rejects.toThrow(PoolClosed);
  });
});
