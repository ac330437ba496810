import type { Patient } from '@medplum/fhirtypes';
import type { Database } from '../../../server/db/database.ts';
import { freshDatabase } from '../../support/database.ts';
import { find, findIds, put } from './practice.ts';

function patient(id: string, family: string | null, birthDate?: string): Patient {
  return {
    resourceType: 'Patient',
    id,
    ...(family === null ? {} : { name: [{ family }] }),
    ...(birthDate === undefined ? {} : { birthDate }),
  };
}

let database: Database;
beforeEach(async () => {
  database = await freshDatabase();
  await put(
    database,
    'demo',
    patient('p1', 'Adams', '1990'),
    patient('p2', 'Brown', '1980'),
    patient('p3', 'Brown', '1970'),
    patient('p4', null, '1960'),
    patient('p5', 'Clark'),
    patient('p6', null),
  );
});
afterEach(() => database.close());

/** Reads page after page; `between` runs after each. */
async function pages(url: string, between: (page: number) => Promise<void> = async () => {}): Promise<string[][]> {
  const all: string[][] = [];
  let cursor: string | null = null;
  do {
    const result = await find(database, cursor === null ? url : `${url}&_cursor=${cursor}`);
    all.push(result.matches.map(({ id }) => id));
    cursor = result.nextCursor;
    await between(all.length);
  } while (cursor !== null);
  return all;
}

describe('Sorting', () => {
  it.each<[string, string[]]>([
    ['_id', ['p1', 'p2', 'p3', 'p4', 'p5', 'p6']],
    ['-_id', ['p6', 'p5', 'p4', 'p3', 'p2', 'p1']],
    ['family', ['p1', 'p2', 'p3', 'p5', 'p4', 'p6']],
    ['-family', ['p5', 'p2', 'p3', 'p1', 'p4', 'p6']],
    ['family,birthdate', ['p1', 'p3', 'p2', 'p5', 'p4', 'p6']],
    ['family,-birthdate', ['p1', 'p2', 'p3', 'p5', 'p4', 'p6']],
    ['-birthdate', ['p1', 'p2', 'p3', 'p4', 'p5', 'p6']],
    ['_lastUpdated,-_id', ['p6', 'p5', 'p4', 'p3', 'p2', 'p1']],
  ])('by %s gives %j, those without a value last', async (sort, ids) => {
    expect(await findIds(database, `Patient?_sort=${sort}`)).toEqual(ids);
    expect((await pages(`Patient?_sort=${sort}&_count=1`)).flat()).toEqual(ids);
    expect((await pages(`Patient?_sort=${sort}&_count=4`)).flat()).toEqual(ids);
  });
});

describe('Pages', () => {
  it('are not shifted by what is written before or deleted on them', async () => {
    const read = await pages('Patient?_sort=family&_count=2', async (page) => {
      if (page !== 1) return;
      await put(database, 'demo', patient('p0', 'Aaron'), patient('p00', 'Abel'));
      await database.query(`DELETE FROM resource WHERE id = 'p2'`);
    });
    expect(read).toEqual([
      ['p1', 'p2'],
      ['p3', 'p5'],
      ['p4', 'p6'],
    ]);
  });

  it.each(['_id', '-family', 'family,-birthdate', '-_lastUpdated'])(
    'lead back as they led forth, by %s',
    async (sort) => {
      const url = `Patient?_sort=${sort}&_count=2`;
      const first = await find(database, url);
      const second = await find(database, `${url}&_cursor=${first.nextCursor}`);
      const third = await find(database, `${url}&_cursor=${second.nextCursor}`);
      const ids = (result: typeof first): string[] => result.matches.map(({ id }) => id);
      expect(first.previousCursor).toBeNull();
      expect(third.nextCursor).toBeNull();
      const back = await find(database, `${url}&_cursor=${third.previousCursor}`);
      expect(ids(back)).toEqual(ids(second));
      expect(ids(await find(database, `${url}&_cursor=${back.previousCursor}`))).toEqual(ids(first));
    },
  );

  it('know the total when it is asked for or free', async () => {
    const total = async (query: string): Promise<number | null> => (await find(database, `Patient?${query}`)).total;
    expect(await total('_count=2')).toBeNull();
    expect(await total('_count=2&_total=accurate')).toBe(6);
    expect(await total('_count=2&_total=estimate')).toEqual(expect.any(Number));
    expect(await total('family=brown')).toBe(2);
    expect(await total('family=brown&_total=none')).toBeNull();
    expect(await total('family=brown&_summary=count')).toBe(2);
    expect(await total('_count=0')).toBe(6);
  });

  it('give the exact stored text', async () => {
    await database.query(`UPDATE resource SET content = '{"resourceType":"Patient","x":1.10}' WHERE id = 'p1'`);
    const [match] = (await find(database, 'Patient?_id=p1')).matches;
    expect(match?.content).toBe('{"resourceType":"Patient","x":1.10}');
  });

  it.each(['nonsense', 'W10', 'WzAsIlBhdGllbnQiLCJwMSIsImZhbWlseSIsIngiXQ'])('refuse the cursor %s', async (cursor) => {
    await expect(find(database, `Patient?_cursor=${cursor}`)).rejects.toMatchObject({ name: 'InvalidCursor' });
  });
});
