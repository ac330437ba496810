import { type Database, openDatabase } from '../../../server/db/database.ts';
import { freshDatabase, silent } from '../../support/database.ts';

let database: Database;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.close());

const insert = `INSERT INTO change_feed (patient, tenant) VALUES ($1, 'practice')`;
const count = async (patient: string): Promise<number> =>
  (await database.query<{ n: number }>('SELECT count(*) AS n FROM change_feed WHERE patient = $1', [patient])).rows[0]
    ?.n ?? -1;

describe('A transaction', () => {
  it('keeps what it wrote when it succeeds', async () => {
    await database.transaction((sql) => sql.query(insert, ['kept']));
    expect(await count('kept')).toBe(1);
  });

  it('leaves nothing behind when it fails', async () => {
    const failing = database.transaction(async (sql) => {
      await sql.query(insert, ['lost']);
      throw new Error('the second entry is wrong');
    });
    await expect(failing).rejects.toThrow('the second entry is wrong');
    expect(await count('lost')).toBe(0);
  });

  it('runs again when a conflict with another transaction stopped it', async () => {
    let runs = 0;
    await database.transaction(async (sql) => {
      runs += 1;
      await sql.query(insert, ['again']);
      if (runs === 1) await sql.query(`DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'; END $$`);
    });
    expect([runs, await count('again')]).toEqual([2, 1]);
  });

  it('fails, and spares the process, when its connection is cut', async () => {
    const cut = database.transaction(async (sql) => {
      const pid = (await sql.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
      await database.query('SELECT pg_terminate_backend($1)', [pid]);
      await sql.query(insert, ['cut']);
    });
    await expect(cut).rejects.toThrow();
    expect(await count('cut')).toBe(0);
  });
});

describe('A statement that takes longer than it may', () => {
  it('is ended, with all that its transaction wrote, and the next one has its time again', async () => {
    const { connectionString = '' } = database.pool.options;
    const limited = openDatabase({ connectionString, log: silent, max: 1, statementTimeoutMs: 300 });
    try {
      const slow = limited.transaction(async (sql) => {
        await sql.query(insert, ['slow']);
        await sql.query('SELECT pg_sleep(20)');
      });
      await expect(slow).rejects.toMatchObject({ code: '57014' });
      expect(await count('slow')).toBe(0);
      expect((await limited.query<{ n: number }>('SELECT 1 AS n')).rows).toEqual([{ n: 1 }]);
    } finally {
      await limited.close();
    }
  });
});
