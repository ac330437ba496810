import type { Resource } from '@medplum/fhirtypes';
import type { Database } from '../../../server/db/database.ts';
import { writeSearchRows } from '../../../server/search/rows.ts';
import { freshDatabase } from '../../support/database.ts';
import { findIds, put } from './practice.ts';

const tables = ['token', 'string', 'date', 'quantity', 'reference', 'uri', 'composite'];
const observation = (patient: string, code: string): Resource => ({
  resourceType: 'Observation',
  id: 'o1',
  status: 'final',
  code: { coding: [{ code }] },
  subject: { reference: `Patient/${patient}` },
  valueQuantity: { value: 1 },
  effectiveDateTime: '2026',
});

let database: Database;
beforeEach(async () => {
  database = await freshDatabase();
});
afterEach(() => database.close());

async function rows(): Promise<number> {
  const counts = await Promise.all(
    tables.map((table) => database.query<{ n: number }>(`SELECT count(*) AS n FROM search_${table}`)),
  );
  return counts.reduce((sum, result) => sum + (result.rows[0]?.n ?? 0), 0);
}

describe('Rows of the search index', () => {
  it('follow a resource that changes, and its patient', async () => {
    await put(database, 'demo', observation('p1', 'old'));
    const before = await rows();
    await put(database, 'demo', observation('p2', 'new'));
    expect(await rows()).toBe(before);
    expect(await findIds(database, 'Observation?code=old')).toEqual([]);
    expect(await findIds(database, 'Observation?code=new&patient=p2')).toEqual(['o1']);
    expect(await findIds(database, 'Observation?patient=p1')).toEqual([]);
  });

  it('go with a resource that is deleted, and spare others with its id', async () => {
    await put(database, 'demo', observation('p1', 'x'), { resourceType: 'Patient', id: 'p1', gender: 'male' });
    await put(database, 'demo', { resourceType: 'Condition', id: 'o1', subject: { reference: 'Patient/p1' } });
    await put(database, 'other', observation('p1', 'x'));
    const gone = { patient: 'p1', type: 'Observation', id: 'o1', resource: null, replaces: 'p1' };
    await writeSearchRows(database, 'demo', [gone]);
    expect(await findIds(database, 'Observation?code=x')).toEqual([]);
    expect(await findIds(database, 'Condition?patient=p1')).toEqual(['o1']);
    expect(await findIds(database, 'Observation?code=x', { tenant: 'other' })).toEqual(['o1']);
  });

  it('hold values of any length, and characters that PostgreSQL refuses', async () => {
    const long = 'x'.repeat(100_000);
    await put(database, 'demo', {
      resourceType: 'Patient',
      id: 'long',
      name: [{ family: `${long}y` }, { family: 'a\u0000b' }],
      identifier: [{ system: long, value: `${long}1` }, { value: 'nul\u0000' }],
    });
    expect(await findIds(database, `Patient?identifier=${long}1`)).toEqual(['long']);
    expect(await findIds(database, `Patient?identifier=${long}2`)).toEqual([]);
    expect(await findIds(database, `Patient?family:exact=${long}y`)).toEqual(['long']);
    expect(await findIds(database, `Patient?family=${long}z`)).toEqual([]);
  });
});
