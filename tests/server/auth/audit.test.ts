import { AuditTrail, auditEvent } from '../../../server/auth/audit.ts';
import type { Database } from '../../../server/db/database.ts';
import { plain } from '../../../server/store/exact-json.ts';
import { validate } from '../../../server/store/validate.ts';
import { freshDatabase, silent } from '../../support/database.ts';

const by = { tenant: 'practice', actor: { reference: 'Practitioner/1', display: 'Dr. One' }, requestId: 'r1' };
const resource = (n: number) => ({ type: 'Observation', id: `o${n}`, version: 1, patient: `p${n % 3}` });
const read = (count: number) => ({
  action: 'R' as const,
  interaction: 'read',
  resources: Array.from({ length: count }, (_, n) => resource(n)),
  query: null,
});

describe('An AuditEvent', () => {
  it.each([0, 1, 20, 21, 1_000])('of %i resources is valid R4', (count) => {
    const event = auditEvent(by, { ...read(count), query: 'Observation?code=x' }, new Date());
    expect(validate(plain(event))).toEqual([]);
  });

  it('names a few resources each, and many by their patients and numbers', () => {
    const few = JSON.stringify(auditEvent(by, read(2), new Date()));
    const many = JSON.stringify(auditEvent(by, read(500), new Date()));
    expect(few).toContain('Observation/o1/_history/1');
    expect(many).not.toContain('Observation/o1');
    expect(many).toContain('{"type":"Observation","valueString":"500"}');
    expect(many).toContain('Patient/p2');
  });
});

describe('The audit trail', () => {
  let database: Database;
  beforeAll(async () => {
    database = await freshDatabase();
  });
  afterAll(() => database.close());
  const stored = async (): Promise<number> =>
    (await database.query<{ n: number }>(`SELECT count(*) AS n FROM resource WHERE type = 'AuditEvent'`)).rows[0]?.n ??
    -1;

  it('stores what waits when it closes', async () => {
    const before = await stored();
    const trail = new AuditTrail(database, silent, { flushEveryMs: 60_000 });
    for (let n = 0; n < 25; n += 1) await trail.record(by, read(1));
    expect(await stored()).toBe(before);
    await trail.close();
    expect(await stored()).toBe(before + 25);
  });

  it('makes readers wait when it is full', async () => {
    const before = await stored();
    const trail = new AuditTrail(database, silent, { capacity: 10, flushEveryMs: 60_000 });
    for (let n = 0; n < 10; n += 1) await trail.record(by, read(1));
    expect(await stored()).toBe(before + 10);
    await trail.close();
  });

  it('keeps what the database refused, and stores it later', async () => {
    const before = await stored();
    let broken = true;
    const unreliable: Pick<Database, 'transaction'> = {
      transaction: (work) => (broken ? Promise.reject(new Error('down')) : database.transaction(work)),
    };
    const trail = new AuditTrail(unreliable, silent, { flushEveryMs: 60_000 });
    await trail.record(by, read(1));
    await expect(trail.flush()).rejects.toThrow('down');
    broken = false;
    await trail.close();
    expect(await stored()).toBe(before + 1);
  });

  it('is not part of a change feed', async () => {
    expect((await database.query('SELECT * FROM change_feed')).rows).toEqual([]);
  });
});
