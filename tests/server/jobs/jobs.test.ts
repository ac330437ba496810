import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../../server/db/database.ts';
import { type JobHandler, type Jobs, startJobs, UnknownJobKind } from '../../../server/jobs/jobs.ts';
import { freshDatabase, silent } from '../../support/database.ts';

let database: Database;
let jobs: Jobs;
let waitingRuns = 0;

const handlers: Record<string, JobHandler> = {
  double: async ({ input, progress }) => {
    await progress(0.5, 'half way');
    return { doubled: Number(input) * 2 };
  },
  fail: async () => {
    throw Object.assign(new Error('the period ends before it starts'), { name: 'InvalidPeriod' });
  },
  wait: async ({ signal, input }) => {
    waitingRuns += 1;
    if (input === 'once' && waitingRuns > 1) return 'finished the second time';
    await sleep(20_000, undefined, { signal });
    return 'never';
  },
};
const start = (): Promise<Jobs> => startJobs({ database, log: silent, handlers, work: true });

beforeAll(async () => {
  database = await freshDatabase();
  jobs = await start();
});
afterAll(async () => {
  await jobs.close();
  await database.close();
});

async function until(id: string, status: string): Promise<NonNullable<Awaited<ReturnType<Jobs['find']>>>> {
  for (let i = 0; i < 200; i += 1) {
    const job = await jobs.find('practice', id);
    if (job?.status === status) return job;
    await sleep(50);
  }
  throw new Error(`the job is ${(await jobs.find('practice', id))?.status}, not ${status}`);
}

describe('The job queue', () => {
  it('is made once by processes that start together on a new database', async () => {
    const empty = await freshDatabase();
    const settings = { database: empty, log: silent, handlers, work: false };
    const together = await Promise.all([1, 2, 3, 4].map(() => startJobs(settings)));
    expect(together).toHaveLength(4);
    await Promise.all(together.map((each) => each.close()));
    await empty.close();
  });
});

describe('A background job', () => {
  it('runs and keeps its result', async () => {
    const id = await jobs.enqueue('practice', 'double', 21);
    expect(await until(id, 'completed')).toMatchObject({ result: { doubled: 42 }, progress: 1, message: 'half way' });
  });

  it('that fails keeps the name and message of its error', async () => {
    const id = await jobs.enqueue('practice', 'fail', null);
    expect((await until(id, 'failed')).error).toEqual({
      name: 'InvalidPeriod',
      message: 'the period ends before it starts',
    });
  });

  it('stops when it is cancelled, and can then be forgotten', async () => {
    const id = await jobs.enqueue('practice', 'wait', null);
    await until(id, 'active');
    expect(await jobs.remove('practice', id)).toBe(false);
    expect(await jobs.cancel('practice', id)).toBe(true);
    await sleep(50);
    expect(await jobs.find('practice', id)).toMatchObject({ status: 'cancelled', result: null, error: null });
    expect(await jobs.cancel('practice', id)).toBe(false);
    expect(await jobs.remove('practice', id)).toBe(true);
    expect(await jobs.find('practice', id)).toBeNull();
  });

  it('belongs to its tenant', async () => {
    const id = await jobs.enqueue('practice', 'double', 1);
    expect(await jobs.find('another', id)).toBeNull();
    expect(await jobs.cancel('another', id)).toBe(false);
  });

  it('of an unknown kind is refused', async () => {
    await expect(jobs.enqueue('practice', 'nothing', null)).rejects.toThrow(UnknownJobKind);
    expect(await jobs.find('practice', 'not-a-uuid')).toBeNull();
  });

  it('that is queued in a transaction which fails never runs', async () => {
    let id = '';
    const failing = database.transaction(async (sql) => {
      id = await jobs.enqueue('practice', 'double', 1, sql);
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    expect(await jobs.find('practice', id)).toBeNull();
  });

  it('survives a restart of the server', async () => {
    waitingRuns = 0;
    const id = await jobs.enqueue('practice', 'wait', 'once');
    await until(id, 'active');
    await jobs.close();
    expect((await database.query('SELECT status FROM job WHERE id = $1', [id])).rows).toEqual([{ status: 'queued' }]);
    jobs = await start();
    expect((await until(id, 'completed')).result).toBe('finished the second time');
  });
});
