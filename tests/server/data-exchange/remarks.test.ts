import type { Extension, MeasureReport } from '@medplum/fhirtypes';
import type { PatientGapsView } from '../../../server/gaps/views/patient-gaps.ts';
import type { FhirAnswer, RunningServer } from '../../support/running-server.ts';
import { breast, diagnostics, must, openExchange, returned, transaction, woman } from './exchange.ts';

let server: RunningServer;
beforeAll(async () => {
  server = await openExchange();
}, 120_000);
afterAll(() => server.stop());

const remarkUrl = 'http://hl7.org/fhir/uv/deqm/StructureDefinition/deqm-careGapRemark';
const usRemarkUrl = 'http://hl7.org/fhir/us/davinci-deqm/StructureDefinition/extension-careGapRemark';
const codes = 'http://hl7.org/fhir/uv/deqm/CodeSystem/deqm-care-gap-remark';

const author = {
  name: 'extension',
  part: [
    { name: 'url', valueUri: 'author' },
    { name: 'value', valueString: 'Dr. A' },
  ],
};
const text = (value: string): object => ({
  name: 'extension',
  part: [
    { name: 'url', valueUri: 'text' },
    { name: 'value', valueString: value },
  ],
});

/** A patch as deqm-caregapremarkpatchparameters has it. */
function remarkPatch(group: string, parts: readonly object[], url = remarkUrl): object {
  return {
    resourceType: 'Parameters',
    meta: { profile: ['http://hl7.org/fhir/uv/deqm/StructureDefinition/deqm-caregapremarkpatchparameters'] },
    parameter: [
      {
        name: 'operation',
        part: [
          { name: 'type', valueCode: 'add' },
          { name: 'path', valueString: `MeasureReport.group.where(id='${group}')` },
          { name: 'name', valueString: 'extension' },
          { name: 'value', part: [{ name: 'url', valueUri: url }, ...parts] },
        ],
      },
    ],
  };
}

async function report(patient: string, query = ''): Promise<MeasureReport> {
  const answer = await careGaps(patient, query);
  const [found] = returned(answer, 'MeasureReport');
  return found as unknown as MeasureReport;
}

function careGaps(patient: string, query = ''): Promise<FhirAnswer> {
  const asked = `measureUrl=${breast}&periodStart=2026&periodEnd=2026&subject=Patient/${patient}`;
  const statuses = ['open-gap', 'closed-gap', 'prospective-gap', 'not-applicable'].map((s) => `status=${s}`).join('&');
  return must(server.fhir('GET', `Measure/$care-gaps?${asked}&${statuses}${query}`));
}

const remarksIn = ({ group = [] }: MeasureReport, url = remarkUrl): Extension[] =>
  group.flatMap(({ extension = [] }) => extension.filter((each) => each.url === url));
const textsIn = (found: MeasureReport, url = remarkUrl): (string | undefined)[] =>
  remarksIn(found, url).flatMap(({ extension = [] }) =>
    extension.filter((part) => part.url === 'text').map(({ valueString }) => valueString),
  );
const groupOf = (found: MeasureReport): string => found.group?.[0]?.id ?? '';

describe('A remark by PATCH', () => {
  it('is taken for a report that was given out and never stored, and is in every later answer', async () => {
    const before = await report('ann');
    const answer = await server.fhir(
      'PATCH',
      `MeasureReport/${before.id}`,
      remarkPatch(groupOf(before), [author, text('Booked')]),
    );
    expect([answer.status, diagnostics(answer)]).toEqual([200, expect.stringMatching(/is kept/)]);
    const after = await report('ann');
    expect(textsIn(after)).toEqual(['Booked']);
    const evaluated = await must(
      server.fhir('GET', `Measure/$evaluate?measureUrl=${breast}&periodStart=2026&periodEnd=2026&subject=Patient/ann`),
    );
    expect(textsIn(returned(evaluated, 'MeasureReport')[0] as unknown as MeasureReport)).toEqual(['Booked']);
  });

  it('changes no population, status or score', async () => {
    const first = await report('ann');
    const status = returned(await careGaps('ann'), 'DetectedIssue').map(({ modifierExtension }) => modifierExtension);
    await must(
      server.fhir('PATCH', `MeasureReport/${first.id}`, remarkPatch(groupOf(first), [author, text('Done elsewhere')])),
    );
    const second = await report('ann');
    const numbers = ({ group = [] }: MeasureReport): unknown => group.map(({ extension: _, ...rest }) => rest);
    expect(numbers(second)).toEqual(numbers(first));
    expect(returned(await careGaps('ann'), 'DetectedIssue').map((issue) => issue.modifierExtension)).toEqual(status);
  });

  it('is kept once, however often it is sent', async () => {
    const { id, group } = await report('bea');
    const patch = remarkPatch(group?.[0]?.id ?? '', [author, text('Twice')]);
    await must(server.fhir('PATCH', `MeasureReport/${id}`, patch));
    expect(diagnostics(await server.fhir('PATCH', `MeasureReport/${id}`, patch))).toMatch(/was there already/);
    expect(textsIn(await report('bea')).filter((each) => each === 'Twice')).toHaveLength(1);
  });

  it('is spelled as the version of the guide has it that a request speaks', async () => {
    const us = await report('bea', '&deqmVersion=us-5.0.0');
    const code = {
      name: 'extension',
      part: [
        { name: 'url', valueUri: 'code' },
        {
          name: 'value',
          valueCodeableConcept: {
            coding: [{ system: 'http://hl7.org/fhir/us/davinci-deqm/CodeSystem/care-gap-remark', code: 'deferred' }],
          },
        },
      ],
    };
    await must(server.fhir('PATCH', `MeasureReport/${us.id}`, remarkPatch(groupOf(us), [author, code], usRemarkUrl)));
    const coded = (found: MeasureReport, url: string): (string | undefined)[] =>
      remarksIn(found, url).flatMap(({ extension = [] }) =>
        extension.flatMap(
          ({ valueCodeableConcept }) => valueCodeableConcept?.coding?.map(({ system }) => system) ?? [],
        ),
      );
    expect(coded(await report('bea'), remarkUrl)).toEqual([codes]);
    expect(coded(await report('bea', '&deqmVersion=us-5.0.0'), usRemarkUrl)).toEqual([
      'http://hl7.org/fhir/us/davinci-deqm/CodeSystem/care-gap-remark',
    ]);
  });

  const coding = (code: string): object => ({
    name: 'extension',
    part: [
      { name: 'url', valueUri: 'code' },
      { name: 'value', valueCodeableConcept: { coding: [{ system: codes, code }] } },
    ],
  });
  it.each<[string, string | null, readonly object[], RegExp]>([
    ['names nobody', null, [text('who?')], /cgr-1/],
    [
      'has a code that the code system lacks',
      null,
      [author, coding('whatever')],
      /"whatever" is not one of order-placed/,
    ],
    [
      'is on a group that the measure lacks',
      'nowhere',
      [author],
      /Remarks can be added at MeasureReport\.group\.where\(id='/,
    ],
    ['has two authors', null, [author, author], /author may occur once/],
    [
      'is dated by a text',
      null,
      [
        author,
        {
          name: 'extension',
          part: [
            { name: 'url', valueUri: 'authorDatetime' },
            { name: 'value', valueString: 'x' },
          ],
        },
      ],
      /authorDatetime needs valueDateTime/,
    ],
  ])('is refused when it %s', async (_, group, parts, reason) => {
    const given = await report('ann');
    const answer = await server.fhir('PATCH', `MeasureReport/${given.id}`, remarkPatch(group ?? groupOf(given), parts));
    expect(answer.status).toBe(422);
    expect(diagnostics(answer)).toMatch(reason);
  });

  it('is the only change that a computed report takes, stored or not', async () => {
    const patch = [{ op: 'replace', path: '/status', value: 'error' }];
    const given = await report('ann');
    const stored = await storedReport('bea');
    for (const { id } of [given, stored]) {
      const answer = await server.fhir('PATCH', `MeasureReport/${id}`, patch);
      expect([answer.status, diagnostics(answer)]).toEqual([
        422,
        expect.stringMatching(/only remarks .* changes status/),
      ]);
    }
  });

  it('goes into a stored report, too, as a new version of it', async () => {
    const stored = await storedReport('ann');
    await must(
      server.fhir('PATCH', `MeasureReport/${stored.id}`, remarkPatch(groupOf(stored), [author, text('On paper')])),
    );
    const { json } = await must(server.fhir('GET', `MeasureReport/${stored.id}`));
    expect(textsIn(json)).toContain('On paper');
    expect(textsIn(await report('ann'))).toContain('On paper');
  });

  it('finds nothing under an id that we never gave', async () => {
    const answer = await server.fhir(
      'PATCH',
      'MeasureReport/0000000000000000-000000000000-20260101-20261231',
      remarkPatch('x', [author]),
    );
    expect(answer.status).toBe(404);
  });
});

async function storedReport(patient: string): Promise<MeasureReport> {
  const asked = { measureUrl: breast, periodStart: '2026', periodEnd: '2026', subject: `Patient/${patient}` };
  const parameter = [
    ...Object.entries(asked).map(([name, valueString]) => ({ name, valueString })),
    { name: 'storeReport', valueBoolean: true },
  ];
  const answer = await must(server.fhir('POST', 'Measure/$evaluate', { resourceType: 'Parameters', parameter }));
  return returned(answer, 'MeasureReport')[0] as unknown as MeasureReport;
}

describe('A remark on an updated report', () => {
  const remark = (value: string, id?: string): Extension => ({
    ...(id !== undefined && { id }),
    url: remarkUrl,
    extension: [
      { url: 'authorSoftware', valueString: 'EHR' },
      { url: 'text', valueString: value },
    ],
  });
  const withRemark = (given: MeasureReport, extension: Extension): MeasureReport => ({
    ...given,
    group: given.group?.map((group) => ({ ...group, extension: [...(group.extension ?? []), extension] })),
  });

  it('is taken by PUT under the id of the report', async () => {
    const given = await report('ann');
    await must(server.fhir('PUT', `MeasureReport/${given.id}`, withRemark(given, remark('By update'))));
    expect(textsIn(await report('ann'))).toContain('By update');
  });

  it('is taken by POST, under whatever id the report then gets', async () => {
    const { id: _, ...given } = await report('bea');
    await must(server.fhir('POST', 'MeasureReport', withRemark(given, remark('By create'))));
    expect(textsIn(await report('bea'))).toContain('By create');
  });

  it('is refused with the report when the measure has no such group', async () => {
    const { id: _, ...given } = await report('bea');
    const strange = { ...withRemark(given, remark('Lost')), group: [{ id: 'strange', extension: [remark('Lost')] }] };
    const answer = await server.fhir('POST', 'MeasureReport', strange);
    expect([answer.status, diagnostics(answer)]).toEqual([422, expect.stringMatching(/no group "strange"/)]);
  });

  it('becomes a new version when it is sent again under its id, and the old one is kept', async () => {
    const { id: _, ...given } = await report('bea');
    for (const value of ['First words', 'Second thoughts'])
      await must(server.fhir('POST', 'MeasureReport', withRemark(given, remark(value, 'mine'))));
    expect(textsIn(await report('bea'))).toContain('Second thoughts');
    expect(textsIn(await report('bea'))).not.toContain('First words');
    const { rows } = await server.services.database.query(
      `SELECT version FROM gap_remark WHERE id = 'mine' ORDER BY 1`,
    );
    expect(rows).toEqual([{ version: 1 }, { version: 2 }]);
  });
});

describe('A patient who is merged', () => {
  it('takes the remarks along, and later ones on old reports', async () => {
    await must(server.fhir('POST', '', transaction(woman('old'), woman('new'))));
    const old = await report('old');
    const remark = (value: string): object => remarkPatch(groupOf(old), [author, text(value)]);
    await must(server.fhir('PATCH', `MeasureReport/${old.id}`, remark('Before')));
    const link = [{ type: 'replaced-by', other: { reference: 'Patient/new' } }];
    await must(server.fhir('PUT', 'Patient/old', { ...woman('old'), active: false, link }));
    await must(server.fhir('PATCH', `MeasureReport/${old.id}`, remark('After')));
    expect(textsIn(await report('new'))).toEqual(['Before', 'After']);
  });
});

describe('The page of a patient', () => {
  it('shows the remarks on each gap', async () => {
    const before = await report('ann');
    await must(
      server.fhir('PATCH', `MeasureReport/${before.id}`, remarkPatch(groupOf(before), [author, text('For the page')])),
    );
    await server.services.worker?.idle();
    const response = await fetch(`${server.url}/api/patients/ann`);
    const { gaps } = (await response.json()) as PatientGapsView;
    const remarks = gaps.flatMap((gap) => gap.remarks);
    expect(remarks).toContainEqual(expect.objectContaining({ author: 'Dr. A', text: ['For the page'] }));
  });
});
