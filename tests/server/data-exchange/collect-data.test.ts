import type { FhirResource } from '../../../cql/index.ts';
import { claimedIssues } from '../../support/profiles.ts';
import { describeWithReferenceData } from '../../support/reference-data.ts';
import type { FhirAnswer, RunningServer } from '../../support/running-server.ts';
import {
  breast,
  bundlesIn,
  diagnostics,
  mammogram,
  must,
  openExchange,
  pressure,
  returned,
  transaction,
  visit,
  woman,
} from './exchange.ts';

let server: RunningServer;
beforeAll(async () => {
  server = await openExchange();
  await must(
    server.fhir(
      'POST',
      '',
      transaction(
        mammogram('mammogram', 'ann'),
        {
          ...mammogram('appendix', 'ann'),
          code: { coding: [{ system: 'http://www.ama-assn.org/go/cpt', code: '44950' }] },
        },
        {
          resourceType: 'AllergyIntolerance',
          id: 'nuts',
          clinicalStatus: {
            coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' }],
          },
          patient: { reference: 'Patient/ann' },
          code: { text: 'Nuts' },
        },
      ),
    ),
  );
}, 120_000);
afterAll(() => server.stop());

const year = 'periodStart=2026&periodEnd=2026';
const collect = (query: string): Promise<FhirAnswer> => server.fhir('GET', `Measure/$collect-data?${year}&${query}`);
const references = (resources: readonly FhirResource[]): string[] =>
  resources.map(({ resourceType, id }) => `${resourceType}/${id}`);
const dataIn = (answer: FhirAnswer): string[] =>
  bundlesIn(answer.json).flatMap(({ entry = [] }) =>
    references(entry.flatMap(({ resource }) => (resource === undefined ? [] : [resource]))),
  );
const deletionsIn = (answer: FhirAnswer): (string | undefined)[] =>
  bundlesIn(answer.json).flatMap(({ entry = [] }) =>
    entry.flatMap(({ request }) => (request?.method === 'DELETE' ? request.url : [])),
  );
const extensionOf = ([report]: readonly FhirResource[]): unknown =>
  (report?.['extension'] as { valueCode: string }[] | undefined)?.[0]?.valueCode;

describe('$collect-data', () => {
  it('gives a transaction Bundle for the subject: the report first, then the data that the measure asks for', async () => {
    const answer = await must(collect(`measureUrl=${breast}&subject=Patient/ann`));
    const [bundle] = bundlesIn(answer.json);
    expect(bundle?.type).toBe('transaction');
    expect(bundle?.entry?.[0]?.resource?.resourceType).toBe('MeasureReport');
    expect(new Set(dataIn(answer).slice(1))).toEqual(
      new Set(['Patient/ann', 'Encounter/visit-ann', 'Procedure/mammogram', 'Organization/gapless']),
    );
    const reports = returned(answer, 'MeasureReport');
    expect(reports[0]).toMatchObject({ type: 'data-collection', subject: { reference: 'Patient/ann' } });
    expect(extensionOf(reports)).toBe('snapshot');
    expect(reports[0]?.['evaluatedResource']).toEqual(
      expect.arrayContaining([{ reference: 'Procedure/mammogram' }, { reference: 'Encounter/visit-ann' }]),
    );
  });

  it('gives each resource once, whichever of several measures ask for it', async () => {
    const answer = await must(collect(`measureUrl=${breast}&measureUrl=${pressure}&subject=Patient/ann`));
    const data = dataIn(answer);
    expect(returned(answer, 'MeasureReport')).toHaveLength(2);
    expect(new Set(data).size).toBe(data.length);
  });

  it('gives a Bundle that can be submitted as it is', async () => {
    const { json } = await must(collect(`measureUrl=${breast}&subject=Patient/ann`));
    await must(server.fhir('POST', '', bundlesIn(json)[0]));
  });

  it('gives what changed since it was last received, and what was deleted; nothing for others', async () => {
    await must(server.fhir('POST', '', transaction(woman('cat'), visit('cat-1', 'cat'), mammogram('cat-2', 'cat'))));
    await server.services.database.query(
      `UPDATE resource SET last_updated = last_updated - interval '1 hour',
              content = replace(content, '"lastUpdated":"' || to_char(last_updated AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24'),
                '"lastUpdated":"' || to_char((last_updated - interval '1 hour') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24'))
       WHERE type <> 'AuditEvent'`,
    );
    await server.services.database.query(`UPDATE resource_history SET last_updated = last_updated - interval '1 hour'`);
    const since = new Date(Date.now() - 600_000).toISOString();
    const query = `measureUrl=${breast}&lastReceivedOn=${since}`;
    expect(dataIn(await must(collect(query)))).toEqual([]);

    await must(server.fhir('DELETE', 'Procedure/cat-2'));
    const reason = { ...visit('cat-1', 'cat'), type: [{ text: 'Not what it was thought to be' }] };
    await must(server.fhir('POST', '', transaction(visit('cat-3', 'cat'), reason)));
    const answer = await must(collect(query));
    expect(extensionOf(returned(answer, 'MeasureReport'))).toBe('incremental');
    expect(new Set(dataIn(answer).slice(1))).toEqual(new Set(['Encounter/cat-1', 'Encounter/cat-3']));
    expect(deletionsIn(answer)).toEqual(['Procedure/cat-2']);
  });

  it('keeps numbers as they are written', async () => {
    const body = `{"resourceType":"Procedure","id":"exact","status":"completed","subject":{"reference":"Patient/bea"},"code":{"coding":[{"system":"http://www.ama-assn.org/go/cpt","code":"77067"}]},"performedDateTime":"2026-02-02","extension":[{"url":"http://example.org/dose","valueDecimal":1.50}]}`;
    await must(server.fhir('PUT', 'Procedure/exact', body));
    expect((await must(collect(`measureUrl=${breast}&subject=Patient/bea`))).text).toContain('1.50');
  });

  it('validates resources when it is asked to', async () => {
    const answer = await must(collect(`measureUrl=${breast}&subject=Patient/ann&validateResources=true`));
    expect(JSON.stringify(returned(answer, 'MeasureReport')[0]?.['contained'])).toMatch(/valid against FHIR R4/);
  });

  it('names patients that are not there', async () => {
    const group = {
      resourceType: 'Group',
      type: 'person',
      actual: true,
      member: [{ entity: { reference: 'Patient/ann' } }, { entity: { reference: 'Patient/nobody' } }],
    };
    const parameter = [
      { name: 'measureUrl', valueCanonical: breast },
      { name: 'periodStart', valueDate: '2026' },
      { name: 'periodEnd', valueDate: '2026' },
      { name: 'subjectGroup', resource: group },
    ];
    const { json } = await must(
      server.fhir('POST', 'Measure/$collect-data', { resourceType: 'Parameters', parameter }),
    );
    expect(json.parameter.map(({ name }: { name: string }) => name)).toEqual(['return', 'outcome']);
    expect(JSON.stringify(json.parameter[1])).toContain('Patient/nobody');
  });

  it('is answered later, and by files, when the client prefers that', async () => {
    const asked = `Measure/$collect-data?${year}&measureUrl=${breast}&_outputFormat=ndjson`;
    const started = await must(server.fhir('GET', asked, undefined, { prefer: 'respond-async' }));
    const place = (started.headers.get('content-location') ?? '').replace(/^.*\/fhir\//, '');
    let answer = await server.fhir('GET', place);
    for (let tries = 0; answer.status === 202 && tries < 100; tries += 1) {
      await new Promise((done) => setTimeout(done, 100));
      answer = await server.fhir('GET', place);
    }
    expect(answer.json.output[0]).toMatchObject({ type: 'Bundle' });
  });

  it.each([
    ['no measure', 'subject=Patient/ann', 400, /measureUrl: is required/],
    ['a subject that is not there', `measureUrl=${breast}&subject=Patient/nobody`, 404, /does not exist/],
    ['a time that is none', `measureUrl=${breast}&lastReceivedOn=yesterday`, 400, /lastReceivedOn: must be/],
    ['a manifest', `measureUrl=${breast}&manifest=http://x/y`, 400, /manifest/],
  ])('refuses %s', async (_, query, status, reason) => {
    const answer = await collect(query);
    expect([answer.status, diagnostics(answer)]).toEqual([status, expect.stringMatching(reason)]);
  });
});

describeWithReferenceData('What $collect-data gives', () => {
  it('conforms to deqm-dataexchangemeasurereport', async () => {
    const answer = await must(collect(`measureUrl=${breast}&measureUrl=${pressure}&subject=Patient/ann`));
    expect(returned(answer, 'MeasureReport').flatMap(claimedIssues)).toEqual([]);
  });
});
