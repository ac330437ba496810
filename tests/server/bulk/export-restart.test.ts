import type { Database } from '../../../server/db/database.ts';
import { beginExport, ExportFiles, findExport } from '../../../server/jobs/bulk-exports.ts';
import { listJobFiles } from '../../../server/jobs/job-files.ts';
import { type ExportSlice, readType } from '../../../server/store/bulk-rows.ts';
import { settledInstant } from '../../../server/store/settled-instant.ts';
import { type RunningServer, startServer } from '../../support/running-server.ts';
import { observation, store } from './exports.ts';

let server: RunningServer;
let database: Database;
beforeAll(async () => {
  server = await startServer();
  database = server.services.database;
}, 60_000);
afterAll(() => server.stop());

const tenant = 'demo';
const never = new AbortController().signal;

async function allOf(slice: ExportSlice): Promise<(readonly [string, string | null])[]> {
  const found: (readonly [string, string | null])[] = [];
  for (let page = await readType(database, slice, null); ; page = await readType(database, slice, page.next)) {
    found.push(...page.rows.map(({ id, content }) => [id, content] as const));
    if (page.next === null) return found;
  }
}

describe('What an export reads', () => {
  it('is the state at its instant: later versions, deletions and creations do not touch it', async () => {
    await store(server, [observation('a', 'p', 'x', 1), observation('b', 'p', 'x', 1), observation('c', 'p', 'x', 1)]);
    const at = (await settledInstant(database, never)).toISOString();
    const slice = { tenant, type: 'Observation', at, since: null, until: null };
    const before = await allOf(slice);
    await new Promise((done) => setTimeout(done, 5));
    await store(server, [observation('a', 'q', 'x', 2), observation('d', 'p', 'x', 2)]);
    await server.fhir('DELETE', 'Observation/b');
    expect(await allOf(slice)).toEqual(before);
    const next = await allOf({ ...slice, at: (await settledInstant(database, never)).toISOString(), since: at });
    expect(next.map(([id, content]) => [id, content === null])).toEqual([
      ['a', false],
      ['b', true],
      ['d', false],
    ]);
  });

  it('waits for who writes, so that nothing bears an instant that was exported already', async () => {
    const writer = await database.pool.connect();
    await writer.query('BEGIN');
    let settled = false;
    const instant = settledInstant(database, never).then((at) => {
      settled = true;
      return at;
    });
    await new Promise((done) => setTimeout(done, 200));
    expect(settled).toBe(false);
    await writer.query('COMMIT');
    writer.release();
    expect((await instant).getTime()).toBeLessThanOrEqual(Date.now());
  });

  it('comes in pages, each resource once', async () => {
    const many = Array.from({ length: 1_203 }, (_, i) => observation(`m-${String(i).padStart(5, '0')}`, 'p', 'x', i));
    await store(server, many);
    const at = (await settledInstant(database, never)).toISOString();
    const ids = (await allOf({ tenant, type: 'Observation', at, since: null, until: null })).map(([id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => id.startsWith('m-'))).toHaveLength(1_203);
  });
});

describe('The files of an export', () => {
  it('are stored with the place that it has reached, and are numbered on where it goes on', async () => {
    const job = '00000000-0000-4000-8000-000000000001';
    await database.query(`INSERT INTO job (tenant, id, kind, input, status) VALUES ($1, $2, 'x', '{}', 'active')`, [
      tenant,
      job,
    ]);
    const state = await beginExport(
      database,
      tenant,
      job,
      { transactionTime: '2026-01-01T00:00:00.000Z', types: ['A', 'B'] },
      'system',
      null,
    );
    const first = new ExportFiles(database, tenant, job, state.progress);
    first.write('output', 'A', '{}');
    await first.checkpoint({ type: 1, after: null, read: 1 });
    first.write('output', 'B', '{"lost":"by a crash"}');
    const again = await findExport(database, tenant, job);
    expect(again?.progress).toEqual({ type: 1, after: null, read: 1, files: { output: 1, deleted: 0, outcome: 0 } });
    if (again === null) throw new Error('there is no export');
    const second = new ExportFiles(database, tenant, job, again.progress);
    second.write('output', 'B', '{}');
    second.write('deleted', 'Bundle', '{}');
    await second.checkpoint({ type: 2, after: null, read: 2 });
    expect(await listJobFiles(database, tenant, job)).toEqual([
      { kind: 'output', number: 1, resourceType: 'A', lines: 1 },
      { kind: 'output', number: 2, resourceType: 'B', lines: 1 },
      { kind: 'deleted', number: 1, resourceType: 'Bundle', lines: 1 },
    ]);
  });
});
