import type { FhirResource } from '../../../cql/index.ts';
import { auditEvent } from '../../../server/auth/audit.ts';
import type { Database } from '../../../server/db/database.ts';
import { readCause } from '../../../server/gaps/views/gap-transitions.ts';
import { versionOrigins } from '../../../server/gaps/views/version-origins.ts';
import { applyEntries } from '../../../server/store/apply-entries.ts';
import type { Entry } from '../../../server/store/entry.ts';
import { freshDatabase } from '../../support/database.ts';

const tenant = 'practice';
let database: Database;

const put = (resource: FhirResource): Entry => ({
  method: 'PUT',
  type: resource.resourceType,
  id: resource.id ?? null,
  criteria: null,
  ifMatch: null,
  ifNoneMatch: null,
  fullUrl: null,
  resource,
});
const procedure = (id: string, text: string): FhirResource => ({
  resourceType: 'Procedure',
  id,
  status: 'completed',
  code: { text },
  subject: { reference: 'Patient/one' },
  performedDateTime: '2026-03-04',
});

/** As a request stores: its AuditEvent within its transaction. */
async function write(by: string, entries: readonly Entry[]): Promise<void> {
  await applyEntries(database, tenant, entries, {
    dangling: 'keep',
    audit: (applied) =>
      auditEvent(
        { tenant, actor: { reference: `Practitioner/${by}`, display: by }, requestId: 'r' },
        {
          action: 'U',
          interaction: 'update',
          resources: applied.flatMap(({ stored }) =>
            stored === null
              ? []
              : [{ type: stored.type, id: stored.id, version: stored.version, patient: stored.patient }],
          ),
          query: null,
        },
        new Date(),
      ),
  });
}

beforeAll(async () => {
  database = await freshDatabase();
  await write('ann', [put({ resourceType: 'Patient', id: 'one' })]);
  await write('ann', [put(procedure('p', 'Mammography'))]);
  await write('ben', [put(procedure('p', 'Mammography, both sides'))]);
  await write('eve', [{ ...put(procedure('p', '')), method: 'DELETE' } as Entry]);
  await write(
    'bulk',
    Array.from({ length: 30 }, (_, n) => put(procedure(`many-${n}`, 'X-ray'))),
  );
  await applyEntries(database, tenant, [put(procedure('silent', 'X-ray'))], { dangling: 'keep' });
}, 60_000);
afterAll(() => database.close());

describe('Where a version came from', () => {
  it.each([
    ['Procedure/p/_history/1', 'PUT', 'Mammography, 4 Mar 2026', 'ann'],
    ['Procedure/p/_history/2', 'PUT', 'Mammography, both sides, 4 Mar 2026', 'ben'],
    ['Procedure/p/_history/3', 'DELETE', 'Procedure (deleted)', 'eve'],
    ['Procedure/many-7/_history/1', 'PUT', 'X-ray, 4 Mar 2026', 'bulk'],
    ['Patient/one/_history/1', 'PUT', 'Patient', 'ann'],
    ['Procedure/silent/_history/1', 'PUT', 'X-ray, 4 Mar 2026', null],
  ])('%s: %s, "%s", by %s', async (reference, method, summary, by) => {
    const origin = (await versionOrigins(database, tenant, [reference])).get(reference);
    expect(origin).toMatchObject({ reference, method, summary });
    expect(origin?.writtenBy?.display ?? null).toBe(by);
  });

  it('is told to nobody of another tenant, and of nothing that is not there', async () => {
    expect((await versionOrigins(database, 'another', ['Procedure/p/_history/1'])).size).toBe(0);
    expect((await versionOrigins(database, tenant, ['Procedure/p/_history/9', 'Procedure/q/_history/1'])).size).toBe(0);
    expect((await versionOrigins(database, tenant, [])).size).toBe(0);
  });
});

describe('The cause of a change', () => {
  const resources = ['Coverage/c/_history/1', 'Procedure/p/_history/2', 'not a version'];
  it.each([
    [
      'says what is evidence first',
      { kind: 'data', resources, evidence: ['Procedure/p'] },
      'data',
      ['Procedure/p/_history/2', 'Coverage/c/_history/1'],
    ],
    ['is read as older versions wrote it', { kind: 'measures', resourceTypes: [] }, 'measures', []],
    ['can be time alone', { kind: 'time', resources: [] }, 'time', []],
    ['is the data where nothing else is said', {}, 'data', []],
  ])('%s', (_, cause, kind, versions) => {
    expect(readCause(cause)).toMatchObject({ kind, versions });
  });
});
