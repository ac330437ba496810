import type { Database } from '../../../server/db/database.ts';
import { applyEntries } from '../../../server/store/apply-entries.ts';
import { loadPatientRecords } from '../../../server/store/patient-record.ts';
import { freshDatabase } from '../../support/database.ts';

let database: Database;
const put = (resource: { resourceType: string; id: string; [element: string]: unknown }) =>
  ({
    method: 'PUT',
    type: resource.resourceType,
    id: resource.id,
    criteria: null,
    resource,
    fullUrl: null,
    ifMatch: null,
    ifNoneMatch: null,
  }) as const;
const subject = { reference: 'Patient/a' };
beforeAll(async () => {
  database = await freshDatabase();
  await applyEntries(database, 'practice', [
    put({ resourceType: 'Patient', id: 'a', managingOrganization: { reference: 'Organization/o' } }),
    put({ resourceType: 'Patient', id: 'b' }),
    put({ resourceType: 'Organization', id: 'o', name: 'Clinic' }),
    put({ resourceType: 'Organization', id: 'unused', name: 'Other' }),
    put({ resourceType: 'Location', id: 'l', name: 'Ward' }),
    put({
      resourceType: 'Encounter',
      id: 'e',
      status: 'finished',
      class: { code: 'AMB' },
      subject,
      location: [{ location: { reference: 'Location/l' } }],
    }),
    put({ resourceType: 'Condition', id: 'orphan', subject: { reference: 'Patient/nobody' } }),
    put({ resourceType: 'Condition', id: 'c', subject }),
  ]);
  await applyEntries(database, 'practice', [put({ resourceType: 'Condition', id: 'c', subject, code: { text: 'x' } })]);
  await applyEntries(database, 'elsewhere', [
    put({ resourceType: 'Patient', id: 'a' }),
    put({ resourceType: 'Procedure', id: 'p', status: 'completed', subject }),
  ]);
});
afterAll(() => database.close());

const load = async (ids: string[], types: string[] | null): Promise<Record<string, string[]>> => {
  const records = await loadPatientRecords(database, 'practice', ids, types);
  return Object.fromEntries(
    [...records].map(([id, { resources }]) => [id, resources.map((r) => `${r.resourceType}/${r.id}`).sort()]),
  );
};

describe('The record of a patient', () => {
  it('has the compartment and what it refers to, of this tenant only', async () => {
    expect(await load(['b', 'a', 'nobody'], null)).toEqual({
      a: ['Condition/c', 'Encounter/e', 'Location/l', 'Organization/o', 'Patient/a'],
      b: ['Patient/b'],
    });
  });

  it('has only the types that are wanted, and always the Patient', async () => {
    expect(await load(['a'], ['Encounter', 'Organization'])).toEqual({
      a: ['Encounter/e', 'Organization/o', 'Patient/a'],
    });
  });

  it('knows the version of each resource, and the newest content', async () => {
    const record = (await loadPatientRecords(database, 'practice', ['a'], null)).get('a');
    expect(record?.versions.get('Condition/c')).toBe(2);
    expect(record?.resources.find(({ id }) => id === 'c')).toMatchObject({ code: { text: 'x' } });
  });

  it('is without what was deleted', async () => {
    await applyEntries(database, 'practice', [
      { method: 'DELETE', type: 'Condition', id: 'c', criteria: null, ifMatch: null },
    ]);
    expect((await load(['a'], ['Condition'])).a).toEqual(['Patient/a']);
  });
});
