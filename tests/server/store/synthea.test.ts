import type { FhirResource } from '../../../cql/index.ts';
import type { Database } from '../../../server/db/database.ts';
import { applyEntries } from '../../../server/store/apply-entries.ts';
import type { CreateEntry } from '../../../server/store/entry.ts';
import { parseExact } from '../../../server/store/exact-json.ts';
import { loadPatientRecords } from '../../../server/store/patient-record.ts';
import { freshDatabase } from '../../support/database.ts';
import { describeWithReferenceData, readReference } from '../../support/reference-data.ts';

interface Posted {
  readonly type: string;
  readonly entry: readonly { readonly fullUrl: string; readonly resource: FhirResource }[];
}

describeWithReferenceData('The Synthea patients', () => {
  let database: Database;
  /** Each Bundle with what became of its fullUrls; the same Organization comes in several Bundles. */
  const posted: (Posted & { readonly ids: ReadonlyMap<string, string> })[] = [];

  beforeAll(async () => {
    database = await freshDatabase();
    for (const line of readReference('synthea', 'bundles.ndjson.gz').split('\n').filter(Boolean)) {
      const bundle = parseExact(line) as Posted;
      const entries = bundle.entry.map(
        ({ fullUrl, resource }): CreateEntry => ({
          method: 'POST',
          type: resource.resourceType,
          resource,
          fullUrl,
          ifNoneExist: null,
        }),
      );
      const applied = await applyEntries(database, 'practice', entries, { transaction: true });
      const ids = new Map<string, string>();
      for (const [index, { type, stored }] of applied.entries()) {
        ids.set(bundle.entry[index]?.fullUrl ?? '', `${type}/${stored?.id}`);
      }
      posted.push({ ...bundle, ids });
    }
  }, 180_000);
  afterAll(() => database.close());

  it('all load, 60 Bundles and as many of each type as were sent', async () => {
    const sent: Record<string, number> = {};
    for (const { resource } of posted.flatMap(({ entry }) => entry)) {
      sent[resource.resourceType] = (sent[resource.resourceType] ?? 0) + 1;
    }
    const { rows } = await database.query<{ type: string; n: number }>(
      'SELECT type, count(*) AS n FROM resource GROUP BY type',
    );
    expect(posted).toHaveLength(60);
    expect(Object.fromEntries(rows.map(({ type, n }) => [type, n]))).toEqual(sent);
    expect(rows.reduce((sum, { n }) => sum + n, 0)).toBe(20_320);
  });

  it('come back as they were sent, but for assigned ids, the references to them, and meta', async () => {
    const { rows } = await database.query<{ type: string; id: string; content: string }>(
      'SELECT type, id, content FROM resource',
    );
    const stored = new Map(rows.map(({ type, id, content }) => [`${type}/${id}`, content]));
    let different = 0;
    for (const { ids, fullUrl, resource } of posted.flatMap(({ entry, ids }) =>
      entry.map((item) => ({ ...item, ids })),
    )) {
      const key = ids.get(fullUrl) ?? '';
      const { meta } = JSON.parse(stored.get(key) ?? '{"meta":null}');
      expect(meta).toMatchObject({ ...Object(resource.meta), versionId: '1' });
      const wanted = JSON.stringify({ ...resource, id: key.split('/')[1], meta }).replaceAll(
        /"(urn:uuid:[^"]+)"/g,
        (text, urn) => (ids.has(urn) ? `"${ids.get(urn)}"` : text),
      );
      if (stored.get(key) !== wanted) different += 1;
    }
    expect(different).toBe(0);
  });

  it('load for evaluation with all of the compartment and what it refers to', async () => {
    const { rows } = await database.query<{ patient: string; n: number }>(
      `SELECT patient, count(*) AS n FROM resource WHERE patient <> '' GROUP BY patient`,
    );
    const records = await loadPatientRecords(
      database,
      'practice',
      rows.map(({ patient }) => patient),
      null,
    );
    expect(records.size).toBe(59);
    for (const { patient, n } of rows) {
      const record = records.get(patient);
      if (record === undefined) continue;
      const others = record.resources.filter(({ resourceType }) =>
        ['Organization', 'Practitioner'].includes(resourceType),
      );
      expect(record.resources.length - others.length).toBe(n);
      expect(others.length).toBeGreaterThan(0);
      expect(record.versions.size).toBe(record.resources.length);
    }
  });
});
