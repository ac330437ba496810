import type { FhirResource } from '../../../cql/index.ts';
import type { FhirAnswer, RunningServer } from '../../support/running-server.ts';
import {
  breast,
  bundle,
  diagnostics,
  mammogram,
  must,
  openExchange,
  pressure,
  transaction,
  visit,
  woman,
} from './exchange.ts';

let server: RunningServer;
beforeAll(async () => {
  server = await openExchange();
}, 120_000);
afterAll(() => server.stop());

const updateTypeUrl = 'http://hl7.org/fhir/uv/deqm/StructureDefinition/deqm-submitDataUpdateType';

/** A data-exchange MeasureReport of a patient that lists resources. */
function exchange(
  patient: string,
  updateType: string | null,
  listed: readonly string[],
  changes: object = {},
): FhirResource {
  return {
    resourceType: 'MeasureReport',
    id: `exchange-${patient}`,
    ...(updateType !== null && { extension: [{ url: updateTypeUrl, valueCode: updateType }] }),
    status: 'complete',
    type: 'data-collection',
    measure: `${breast}|1.0.0`,
    subject: { reference: `Patient/${patient}` },
    date: '2026-03-31',
    reporter: { reference: 'Organization/clinic' },
    period: { start: '2026-01-01', end: '2026-12-31' },
    ...(listed.length > 0 && { evaluatedResource: listed.map((reference) => ({ reference })) }),
    ...changes,
  };
}

const submit = (...resources: readonly FhirResource[]): Promise<FhirAnswer> =>
  server.fhir('POST', '', transaction(...resources));
const statusOf = async (reference: string): Promise<number> => (await server.fhir('GET', reference)).status;
const noteOf = ({ json }: FhirAnswer): string =>
  json.entry
    .map(
      ({ response }: { response: { outcome?: { issue: { diagnostics: string }[] } } }) =>
        response.outcome?.issue[0]?.diagnostics ?? '',
    )
    .join('');

/** A patient of its own for each test, so that none sees the submissions of another. */
let count = 0;
async function patient(): Promise<string> {
  count += 1;
  const id = `patient-${count}`;
  await must(submit(woman(id)));
  return id;
}

describe.each(['transaction', 'batch'] as const)('A %s with a data-exchange MeasureReport', (type) => {
  const send = (...resources: readonly FhirResource[]): Promise<FhirAnswer> =>
    server.fhir('POST', '', bundle(type, ...resources));

  it('is stored when it is incremental, and nothing of an earlier one goes', async () => {
    const id = await patient();
    await must(send(exchange(id, 'incremental', [`Encounter/v-${id}`]), visit(`v-${id}`, id)));
    const second = await must(send(exchange(id, 'incremental', [`Procedure/m-${id}`]), mammogram(`m-${id}`, id)));
    expect(await Promise.all([`Encounter/v-${id}`, `Procedure/m-${id}`].map(statusOf))).toEqual([200, 200]);
    expect(noteOf(second)).toBe('');
  });

  it('replaces the last snapshot: what it lists no more is deleted, and said to be', async () => {
    const id = await patient();
    const [kept, gone] = [`Encounter/v-${id}`, `Procedure/m-${id}`];
    await must(send(exchange(id, 'snapshot', [kept, gone]), visit(`v-${id}`, id), mammogram(`m-${id}`, id)));
    const second = await must(send(exchange(id, 'snapshot', [kept]), visit(`v-${id}`, id)));
    expect([await statusOf(kept), await statusOf(gone)]).toEqual([200, 410]);
    expect(noteOf(second)).toContain(`Deleted (versions stay in the history): ${gone}`);
    expect(await statusOf(`${gone}/_history/1`)).toBe(200);
  });

  it('is refused whole, with 400, when its update type is not supported', async () => {
    const id = await patient();
    const answer = await send(mammogram(`m-${id}`, id), exchange(id, 'partial', []));
    expect([answer.status, diagnostics(answer)]).toEqual([
      400,
      expect.stringMatching(/update type "partial" is not supported/),
    ]);
    expect(await statusOf(`Procedure/m-${id}`)).toBe(404);
  });
});

describe('A snapshot never takes what anything else speaks for:', () => {
  it('what was here before it was submitted', async () => {
    const id = await patient();
    await must(submit(mammogram(`m-${id}`, id)));
    await must(
      submit(exchange(id, 'snapshot', [`Procedure/m-${id}`]), mammogram(`m-${id}`, id, { status: 'preparation' })),
    );
    const note = noteOf(await must(submit(exchange(id, 'snapshot', []))));
    expect([await statusOf(`Procedure/m-${id}`), note]).toEqual([
      200,
      expect.stringMatching(/here before it was submitted/),
    ]);
  });

  it('what changed since by another way', async () => {
    const id = await patient();
    await must(submit(exchange(id, 'snapshot', [`Procedure/m-${id}`]), mammogram(`m-${id}`, id)));
    await must(server.fhir('PUT', `Procedure/m-${id}`, mammogram(`m-${id}`, id, { status: 'preparation' })));
    const note = noteOf(await must(submit(exchange(id, 'snapshot', []))));
    expect([await statusOf(`Procedure/m-${id}`), note]).toEqual([
      200,
      expect.stringMatching(/other than a submission/),
    ]);
  });

  it('what a submission for another measure, or of another reporter, lists', async () => {
    for (const other of [{ measure: pressure }, { reporter: { reference: 'Practitioner/x' } }]) {
      const id = await patient();
      const mine = [`Procedure/m-${id}`];
      await must(submit(exchange(id, 'snapshot', mine), mammogram(`m-${id}`, id)));
      await must(submit(exchange(id, 'incremental', mine, { id: `other-${id}`, ...other }), mammogram(`m-${id}`, id)));
      const note = noteOf(await must(submit(exchange(id, 'snapshot', []))));
      expect([await statusOf(mine[0] ?? ''), note]).toEqual([
        200,
        expect.stringMatching(/another submission lists it/),
      ]);
    }
  });

  it('the patient, and data of another subject or another period', async () => {
    const [id, stranger] = [await patient(), await patient()];
    await must(submit(exchange(id, 'snapshot', [`Patient/${id}`]), woman(id)));
    await must(
      submit(exchange(stranger, 'snapshot', [`Procedure/m-${stranger}`]), mammogram(`m-${stranger}`, stranger)),
    );
    const lastYear = { id: `last-${stranger}`, period: { start: '2025-01-01', end: '2025-12-31' } };
    await must(submit(exchange(id, 'snapshot', [])));
    await must(submit(exchange(stranger, 'snapshot', [], lastYear)));
    expect(await Promise.all([`Patient/${id}`, `Procedure/m-${stranger}`].map(statusOf))).toEqual([200, 200]);
  });

  it('anything, when entries of the batch failed', async () => {
    const id = await patient();
    await must(submit(exchange(id, 'snapshot', [`Procedure/m-${id}`]), mammogram(`m-${id}`, id)));
    const broken = { ...visit(`v-${id}`, id), status: undefined };
    const answer = await must(
      server.fhir('POST', '', bundle('batch', exchange(id, 'snapshot', [`Encounter/v-${id}`]), broken)),
    );
    expect([await statusOf(`Procedure/m-${id}`), noteOf(answer)]).toEqual([
      200,
      expect.stringMatching(/replaced nothing/),
    ]);
  });
});

describe('A submission', () => {
  it('may be one that creates: the next snapshot replaces what got new ids', async () => {
    const id = await patient();
    const created = async (): Promise<string> => {
      const { json } = await must(submit(exchange(id, 'snapshot', []), mammogram(undefined, id)));
      return /"fullUrl":"[^"]*(Procedure\/[\w-]+)"/.exec(JSON.stringify(json))?.[1] ?? '';
    };
    const [first, second] = [await created(), await created()];
    expect([await statusOf(first), await statusOf(second)]).toEqual([410, 200]);
  });

  it('may refer to what is not there', async () => {
    const id = await patient();
    const procedure = mammogram(`m-${id}`, id, { encounter: { reference: 'Encounter/nowhere' } });
    expect((await submit(exchange(id, 'incremental', ['Observation/nowhere']), procedure)).status).toBe(200);
  });

  it('says where it comes from: X-Provenance is stored with every version as a target', async () => {
    const id = await patient();
    const header = {
      resourceType: 'Provenance',
      recorded: '2026-03-31T10:00:00Z',
      agent: [{ who: { reference: 'Organization/clinic' } }],
    };
    const headers = { 'x-provenance': JSON.stringify(header) };
    for (const [type, resource] of [
      ['transaction', 'm'],
      ['batch', 'n'],
    ] as const) {
      const sent = bundle(type, exchange(id, 'incremental', []), mammogram(`${resource}-${id}`, id));
      await must(server.fhir('POST', '', sent, headers));
      const { json } = await must(server.fhir('GET', `Provenance?target=Procedure/${resource}-${id}`));
      expect(json.entry.map((entry: { resource: { agent: unknown } }) => entry.resource.agent)).toEqual([header.agent]);
      expect(JSON.stringify(json)).toContain(`Procedure/${resource}-${id}/_history/1`);
    }
    const wrong = await server.fhir('POST', '', transaction(mammogram(`o-${id}`, id)), { 'x-provenance': 'who knows' });
    expect([wrong.status, diagnostics(wrong)]).toEqual([400, expect.stringMatching(/X-Provenance must be/)]);
    expect(await statusOf(`Procedure/o-${id}`)).toBe(404);
  });

  it('puts its patients on the change feed: the gap closes', async () => {
    const id = await patient();
    const gap = async (): Promise<string> => {
      const asked = `measureUrl=${breast}&periodStart=2026&periodEnd=2026&subject=Patient/${id}`;
      const { text } = await must(
        server.fhir('GET', `Measure/$care-gaps?${asked}&status=open-gap&status=closed-gap&status=prospective-gap`),
      );
      return /"(open|closed|prospective)-gap"/.exec(text)?.[1] ?? 'none';
    };
    await must(submit(exchange(id, 'incremental', []), visit(`v-${id}`, id)));
    expect(await gap()).toBe('prospective');
    await must(submit(exchange(id, 'incremental', []), mammogram(`m-${id}`, id)));
    expect(await gap()).toBe('closed');
  });
});

describe('$submit-data', () => {
  const parameters = (...parameter: object[]): object => ({ resourceType: 'Parameters', parameter });

  it('takes a MeasureReport with resources, as base R4 has it, exact to the digit', async () => {
    const id = await patient();
    const weight = `{"resourceType":"Observation","id":"w-${id}","status":"final","code":{"text":"weight"},"subject":{"reference":"Patient/${id}"},"valueQuantity":{"value":80.50}}`;
    const body = JSON.stringify(
      parameters({ name: 'measureReport', resource: exchange(id, null, []) }, { name: 'resource', resource: 'HERE' }),
    ).replace('"HERE"', weight);
    const answer = await must(server.fhir('POST', 'Measure/$submit-data', body));
    expect(answer.json.type).toBe('transaction-response');
    expect((await must(server.fhir('GET', `Observation/w-${id}`))).text).toContain('80.50');
  });

  it.each(['$submit-data', '$deqm-submit-data'])('takes Bundles as US DEQM 5.0.0 has it: %s', async (operation) => {
    const [one, two] = [await patient(), await patient()];
    const of = (id: string): object => ({
      resourceType: 'Bundle',
      type: 'collection',
      entry: [exchange(id, 'snapshot', []), mammogram(`m-${id}`, id)].map((resource) => ({ resource })),
    });
    const answer = await must(
      server.fhir(
        'POST',
        `Measure/${operation}`,
        parameters({ name: 'bundle', resource: of(one) }, { name: 'bundle', resource: of(two) }),
      ),
    );
    expect(answer.json.parameter.map(({ resource }: { resource: { type: string } }) => resource.type)).toEqual([
      'transaction-response',
      'transaction-response',
    ]);
    expect(await Promise.all([one, two].map((id) => statusOf(`Procedure/m-${id}`)))).toEqual([200, 200]);
  });

  it.each<[string, number, RegExp, (id: string) => object]>([
    ['nothing', 400, /bundle: is required/, () => parameters()],
    [
      'another kind of report',
      400,
      /type data-collection/,
      (id) => parameters({ name: 'measureReport', resource: exchange(id, null, [], { type: 'individual' }) }),
    ],
    [
      'an update type that is not supported',
      400,
      /"other" is not supported/,
      (id) => parameters({ name: 'measureReport', resource: exchange(id, 'other', []) }),
    ],
  ])('refuses %s', async (_, status, reason, body) => {
    const answer = await server.fhir('POST', 'Measure/$submit-data', body(await patient()));
    expect([answer.status, diagnostics(answer)]).toEqual([status, expect.stringMatching(reason)]);
  });
});
