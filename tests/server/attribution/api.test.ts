import { type RunningServer, startServer } from '../../support/running-server.ts';

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
}, 120_000);
afterAll(() => server.stop());

const ask = async (id: string, body: object): Promise<{ status: number; json: unknown }> => {
  const sent = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`${server.url}/api/attribution/${id}`, sent);
  return { status: response.status, json: await response.json() };
};

describe('The page', () => {
  it('is told how a list compares with visits, a page at a time', async () => {
    await server.fhir('PUT', 'Patient/one', { resourceType: 'Patient', id: 'one' });
    await server.fhir('PUT', 'Group/list', {
      resourceType: 'Group',
      id: 'list',
      extension: [
        {
          url: 'http://hl7.org/fhir/us/davinci-atr/StructureDefinition/ext-attributionListStatus',
          valueCode: 'open',
        },
      ],
      type: 'person',
      actual: true,
      member: [{ entity: { reference: 'Patient/one' } }],
    });
    const { status, json } = await ask('list', { year: '2026' });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      groupId: 'list',
      members: 1,
      total: 1,
      totals: { withoutVisit: 1 },
      patients: [{ patient: 'one', agreement: 'list-only', withoutVisit: true }],
    });
    expect((await ask('none', {})).status).toBe(404);
    expect((await ask('list', { year: 'x' })).status).toBe(400);
  });
});
