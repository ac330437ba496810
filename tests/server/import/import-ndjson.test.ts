import type { Database } from '../../../server/db/database.ts';
import { importNdjson } from '../../../server/store/import-ndjson.ts';
import type { RejectedLine } from '../../../server/store/import-source.ts';
import { rejectedLines } from '../../../server/store/import-state.ts';
import { freshDatabase } from '../../support/database.ts';
import { settingsOf, textSource } from './sources.ts';

const patient = (id: string, more: object = {}): object => ({ resourceType: 'Patient', id, ...more });
const observation = (id: string, of: string): object => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '4548-4' }] },
  subject: { reference: `Patient/${of}` },
});
const ndjson = (...lines: readonly (object | string)[]): string =>
  lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');

let database: Database;
beforeEach(async () => {
  database = await freshDatabase();
});
afterEach(() => database.close());

async function stored(): Promise<string[]> {
  const { rows } = await database.query<{ name: string }>(
    `SELECT type || '/' || id || '#' || version AS name FROM resource ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

async function rejected(): Promise<RejectedLine[]> {
  return Array.fromAsync(rejectedLines(database, 'practice', 'test'));
}

describe('An import of NDJSON', () => {
  it('stores each line under its id, whatever refers to what comes later', async () => {
    const counts = await importNdjson(textSource(ndjson(observation('o', 'p'), patient('p'))), settingsOf(database));
    expect(counts).toEqual({ lines: 2, created: 2, updated: 0, unchanged: 0, replaced: 0, failed: 0 });
    const { rows } = await database.query('SELECT patient, resource_types FROM change_feed');
    expect(rows).toEqual([{ patient: 'p', resource_types: ['Observation', 'Patient'] }]);
    const { rows: found } = await database.query(`SELECT id FROM search_token WHERE code = '4548-4'`);
    expect(found).toContainEqual({ id: 'o' });
  });

  it('keeps every line that it refuses, with its place, the reason and what it says it is', async () => {
    const lines = [
      patient('a'),
      '{"resourceType":"Patient","id":"broken"',
      '{"resourceType":"Patien","id":"typo"}',
      patient('b', { gender: 7 }),
      '[1]',
      observation('wrong-type', 'a'),
      patient('no good id'),
      patient('c'),
    ];
    const counts = await importNdjson(textSource(ndjson(...lines), 'Patient'), settingsOf(database));
    expect(counts).toMatchObject({ lines: 8, created: 2, failed: 6 });
    expect(await stored()).toEqual(['Patient/a#1', 'Patient/c#1']);
    const found = await rejected();
    expect(found.map(({ line, code, resourceType, id }) => [line, code, resourceType, id])).toEqual([
      [2, 'UnusableLine', 'Patient', 'broken'],
      [3, 'UnknownResourceType', 'Patien', 'typo'],
      [4, 'InvalidResource', 'Patient', 'b'],
      [5, 'InvalidResource', null, null],
      [6, 'WrongResourceType', 'Observation', 'wrong-type'],
      [7, 'InvalidId', 'Patient', null],
    ]);
    for (const { text, line } of found) {
      const sent = lines[line - 1];
      expect(text).toBe(typeof sent === 'string' ? sent : JSON.stringify(sent));
    }
  });

  it('says of a source that ends in the middle of a line that it was cut', async () => {
    const whole = ndjson(patient('a'), patient('b'));
    await importNdjson(textSource(whole.slice(0, -6)), settingsOf(database));
    const [last] = await rejected();
    expect(last?.diagnostics).toMatch(/^The source ends in the middle of this line/);
    expect(await stored()).toEqual(['Patient/a#1']);
  });

  it('takes a last line without a line feed', async () => {
    await importNdjson(textSource(ndjson(patient('a')).trim()), settingsOf(database));
    expect(await stored()).toEqual(['Patient/a#1']);
  });

  it('refuses a line that is too long, and goes on', async () => {
    const long = patient('long', { name: [{ family: 'x'.repeat(2_000) }] });
    const limits = { maxLineBytes: 1_000 };
    const counts = await importNdjson(textSource(ndjson(long, patient('a'))), settingsOf(database, { limits }));
    expect(counts).toMatchObject({ created: 1, failed: 1 });
    expect((await rejected())[0]?.diagnostics).toMatch(/^The line is 2\d{3} bytes long, and 1000 bytes are allowed/);
  });

  it('lets the last of several lines about a resource hold, and tells of the others', async () => {
    const lines = [patient('a', { gender: 'male' }), patient('a', { gender: 'female' }), patient('b')];
    const counts = await importNdjson(textSource(ndjson(...lines)), settingsOf(database));
    expect(counts).toEqual({ lines: 3, created: 2, updated: 0, unchanged: 0, replaced: 1, failed: 0 });
    const { rows } = await database.query<{ content: string }>(`SELECT content FROM resource WHERE id = 'a'`);
    expect(JSON.parse(rows[0]?.content ?? '')).toMatchObject({ gender: 'female' });
    expect(await rejected()).toMatchObject([{ line: 1, severity: 'warning', id: 'a' }]);
  });

  it('makes no version, and queues nobody, where everything is stored just so already', async () => {
    const text = ndjson(
      patient('a', { gender: 'male' }),
      observation('o', 'a'),
      '{"resourceType":"Patient","gender":"male"}',
    );
    await importNdjson(textSource(text), settingsOf(database));
    const before = await stored();
    await database.query('DELETE FROM change_feed');
    const counts = await importNdjson(textSource(text), settingsOf(database, { importId: 'again' }));
    expect(counts).toMatchObject({ created: 0, updated: 0, unchanged: 3 });
    expect(await stored()).toEqual(before);
    expect((await database.query('SELECT FROM change_feed')).rowCount).toBe(0);
  });

  it('refuses only the line that the database or a check refuses', async () => {
    const check = async (
      _sql: unknown,
      _tenant: string,
      written: readonly { readonly id: string }[],
    ): Promise<void> => {
      if (written.some(({ id }) => id === 'p7')) throw new Error('not this one');
    };
    const lines = Array.from({ length: 20 }, (_, n) => patient(`p${n}`));
    const counts = await importNdjson(textSource(ndjson(...lines)), settingsOf(database, { check }));
    expect(counts).toMatchObject({ lines: 20, created: 19, failed: 1 });
    expect(await rejected()).toMatchObject([{ line: 8, id: 'p7', diagnostics: 'not this one' }]);
  });

  it('goes on after a stop, wherever that was, without a loss and without a double', async () => {
    const lines = Array.from({ length: 25 }, (_, n) => (n % 7 === 3 ? '{"broken' : patient(`p${n}`)));
    const source = textSource(ndjson(...lines));
    for (let stops = 0; ; stops += 1) {
      const abort = new AbortController();
      const limits = { linesAtOnce: 2 + (stops % 3) };
      const settings = settingsOf(database, { signal: abort.signal, limits, onProgress: () => abort.abort() });
      const counts = await importNdjson(source, settings).catch(() => null);
      if (counts === null) continue;
      expect(stops).toBeGreaterThan(3);
      expect(counts).toEqual({ lines: 25, created: 21, updated: 0, unchanged: 0, replaced: 0, failed: 4 });
      break;
    }
    expect((await stored()).every((name) => name.endsWith('#1'))).toBe(true);
    expect((await rejected()).map(({ line }) => line)).toEqual([4, 11, 18, 25]);
  });

  it('begins anew with a source that is no longer what it was', async () => {
    const abort = new AbortController();
    const stopping = settingsOf(database, {
      signal: abort.signal,
      limits: { linesAtOnce: 1 },
      onProgress: () => abort.abort(),
    });
    await importNdjson(textSource(ndjson(patient('a'), patient('b'), patient('c'))), stopping).catch(() => {});
    const counts = await importNdjson(textSource(ndjson(patient('x'), patient('b'))), settingsOf(database));
    expect(counts).toMatchObject({ lines: 2 });
    expect(await stored()).toContain('Patient/x#1');
  });
});
