import type { CapabilityStatement, CapabilityStatementRestResource, Extension } from '@medplum/fhirtypes';
import { describeWithReferenceData, readReference } from '../../support/reference-data.ts';
import type { RunningServer } from '../../support/running-server.ts';
import { breast, must, openExchange } from './exchange.ts';

let server: RunningServer;
let own: CapabilityStatement;
beforeAll(async () => {
  server = await openExchange();
  own = (await must(server.fhir('GET', 'metadata'))).json;
}, 120_000);
afterAll(() => server.stop());

const expectation = 'http://hl7.org/fhir/StructureDefinition/capabilitystatement-expectation';
const updateType = 'http://hl7.org/fhir/uv/deqm/StructureDefinition/deqm-submitDataUpdateType';
const isWanted = ({ extension = [] }: { extension?: Extension[] }): boolean =>
  extension.some(({ url, valueCode }) => url === expectation && (valueCode === 'SHALL' || valueCode === 'SHOULD'));
const ofType = (statement: CapabilityStatement, type: string): CapabilityStatementRestResource | undefined =>
  statement.rest?.[0]?.resource?.find((resource) => resource.type === type);

/** A requirement in words, and whether the server declares it. */
type Requirement = readonly [requirement: string, isDeclared: (statement: CapabilityStatement) => boolean];

/** Everything that a published CapabilityStatement wants of a server: what it SHALL and what it SHOULD do. */
function requirementsOf({ rest = [], format = [] }: CapabilityStatement): Requirement[] {
  const resources = rest.flatMap(({ resource = [] }) => resource);
  return [
    ...format.map((code): Requirement => [`format ${code}`, (is) => is.format.some((own) => own.includes(code))]),
    ...resources.flatMap(
      ({ type, interaction = [], operation = [], searchParam = [], supportedProfile = [] }): Requirement[] => [
        ...supportedProfile
          .filter((profile) => profile.includes('/deqm/'))
          .map(
            (profile): Requirement => [
              `${type} ${profile}`,
              (is) => ofType(is, type ?? '')?.supportedProfile?.includes(profile) === true,
            ],
          ),
        ...interaction
          .filter(isWanted)
          .map(
            ({ code }): Requirement => [
              `${type} ${code}`,
              (is) => ofType(is, type ?? '')?.interaction?.some((each) => each.code === code) === true,
            ],
          ),
        ...operation
          .filter(isWanted)
          .map(
            ({ definition }): Requirement => [
              `${type} ${definition}`,
              (is) => ofType(is, type ?? '')?.operation?.some((each) => each.definition === definition) === true,
            ],
          ),
        ...searchParam.map(
          ({ name, definition, type: kind }): Requirement => [
            `${type}?${name}`,
            (is) =>
              ofType(is, type ?? '')?.searchParam?.some(
                (each) => each.name === name && each.definition === definition && each.type === kind,
              ) === true,
          ],
        ),
      ],
    ),
  ];
}

const published = ['gic-server', 'receiver-server', 'consumer-server'];
describeWithReferenceData('The CapabilityStatement', () => {
  it.each(published)('declares all that DEQM wants of its %s', (name) => {
    const wanted = requirementsOf(JSON.parse(readReference('profiles', 'deqm', `capabilitystatement-${name}.json`)));
    expect(wanted.length).toBeGreaterThan(3);
    expect(wanted.filter(([, isDeclared]) => !isDeclared(own)).map(([requirement]) => requirement)).toEqual([]);
  });

  it('finds a server lacking that declares nothing', () => {
    const wanted = requirementsOf(JSON.parse(readReference('profiles', 'deqm', 'capabilitystatement-gic-server.json')));
    expect(wanted.some(([, isDeclared]) => isDeclared({ ...own, format: [], rest: [] }))).toBe(false);
  });
});

/** Of the Risk Adjustment reporting server (davinci-ra 3.0.0-ballot, capabilitystatement-ra-reporting-server). */
const reporting = {
  types: ['MeasureReport', 'Bundle'],
  interactions: ['read', 'create', 'update', 'patch', 'delete', 'search-type'],
  searchParams: [
    'date',
    'measure',
    'patient',
    'period',
    'status',
    'subject',
    'measurereport-category',
    'evaluated-resource',
  ],
};

describe('The CapabilityStatement', () => {
  it.each(reporting.types)('declares all that Risk Adjustment wants of a reporting server: %s', (type) => {
    const codes = ofType(own, type)?.interaction?.map(({ code }) => code);
    expect(codes).toEqual(expect.arrayContaining(reporting.interactions));
  });

  it('declares the search parameters of a reporting server', () => {
    const names = ofType(own, 'MeasureReport')?.searchParam?.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([...reporting.searchParams, 'category']));
  });

  it('takes both batches and transactions', () => {
    const codes = own.rest?.[0]?.interaction?.map(({ code }) => code);
    expect(codes).toEqual(expect.arrayContaining(['transaction', 'batch', 'search-system', 'history-system']));
  });

  it('says that both update types are supported', () => {
    const operations = ofType(own, 'Measure')?.operation ?? [];
    const types = (name: string): unknown =>
      operations
        .find((each) => each.name === name)
        ?.extension?.filter(({ url }) => url === updateType)
        .map((e) => e.valueCode);
    expect(types('submit-data')).toEqual(['incremental', 'snapshot']);
  });

  it('does not offer base R4’s collect-data beside that of DEQM', () => {
    const definitions = (ofType(own, 'Measure')?.operation ?? [])
      .filter(({ name }) => name === 'collect-data')
      .map(({ definition }) => definition);
    expect(definitions).toEqual(['http://hl7.org/fhir/uv/deqm/OperationDefinition/collect-data']);
  });
});

describe('A MeasureReport', () => {
  const category = {
    url: 'http://hl7.org/fhir/StructureDefinition/measurereport-category',
    valueCodeableConcept: { coding: [{ system: 'http://example.org/category', code: 'ra' }] },
  };
  it.each(['category=ra', 'category=http://example.org/category%7Cra', 'measurereport-category=ra'])(
    'is found by %s, and by no other category',
    async (query) => {
      const report = {
        resourceType: 'MeasureReport',
        id: 'categorised',
        extension: [category],
        status: 'complete',
        type: 'summary',
        measure: breast,
        period: { start: '2026-01-01', end: '2026-12-31' },
      };
      await must(server.fhir('PUT', 'MeasureReport/categorised', report));
      await must(server.fhir('PUT', 'MeasureReport/other', { ...report, id: 'other', extension: undefined }));
      const { json } = await must(server.fhir('GET', `MeasureReport?${query}`));
      expect(json.entry.map(({ resource }: { resource: { id: string } }) => resource.id)).toEqual(['categorised']);
      expect((await must(server.fhir('GET', 'MeasureReport?category=gaps'))).json.entry).toBeUndefined();
    },
  );
});
