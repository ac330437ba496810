import type { FhirAnswer, RunningServer } from '../../support/running-server.ts';
import { startServer } from '../../support/running-server.ts';

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
  await server.fhir('PUT', 'Patient/eve', { resourceType: 'Patient', id: 'eve' });
});
afterAll(() => server.stop());

const heartRate = (reference: string, id: string): object => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { text: 'heart rate' },
  subject: { reference },
});
const ids = ({ json }: FhirAnswer): string[] =>
  json.entry.map(({ resource }: { resource: { id: string } }) => resource.id).sort();

describe('A reference by our own absolute URL', () => {
  beforeAll(async () => {
    const own = `${server.url}/fhir/Patient/eve`;
    await server.fhir('PUT', 'Observation/absolute', heartRate(own, 'absolute'));
    await server.fhir('PUT', 'Observation/relative', heartRate('Patient/eve', 'relative'));
    await server.fhir('PUT', 'Observation/elsewhere', heartRate('http://elsewhere.test/fhir/Patient/eve', 'elsewhere'));
    await server.fhir('POST', '', {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [{ resource: heartRate(own, 'bundled'), request: { method: 'PUT', url: 'Observation/bundled' } }],
    });
  });

  it.each([
    ['its compartment', 'Patient/eve/Observation'],
    ['a search by the relative reference', 'Observation?subject=Patient/eve'],
    ['a search by the id', 'Observation?patient=eve'],
  ])('puts the resource into %s', async (_, path) => {
    expect(ids(await server.fhir('GET', path))).toEqual(['absolute', 'bundled', 'relative']);
  });

  it('is found by the absolute reference too', async () => {
    const own = encodeURIComponent(`${server.url}/fhir/Patient/eve`);
    expect(ids(await server.fhir('GET', `Observation?subject=${own}`))).toEqual(['absolute', 'bundled', 'relative']);
  });

  it('matches the criteria of a conditional interaction', async () => {
    const own = encodeURIComponent(`${server.url}/fhir/Patient/eve`);
    const headers = { 'if-none-exist': `subject=${own}&_id=relative` };
    const { status } = await server.fhir('POST', 'Observation', heartRate('Patient/eve', 'x'), headers);
    expect(status).toBe(200);
  });

  it('stays in the resource as it was sent', async () => {
    const { json } = await server.fhir('GET', 'Observation/absolute');
    expect(json.subject.reference).toBe(`${server.url}/fhir/Patient/eve`);
  });

  it('lies under its patient, whose gaps it can change', async () => {
    const { rows } = await server.services.database.query(
      `SELECT id FROM resource WHERE patient = 'eve' AND type = 'Observation' ORDER BY id`,
    );
    expect(rows.map(({ id }) => id)).toEqual(['absolute', 'bundled', 'relative']);
  });
});
