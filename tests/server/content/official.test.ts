import { createCatalogue } from '../../../server/content/catalogue.ts';
import { installCheck } from '../../../server/content/install-check.ts';
import { liveMeasures } from '../../../server/content/installed-measure.ts';
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
    const { rows } = await database.query<{ url: string }>('SELECT url FROM content_warning');
    expect(rows.map(({ url }) => url.split('/').at(-1))).toEqual(['CMS996FHIRAptTxforSTEMI']);
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
});
