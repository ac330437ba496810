import fc from 'fast-check';
import type { FhirResource } from '../../../cql/index.ts';
import type { Database } from '../../../server/db/database.ts';
import { applyEntries } from '../../../server/store/apply-entries.ts';
import type { UpdateEntry } from '../../../server/store/entry.ts';
import { parseExact } from '../../../server/store/exact-json.ts';
import { importNdjson } from '../../../server/store/import-ndjson.ts';
import { freshDatabase } from '../../support/database.ts';
import { describeWithReferenceData, readReference } from '../../support/reference-data.ts';
import { settingsOf, textSource } from './sources.ts';

const tables = [
  'resource',
  'resource_history',
  ...['token', 'string', 'date', 'quantity', 'reference', 'uri', 'composite'].map((kind) => `search_${kind}`),
  'change_feed',
  'record_reference',
  'outside_change',
];

/** All rows of a tenant, without what only says when they were written, and in which transaction. */
async function rowsOf(database: Database, tenant: string): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const table of tables) {
    const { rows } = await database.query<{ row: string }>(
      `SELECT (to_jsonb(t) - 'tenant' - 'last_updated' - 'changed_at' - 'sequence')::text AS row FROM ${table} AS t
        WHERE tenant = $1 ORDER BY 1`,
      [tenant],
    );
    found[table] = rows.map(({ row }) => row.replaceAll(/("lastUpdated\\?":\s*\\?")[^"\\]+/g, '$1'));
  }
  return found;
}

function patientsIn(rows: readonly string[] = []): string[] {
  return rows.map((row) => JSON.parse(row).patient).sort();
}

function put(text: string): UpdateEntry {
  const resource = parseExact(text) as FhirResource;
  const { resourceType: type, id = '' } = resource;
  return { method: 'PUT', type, id, resource, fullUrl: null, criteria: null, ifMatch: null, ifNoneMatch: null };
}

describeWithReferenceData('An import', () => {
  let database: Database;
  beforeAll(async () => {
    database = await freshDatabase();
  });
  afterAll(() => database.close());

  const texts = (): string[] => {
    const lines = readReference('synthea', 'bundles.ndjson.gz').split('\n').slice(0, 2);
    const all = lines.flatMap((line) => JSON.parse(line).entry.map(({ resource }: { resource: object }) => resource));
    const known = new Map(all.map(({ resourceType, id }) => [`urn:uuid:${id}`, `${resourceType}/${id}`]));
    return [...new Map(all.map((one) => [`${one.resourceType}/${one.id}`, one])).values()].map((one) =>
      JSON.stringify(one).replaceAll(/urn:uuid:[0-9a-f-]+/g, (urn) => known.get(urn) ?? urn),
    );
  };
  /** What comes first, and then again with a change, a new patient, exact decimals, and characters that COPY escapes. */
  const changed = (text: string, turn: number): string =>
    turn % 3 === 0 ? text : JSON.stringify({ ...JSON.parse(text), language: turn % 3 === 1 ? 'en' : 'de' });
  const hard =
    '{"resourceType":"Observation","id":"hard","status":"final","code":{"text":"tab \\t, line \\n\\r, \\\\N, \\\\., €😀"},' +
    '"subject":{"reference":"Patient/x"},"valueQuantity":{"value":1.500,"unit":"a\\\\b\\tc","code":"a\\\\b","system":"http://x"}}';

  it('writes the same rows as one update after another, however many lines make a transaction', async () => {
    const all = texts();
    let tenants = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...all.keys()], { minLength: 120, maxLength: 160 }),
        fc.constantFrom(1, 7, 200),
        async (chosen, linesAtOnce) => {
          tenants += 1;
          const [one, other] = [`one ${tenants}`, `other ${tenants}`];
          const first = [...chosen.map((index) => all[index] ?? ''), hard];
          const then = first.map(changed).slice(0, 40);
          for (const text of [...first, ...then.filter((line) => !first.includes(line))])
            await applyEntries(database, one, [put(text)]);
          for (const [round, lines] of [first, then].entries())
            await importNdjson(
              textSource(lines.join('\n')),
              settingsOf(database, { tenant: other, importId: `${tenants}.${round}`, limits: { linesAtOnce } }),
            );
          const [wanted, found] = [await rowsOf(database, one), await rowsOf(database, other)];
          // What the feed has room to note depends on how much one transaction brings; whom it queues does not.
          if (linesAtOnce > 1)
            for (const rows of [wanted, found]) rows['change_feed'] = patientsIn(rows['change_feed']);
          expect(found).toEqual(wanted);
        },
      ),
      { numRuns: Number(process.env.RUNS ?? 3), endOnFailure: true, examples: [[[...all.keys()].slice(0, 120), 200]] },
    );
  }, 120_000);
});
