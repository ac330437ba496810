import { GapDocuments } from '../../../server/gaps/gap-documents.ts';
import { Reaches } from '../../../server/gaps/reach.ts';
import { readStoredResults } from '../../../server/gaps/stored-results.ts';
import { type LivePractice, livePractice, medication, order, person, put, tenant, visit } from './live-practice.ts';

const period = { start: '2026-01-01', end: '2026-12-31' };
const now = '2026-11-22T12:00:00.000+00:00';

let practice: LivePractice;
beforeAll(async () => {
  practice = await livePractice(['Drug']);
  for (const id of ['p', 'q']) await practice.write(put(person(id)), put(visit(`${id}-v`, id)));
  await practice.write(put(order('p-o', 'p')));
  await practice.settle();
}, 180_000);
afterAll(() => practice?.close());

async function documents(): Promise<GapDocuments> {
  const { database, catalogue } = practice;
  const measure = await catalogue.find(tenant, { canonical: 'http://example.org/Measure/Drug' });
  const { hash } = await catalogue.package(tenant, measure.url);
  return new GapDocuments(database, { tenant, settings: 's', results: [{ measure, hash }], period, now });
}

async function kept(): Promise<string[]> {
  return [...(await (await documents()).read(['p', 'q'])).keys()].sort();
}

async function make(): Promise<void> {
  const made = await documents();
  await made.begin(['p', 'q']);
  for (const patient of ['p', 'q']) await made.keep(patient, `of ${patient}`);
}

describe('A document that is kept', () => {
  beforeEach(make);

  it('stands for one made now as long as nothing changed', async () => {
    expect(await kept()).toEqual(['p', 'q']);
  });

  it('is gone for a patient whose data changed', async () => {
    await practice.write(put(visit('q-v2', 'q')));
    expect(await kept()).toEqual(['p']);
    await practice.settle();
    expect(await kept()).toEqual(['p']);
  });

  it('is not read of whoever is yet to be queued for a Medication that changed', async () => {
    await practice.write(put(medication('m', 'pill')));
    await leaveToWorker('m');
    expect(await kept()).toEqual(['q']);
    await practice.settle();
    expect(await practice.statusOf('p', 'Drug')).toBe('closed-gap');
    expect(await kept()).toEqual(['q']);
  });

  it('is not kept when the Medication changed while it was made', async () => {
    const made = await documents();
    await made.begin(['p']);
    await practice.write(put(medication('m', 'water')));
    await leaveToWorker('m');
    await made.keep('p', 'of the medication before');
    expect(await kept()).toEqual(['q']);
    await practice.settle();
    expect(await kept()).toEqual(['q']);
    const { rows } = await practice.database.query('SELECT patient FROM gap_document ORDER BY 1');
    expect(rows).toEqual([{ patient: 'q' }]);
  });
});

/** As the store does it when very many patients refer to a resource: none of them is on the feed. */
async function leaveToWorker(id: string): Promise<void> {
  const { database } = practice;
  await database.query('DELETE FROM change_feed');
  await database.query(
    `INSERT INTO outside_change (tenant, type, id, version) VALUES ($1, 'Medication', $2, 1) ON CONFLICT DO NOTHING`,
    [tenant, id],
  );
  const { rows } = await database.query<{ n: number }>('SELECT count(*) AS n FROM outside_change');
  expect(rows).toEqual([{ n: 1 }]);
  const measure = await practice.catalogue.find(tenant, { canonical: 'http://example.org/Measure/Drug' });
  const packed = await practice.catalogue.package(tenant, measure.url);
  const found = await readStoredResults(database, {
    tenant,
    patients: ['p', 'q'],
    measures: [{ measure, hash: packed.hash }],
    reaches: [new Reaches().of(packed)],
    period,
    now,
  });
  expect([...found.keys()]).toEqual(['q']);
}
