import { type RunningServer, startServer } from '../../../support/running-server.ts';

let server: RunningServer;
beforeAll(async () => {
  server = await startServer({ GAPLESS_MAX_BODY: '2mb' });
});
afterAll(() => server.stop());

const xml = 'application/fhir+xml';
const patient =
  '<Patient xmlns="http://hl7.org/fhir"><id value="xml-1"/><name><family value="Abel &amp; S&#246;hne"/></name></Patient>';

async function send(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Response> {
  return fetch(`${server.url}/fhir/${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
}

describe('XML over HTTP', () => {
  it.each([xml, 'application/xml', 'text/xml', `${xml}; charset=utf-8; fhirVersion=4.0`])(
    'is read as %s, and answered in JSON unless XML is wanted',
    async (type) => {
      const put = await send('PUT', 'Patient/xml-1', { 'content-type': type }, patient);
      expect([put.ok, put.headers.get('content-type')]).toEqual([true, 'application/fhir+json; charset=utf-8']);
      expect(await put.json()).toMatchObject({ id: 'xml-1', name: [{ family: 'Abel & S\u00f6hne' }] });
    },
  );

  it.each<[string, string, Record<string, string>]>([
    ['a read by Accept', 'Patient/xml-1', { accept: xml }],
    ['a read by _format', 'Patient/xml-1?_format=xml', { accept: 'application/fhir+json' }],
    ['a read by _format with a plus', 'Patient/xml-1?_format=application/fhir+xml', {}],
    ['a read by weight', 'Patient/xml-1', { accept: 'application/fhir+json;q=0.1, application/xml' }],
    ['a search', 'Patient?_id=xml-1', { accept: xml }],
    ['a history', 'Patient/xml-1/_history', { accept: 'text/xml' }],
    ['the capabilities', 'metadata', { accept: xml }],
    ['an operation', '$cql?expression=2', { accept: xml }],
    ['an OperationDefinition', 'OperationDefinition/Library-evaluate', { accept: xml }],
  ])('answers %s', async (_, path, headers) => {
    await send('PUT', 'Patient/xml-1', { 'content-type': xml }, patient);
    const answer = await send('GET', path, headers);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, `${xml}; charset=utf-8`]);
    expect(await answer.text()).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<\w+ xmlns="http:\/\/hl7.org\/fhir">/,
    );
  });

  it.each<[string, Record<string, string>]>([
    ['no Accept', {}],
    ['anything', { accept: '*/*' }],
    ['a browser', { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }],
    ['JSON first', { accept: 'application/fhir+json, application/fhir+xml;q=0.9' }],
  ])('gives JSON to %s', async (_, headers) => {
    const answer = await send('GET', 'metadata', headers);
    expect(answer.headers.get('content-type')).toBe('application/fhir+json; charset=utf-8');
    expect(answer.headers.get('vary')).toContain('Accept');
  });

  it('keeps the format in the links of pages', async () => {
    for (const id of ['a', 'b']) await send('PUT', `Basic/${id}`, { 'content-type': xml }, basic(id));
    const page = await (await send('GET', 'Basic?_count=1&_format=xml', {})).text();
    expect(page).toMatch(/<relation value="next"\/><url value="[^"]*_format=xml"\/>/);
  });

  it.each<[string, string, string, Record<string, string>, string | undefined, number]>([
    ['what is not there', 'GET', 'Patient/none', { accept: xml }, undefined, 404],
    ['malformed XML', 'POST', 'Patient', { accept: xml, 'content-type': xml }, '<Patient', 400],
    ['a document type', 'POST', 'Patient', { accept: xml, 'content-type': xml }, `<!DOCTYPE a>${patient}`, 400],
    ['a body that is too large', 'POST', 'Patient', { accept: xml, 'content-type': xml }, 'x'.repeat(2_100_000), 413],
    ['a method that does not answer', 'DELETE', '$cql', { accept: xml }, undefined, 405],
  ])('tells of %s in XML', async (_, method, path, headers, body, status) => {
    const answer = await send(method, path, headers, body);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, `${xml}; charset=utf-8`]);
    expect(await answer.text()).toMatch(
      /<OperationOutcome xmlns="http:\/\/hl7.org\/fhir"><issue><severity value="error"\/>/,
    );
  });

  it.each<[string, string, Record<string, string>]>([
    ['by Accept', 'metadata', { accept: 'text/turtle' }],
    ['by _format', 'metadata?_format=ttl', {}],
    ['by version', 'metadata', { accept: 'application/fhir+json; fhirVersion=5.0' }],
  ])('refuses a format that it does not have (%s)', async (_, path, headers) => {
    expect((await send('GET', path, headers)).status).toBe(406);
  });

  it('takes transactions and FHIRPath patches', async () => {
    const bundle = `<Bundle xmlns="http://hl7.org/fhir"><type value="transaction"/><entry><resource>${basic('c')}</resource><request><method value="PUT"/><url value="Basic/c"/></request></entry></Bundle>`;
    const done = await send('POST', '', { 'content-type': xml, accept: xml }, bundle);
    expect([done.status, await done.text()]).toEqual([200, expect.stringContaining('<status value="201')]);
    const part = (name: string, value: string): string => `<part><name value="${name}"/>${value}</part>`;
    const operation = [
      part('type', '<valueCode value="add"/>'),
      part('path', '<valueString value="Basic"/>'),
      part('name', '<valueString value="created"/>'),
      part('value', '<valueDate value="2026-01-01"/>'),
    ].join('');
    const patch = `<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/>${operation}</parameter></Parameters>`;
    const patched = await send('PATCH', 'Basic/c', { 'content-type': xml, accept: xml }, patch);
    expect([patched.status, await patched.text()]).toEqual([
      200,
      expect.stringContaining('<created value="2026-01-01"/>'),
    ]);
  });
});

describe('Methods', () => {
  it.each<[string, string]>([
    ['metadata', 'GET, HEAD'],
    ['Measure/$care-gaps', 'GET, HEAD, POST'],
    ['Patient/xml-1', 'GET, HEAD, PUT, PATCH, DELETE'],
  ])('that answer at %s are named when another does not', async (path, allow) => {
    const answer = await send(path.startsWith('Patient') ? 'POST' : 'PUT', path, {}, '{}');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
  });

  it.each(['metadata', '$cql?expression=1', 'OperationDefinition/cql'])(
    'HEAD answers at %s without a body',
    async (path) => {
      const answer = await send('HEAD', path, {});
      expect([answer.status, await answer.text()]).toEqual([200, '']);
    },
  );
});

function basic(id: string): string {
  return `<Basic xmlns="http://hl7.org/fhir"><id value="${id}"/><code><text value="x"/></code></Basic>`;
}
