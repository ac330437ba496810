import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Catalogue, createCatalogue } from '../../../server/content/catalogue.ts';
import { doubtfulDirection } from '../../../server/content/direction-warning.ts';
import { installCheck } from '../../../server/content/install-check.ts';
import { liveMeasures } from '../../../server/content/installed-measure.ts';
import { keptLibrary } from '../../../server/content/kept-library.ts';
import { SealedFolder } from '../../../server/content/sealed-folder.ts';
import type { Database } from '../../../server/db/database.ts';
import type { StoredResource } from '../../../server/db/stored-resource.ts';
import { freshDatabase } from '../../support/database.ts';
import { describeWithReferenceData, readReferenceLines } from '../../support/reference-data.ts';
import { insertResources, type PlainResource } from './stored.ts';

describeWithReferenceData('The official measures', () => {
  let database: Database;
  beforeAll(async () => {
    database = await freshDatabase();
  });
  afterAll(() => database.close());

  it('install all together, in one transaction, without model infos', async () => {
    const resources = ['measures', 'libraries', 'valuesets'].flatMap((file) =>
      readReferenceLines<PlainResource>('ecqm', `${file}.ndjson.gz`),
    );
    const installed = await database.transaction(async (sql) => {
      const written: StoredResource[] = await insertResources(sql, 'practice', resources);
      return installCheck(sql, 'practice', written);
    });
    expect(installed).toHaveLength(73);
    const { rows } = await database.query<{ url: string; code: string }>(
      'SELECT url, code FROM content_warning ORDER BY url',
    );
    expect(rows.map(({ url, code }) => [url.split('/').at(-1), code])).toEqual([
      ['CMS122FHIRDiabetesAssessGT9Pct', doubtfulDirection],
      ['CMS156FHIRHighRiskMedsElderly', doubtfulDirection],
      ['CMS996FHIRAptTxforSTEMI', expect.any(String)],
    ]);
  }, 300_000);

  it('are then found and packed', async () => {
    const catalogue = createCatalogue(database);
    const measures = await catalogue.list('practice');
    expect(measures).toHaveLength(73);
    expect(liveMeasures(measures, '2026-06-30')).toHaveLength(
      measures.filter(({ status }) => status === 'active').length,
    );
    const packed = [];
    for (const { url } of measures) packed.push(await catalogue.package('practice', url));
    expect(new Set(packed.map(({ hash }) => hash)).size).toBe(73);
  }, 120_000);

  it('are found again as they were kept, until content changes', async () => {
    const path = mkdtempSync(join(tmpdir(), 'packages-'));
    const folder = (): SealedFolder =>
      new SealedFolder({ path, edition: '', onProblem: (problem) => problems.push(problem) });
    const open = (): Catalogue => createCatalogue(database, folder());
    const problems: string[] = [];
    const measures = (await open().list('practice')).slice(0, 12);
    const [first, second] = [open(), open()];
    for (const { url } of measures) {
      const packed = await first.package('practice', url);
      const kept = await second.package('practice', url);
      expect({ ...kept, parts: new Map() }).toEqual({ ...packed, parts: new Map() });
      for (const [part, bytes] of packed.parts)
        expect(Buffer.from(kept.parts.get(part) ?? keptLibrary(part, folder()) ?? []).equals(bytes)).toBe(true);
      const { bounds, library } = await second.prepared('practice', url);
      expect(bounds).toEqual((await first.prepared('practice', url)).bounds);
      expect(library).not.toBeNull();
    }
    const [{ url = '' } = {}] = measures;
    const before = readdirSync(path).length;
    await open().package('practice', url);
    expect(readdirSync(path)).toHaveLength(before);
    await database.query(
      `UPDATE resource SET version = version + 1 WHERE tenant = 'practice' AND type = 'ValueSet'
       AND id = (SELECT min(id) FROM resource WHERE tenant = 'practice' AND type = 'ValueSet')`,
    );
    await open().package('practice', url);
    expect(readdirSync(path)).toHaveLength(before + 1);
    expect(problems).toEqual([]);
    rmSync(path, { recursive: true });
  }, 120_000);
});
