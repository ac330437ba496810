import type { FhirResource } from '../../../cql/index.ts';
import { openHccTables } from '../../../measures/index.ts';
import { AuditTrail } from '../../../server/auth/audit.ts';
import { createCatalogue } from '../../../server/content/catalogue.ts';
import type { Database } from '../../../server/db/database.ts';
import { answerApi } from '../../../server/http/api.ts';
import { applyEntries } from '../../../server/store/apply-entries.ts';
import { freshDatabase, silent } from '../../support/database.ts';
import { context, tenant } from '../operations/practice.ts';

let database: Database;
let audit: AuditTrail;

const person = (id: string, birthDate?: string): FhirResource => ({
  resourceType: 'Patient',
  id,
  gender: 'female',
  name: [{ given: ['Ada'], family: id }],
  ...(birthDate !== undefined && { birthDate }),
});

beforeAll(async () => {
  database = await freshDatabase();
  audit = new AuditTrail(database, silent);
  const group: FhirResource = {
    resourceType: 'Group',
    id: 'few',
    type: 'person',
    actual: true,
    member: [{ entity: { reference: 'Patient/old' } }, { entity: { reference: 'Patient/young' }, inactive: true }],
  };
  const resources = [person('old', '1931-05-01'), person('young', '1961-05-01'), person('timeless'), group];
  const entries = resources.map((resource) => ({
    method: 'PUT' as const,
    type: resource.resourceType,
    id: resource.id ?? null,
    criteria: null,
    ifMatch: null,
    ifNoneMatch: null,
    fullUrl: null,
    resource,
  }));
  await applyEntries(database, tenant, entries, { dangling: 'keep' });
}, 60_000);
afterAll(async () => {
  await audit.close();
  await database.close();
});

async function ask(path: string, body: object = {}, scopes: readonly string[] = ['user/*.cruds']) {
  const services = { database, catalogue: createCatalogue(database), hcc: openHccTables(), audit, version: '0' };
  const request = {
    method: 'POST',
    path: path.split('/'),
    query: new URLSearchParams(),
    headers: {},
    body: JSON.stringify(body),
  };
  const answer = await answerApi(services, { ...context(), scopes }, request);
  return answer.body as unknown as Record<string, unknown> & {
    items: { patient: { id: string }; score: number | null }[];
  };
}

describe('The views of risk scores', () => {
  it('sort a roster by score, who could not be scored last', async () => {
    const { items, total, mean } = await ask('risk-scores/_search', { paymentYear: 2026 });
    expect(items.map(({ patient, score }) => [patient.id, score])).toEqual([
      ['old', 0.65],
      ['young', 0.385],
      ['timeless', null],
    ]);
    expect([total, mean]).toEqual([3, 0.518]);
    const up = await ask('risk-scores/_search', { paymentYear: 2026, descending: false, offset: 1, count: 1 });
    expect(up.items.map(({ patient }) => patient.id)).toEqual(['old']);
  });

  it('know the active members of a group', async () => {
    expect((await ask('risk-scores/_search', { group: 'few' })).items.map(({ patient }) => patient.id)).toEqual([
      'old',
    ]);
  });

  it('give a patient with all steps', async () => {
    const view = await ask('patients/old/risk/_search', { paymentYear: 2026 });
    expect(view).toMatchObject({ score: 0.65, collection: { start: '2025-01-01', end: '2025-12-31' } });
  });

  it.each([
    ['patients/nobody/risk/_search', {}, /Patient\/nobody does not exist/],
    ['patients/timeless/risk/_search', {}, /has no birth date with a day/],
    ['risk-scores/_search', { paymentYear: 2040 }, /has no tables/],
    ['risk-scores/_search', { count: 0 }, /count/],
  ])('refuse %s with %j', async (path, body, message) => {
    await expect(ask(path, body)).rejects.toThrow(message);
  });

  it('ask for the right to read claims', async () => {
    await expect(ask('risk-scores/_search', {}, ['user/Patient.rs'])).rejects.toThrow(/Coverage/);
  });
});
