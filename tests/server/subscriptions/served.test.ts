import type { Bundle, Parameters } from '@medplum/fhirtypes';
import { type RunningServer, startServer } from '../../support/running-server.ts';
import { measureOf, measures, person, result, visit } from '../gaps/live-practice.ts';
import { openReceiver, type Receiver } from './receiver.ts';
import { closed, listChange, opened, subscription } from './subscribers.ts';

/** The days of the tests' data lie in the year that is evaluated. */
const thisYear = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value).replaceAll('2026-03-01', `${new Date().getUTCFullYear()}-01-01`)) as T;

describe('A server with subscribers', () => {
  let server: RunningServer;
  let receiver: Receiver;
  let id: string;

  const valueSet = (name: string, code: string) => ({
    resourceType: 'ValueSet',
    id: name,
    url: `http://example.org/ValueSet/${name}`,
    status: 'active',
    compose: { include: [{ system: 'http://codes', concept: [{ code }] }] },
  });
  const events = async (query: string): Promise<Bundle> =>
    (await server.fhir('GET', `Subscription/${id}/$events?${query}`)).json;
  const statusIn = (bundle: Bundle): Parameters => bundle.entry?.[0]?.resource as Parameters;
  const parameters = (bundle: Bundle, name: string) =>
    (statusIn(bundle).parameter ?? []).filter((each) => each.name === name);
  const numbersIn = (bundle: Bundle) =>
    parameters(bundle, 'notification-event').map(({ part }) => Number(part?.[0]?.valueString));

  beforeAll(async () => {
    server = await startServer();
    receiver = await openReceiver();
    const content = measureOf('Sugar', measures.Sugar).flatMap((entry) =>
      'resource' in entry ? [entry.resource] : [],
    );
    const resources = [valueSet('sugars', 'sugar'), valueSet('pills', 'pill'), ...content] as {
      resourceType: string;
      id: string;
    }[];
    const installed = await server.fhir('POST', '', {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: resources.map((resource) => ({
        resource,
        request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
      })),
    });
    expect(installed.status).toBe(200);
    const asked = { content: 'full-resource', filters: ['DetectedIssue?patient=Patient/p'], topic: closed };
    const made = await server.fhir('POST', 'Subscription', subscription(receiver.url, asked));
    expect(made.status).toBe(201);
    id = made.json.id;
    await receiver.until(() => receiver.received.length === 1, 'the handshake');
  }, 60_000);
  afterAll(async () => {
    await server.stop();
    await receiver.close();
  });

  it('tells that a gap closed, as its history does, with the patient', async () => {
    for (const patient of ['p', 'q']) {
      const exact = JSON.stringify({ ...person(patient), extension: [{ url: 'http://x', valueDecimal: 0.5 }] });
      await server.fhir('PUT', `Patient/${patient}`, exact.replace('0.5', '1.50'));
      await server.fhir('PUT', `Encounter/v-${patient}`, thisYear(visit(`v-${patient}`, patient)));
    }
    await server.services.worker?.idle();
    for (const patient of ['p', 'q'])
      await server.fhir('PUT', `Observation/r-${patient}`, thisYear(result(`r-${patient}`, patient)));
    await receiver.until(() => receiver.accepted().length === 1, 'the closed gap');
    const [told] = receiver.events();
    const [, issue, patient] = told?.bundle.entry ?? [];
    expect(issue?.resource).toMatchObject({
      resourceType: 'DetectedIssue',
      modifierExtension: [{ valueCodeableConcept: { coding: [{ code: 'closed-gap' }] } }],
      patient: { reference: 'Patient/p' },
    });
    expect(patient?.resource).toMatchObject({ resourceType: 'Patient', id: 'p' });
    expect(told?.text).toContain('"valueDecimal":1.50}');
    expect((await server.fhir('GET', `Subscription/${id}/$events`)).text).toContain('"valueDecimal":1.50}');
    const history = (await server.fhir('GET', 'Patient/p/$gap-history')).json as Bundle;
    const same = history.entry?.find(({ fullUrl }) => fullUrl === told?.focus[0])?.resource;
    expect(same).toMatchObject({ resourceType: 'DetectedIssue', detail: expect.stringContaining('closed-gap') });
    const reference = JSON.stringify(same).match(/MeasureReport\/[\w-]+/)?.[0];
    expect(JSON.stringify(told?.bundle)).toContain(`/fhir/${reference}"`);
    const query = JSON.stringify(told?.bundle).match(/\/fhir\/(Patient\/p\/\$gap-history[^"]*)"/)?.[1] ?? '';
    const asked = (await server.fhir('GET', query)).json as Bundle;
    expect(asked.entry?.[0]?.fullUrl).toBe(told?.focus[0]);
  });

  it('writes down whom the subscriber was told of', async () => {
    await server.services.interactionServices.audit.flush();
    const { json } = await server.fhir('GET', 'AuditEvent?subtype=$events');
    const agents = (json as Bundle).entry?.flatMap(({ resource }) =>
      resource?.resourceType === 'AuditEvent' ? resource.agent.map(({ who }) => who?.reference) : [],
    );
    expect(agents).toContain(`Subscription/${id}`);
    expect(JSON.stringify(json)).toContain('Patient/p');
  });

  it('answers $status of one, of some and of all', async () => {
    const one = (await server.fhir('GET', `Subscription/${id}/$status`)).json as Bundle;
    expect(one).toMatchObject({ type: 'searchset', total: 1 });
    expect(statusIn(one).parameter).toEqual([
      { name: 'subscription', valueReference: { reference: `${server.url}/fhir/Subscription/${id}` } },
      { name: 'topic', valueCanonical: closed },
      { name: 'status', valueCode: 'active' },
      { name: 'type', valueCode: 'query-status' },
      { name: 'events-since-subscription-start', valueString: '1' },
    ]);
    const total = async (query: string) => (await server.fhir('GET', `Subscription/$status${query}`)).json.total;
    expect(await total('')).toBe(1);
    expect(await total(`?id=${id}&id=other`)).toBe(1);
    expect(await total('?id=other')).toBe(0);
    expect(await total('?status=error&status=off')).toBe(0);
    expect(await total('?status=active')).toBe(1);
    expect((await server.fhir('GET', 'Subscription/none/$status')).status).toBe(404);
  });

  it('answers $events by number, and never with more than the subscription says', async () => {
    const all = await events('');
    expect(numbersIn(all)).toEqual([1]);
    expect(all).toMatchObject({ type: 'history' });
    expect(parameters(all, 'type')).toEqual([{ name: 'type', valueCode: 'query-event' }]);
    expect(all.entry).toHaveLength(3);
    expect((await events('eventsSinceNumber=1&eventsUntilNumber=1&content=id-only')).entry).toHaveLength(1);
    expect(JSON.stringify(await events('content=empty'))).not.toMatch(/DetectedIssue|Patient/);
    expect(numbersIn(await events('eventsSinceNumber=2'))).toEqual([]);
    const wrong = await server.fhir('GET', `Subscription/${id}/$events?eventsSinceNumber=one`);
    expect(wrong).toMatchObject({
      status: 400,
      json: { issue: [{ diagnostics: expect.stringContaining('eventsSinceNumber') }] },
    });
    const empty = subscription(receiver.url, { id: 'empty', content: 'empty', topic: closed });
    await server.fhir('PUT', 'Subscription/empty', empty);
    const more = await server.fhir('GET', 'Subscription/empty/$events?content=full-resource');
    expect(more.json.entry).toHaveLength(1);
  });

  it('refuses a token for websockets, and says what there is', async () => {
    const refused = await server.fhir('GET', `Subscription/${id}/$get-ws-binding-token`);
    expect(refused).toMatchObject({ status: 422, json: { issue: [{ code: 'not-supported' }] } });
    expect(refused.text).toContain('$events');
  });

  it('says its topics in the CapabilityStatement and as Basic', async () => {
    const { json } = await server.fhir('GET', 'metadata');
    const declared = json.rest[0].resource.find(({ type }: { type: string }) => type === 'Subscription');
    const topics = declared.extension.map(({ valueCanonical }: { valueCanonical: string }) => valueCanonical);
    expect(topics).toEqual([opened, closed, listChange]);
    const found = (await server.fhir('GET', 'Basic?code=http://hl7.org/fhir/fhir-types|SubscriptionTopic'))
      .json as Bundle;
    for (const topic of topics) expect(JSON.stringify(found)).toContain(`"valueUri":"${topic}"`);
    for (const { resource } of found.entry ?? []) {
      const read = await server.fhir('GET', `Basic/${resource?.id}`);
      expect(read.json).toEqual(resource);
      expect((await server.fhir('POST', 'Basic/$validate', resource)).json.issue[0].severity).toBe('information');
    }
    const own = await server.fhir('PUT', 'Basic/ours', { resourceType: 'Basic', id: 'ours', code: { text: 'x' } });
    expect(own.status).toBe(201);
    expect((await server.fhir('GET', 'Basic/ours')).status).toBe(200);
  });

  it('finds subscriptions by what R4 searches, and gives no secret away in any format', async () => {
    const secret = subscription(receiver.url, {
      id: 'secret',
      topic: opened,
      headers: ['Authorization: Bearer s3cret'],
    });
    const made = await server.fhir('PUT', 'Subscription/secret', secret, { prefer: 'return=representation' });
    const answers = [
      made.text,
      (await server.fhir('GET', `Subscription?criteria=${opened}`)).text,
      (await server.fhir('GET', 'Subscription/secret/_history')).text,
      (await server.fhir('GET', 'Subscription/secret', undefined, { accept: 'application/fhir+xml' })).text,
      (await server.fhir('GET', 'Subscription/secret/$status')).text,
    ];
    for (const text of answers) {
      expect(text).toContain('secret');
      expect(text).not.toContain('s3cret');
    }
  });
});
