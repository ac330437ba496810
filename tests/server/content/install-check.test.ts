import type { Catalogue } from '../../../server/content/catalogue.ts';
import { createCatalogue } from '../../../server/content/catalogue.ts';
import { InvalidMeasureContent, UnknownMeasure } from '../../../server/content/errors.ts';
import { installCheck } from '../../../server/content/install-check.ts';
import type { Database } from '../../../server/db/database.ts';
import { freshDatabase } from '../../support/database.ts';
import { definitions, smallMeasure } from './small-measure.ts';
import { insertResources, type PlainResource } from './stored.ts';

let database: Database;
let catalogue: Catalogue;
const tenant = 'practice';
beforeAll(async () => {
  database = await freshDatabase();
  catalogue = createCatalogue(database);
});
afterAll(() => database.close());

const install = (...resources: PlainResource[]): Promise<string[]> =>
  database.transaction(async (sql) => installCheck(sql, tenant, await insertResources(sql, tenant, resources)));

async function refused(...resources: PlainResource[]): Promise<string[]> {
  const attempt = install(...resources).then(
    () => null,
    (error: unknown) => error,
  );
  const error = await attempt;
  if (!(error instanceof InvalidMeasureContent)) throw new Error(`not refused: ${String(error)}`);
  const ids = resources.map(({ id }) => id);
  const { rows } = await database.query('SELECT id FROM resource WHERE id = ANY($1) AND version = 1', [ids]);
  expect(rows).toEqual([]);
  return error.issues.map(({ diagnostics }) => diagnostics);
}

describe('Content that cannot run is refused, with nothing of it stored', () => {
  it.each<[string, () => PlainResource[], RegExp[]]>([
    [
      'a measure without its library',
      () => [smallMeasure({ name: 'A' }).measure],
      [/library .*\/A\|1.0.0 is not there/],
    ],
    [
      'CQL with errors, each by line and column',
      () => {
        const { measure, library, valueSet } = smallMeasure({
          name: 'B',
          cql: `${definitions}\ndefine "Bad": 1 + 'a'\ndefine "Worse": Missing`,
        });
        return [measure, library, valueSet];
      },
      [/CQL of B.*, line 10, column \d+/, /CQL of B.*, line 11, column \d+: .*Missing/],
    ],
    [
      'a value set that is not there',
      () => {
        const { measure, library } = smallMeasure({ name: 'C' });
        return [measure, library];
      },
      [/value set "Visits" \(http:\/\/example.org\/ValueSet\/visits\) is not there/],
    ],
    [
      'a value set without expansion',
      () => {
        const { measure, library, valueSet } = smallMeasure({ name: 'D' });
        return [measure, library, { ...valueSet, compose: undefined }];
      },
      [/has no usable codes: .* neither an expansion nor a compose/],
    ],
    [
      'a criterion that the library does not define, and all other problems with it',
      () => {
        const { measure, library } = smallMeasure({ name: 'E', numerator: 'Nowhere' });
        return [measure, library];
      },
      [/value set "Visits"/, /group\[0\].population\[2\].* no definition "Nowhere"/],
    ],
    [
      'a library that is included and not there',
      () => {
        const { library } = smallMeasure({ name: 'F' });
        const elm = {
          library: {
            identifier: { id: 'F', version: '1.0.0' },
            includes: { def: [{ localIdentifier: 'X', path: 'Absent', version: '2' }] },
          },
        };
        const data = Buffer.from(JSON.stringify(elm)).toString('base64');
        return [{ ...library, content: [{ contentType: 'application/elm+json', data }] }];
      },
      [/Library F\|1.0.0 includes Absent\|2, which is not there/],
    ],
    [
      'ELM with a node that no engine knows',
      () => {
        const { measure, library, valueSet } = smallMeasure({ name: 'G' });
        const expression = { type: 'Telepathy', locator: '7:1-7:9' };
        const def = ['Initial Population', 'Denominator', 'Numerator'].map((name) => ({
          name,
          context: 'Patient',
          expression,
        }));
        const elm = { library: { identifier: { id: 'G', version: '1.0.0' }, statements: { def } } };
        const data = Buffer.from(JSON.stringify(elm)).toString('base64');
        return [measure, { ...library, content: [{ contentType: 'application/elm+json', data }] }, valueSet];
      },
      [/ELM node Telepathy is not supported/],
    ],
    [
      'ELM that is not JSON',
      () => [
        { ...smallMeasure({ name: 'H' }).library, content: [{ contentType: 'application/elm+json', data: 'AAAA' }] },
      ],
      [/Library H\|1.0.0: its ELM .* is not JSON/],
    ],
    [
      'a draft as much as an active measure',
      () => [smallMeasure({ name: 'I', status: 'draft' }).measure],
      [/library .*\/I\|1.0.0 is not there/],
    ],
  ])('%s', async (_, resources, sentences) => {
    const issues = await refused(...resources());
    for (const sentence of sentences) expect(issues).toContainEqual(expect.stringMatching(sentence));
  });
});

describe('A measure of CQL only', () => {
  const one = smallMeasure();
  const two = smallMeasure({ version: '1.10.0' });

  it('installs, and its translation is kept', async () => {
    const installed = await install(one.measure, one.library, one.valueSet);
    expect(installed).toEqual(['http://example.org/Measure/Small|1.0.0']);
    const { rows } = await database.query('SELECT identifier FROM library_elm');
    expect(rows).toEqual([{ identifier: 'Library Small|1.0.0' }]);
  });

  it('stands beside another version', async () => {
    await install(two.measure, two.library);
    expect((await catalogue.list(tenant)).map(({ version }) => version)).toEqual(['1.0.0', '1.10.0']);
    const find = async (canonical: string): Promise<string | null> =>
      (await catalogue.find(tenant, { canonical })).version;
    expect(await find('http://example.org/Measure/Small')).toBe('1.10.0');
    expect(await find('http://example.org/Measure/Small|1.0.0')).toBe('1.0.0');
    expect((await catalogue.find(tenant, { id: 'Small-1-0-0' })).version).toBe('1.0.0');
    await expect(find('http://example.org/Measure/Small|7')).rejects.toThrow(UnknownMeasure);
  });

  it('is prepared, and has another hash when its value set changes', async () => {
    const canonical = 'http://example.org/Measure/Small|1.0.0';
    const before = await catalogue.package(tenant, canonical);
    expect((await catalogue.prepared(tenant, canonical)).definition.url).toBe('http://example.org/Measure/Small');
    expect([...before.resourceTypes].sort()).toEqual(['Encounter', 'Observation', 'Patient']);
    const checked = await install({
      ...one.valueSet,
      expansion: { total: 1, contains: [{ system: 'http://codes', code: 'other' }] },
    });
    expect(checked.sort()).toEqual([canonical, 'http://example.org/Measure/Small|1.10.0']);
    expect((await catalogue.package(tenant, canonical)).hash).not.toBe(before.hash);
  });

  it('keeps others from taking away what it needs', async () => {
    const removed = database.transaction(async (sql) => {
      const [stored] = await insertResources(sql, tenant, [one.valueSet]);
      await sql.query(`UPDATE resource SET deleted = true, content = NULL WHERE id = 'visits'`);
      if (stored === undefined) throw new Error('nothing was stored');
      return installCheck(sql, tenant, [{ ...stored, deleted: true, content: null }]);
    });
    await expect(removed).rejects.toThrow(/Measure .*Small\|1.0.0: value set "Visits" .* is not there/);
  });
});
