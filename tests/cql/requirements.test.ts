import { dataRequirements, type LinkedLibrary, linkLibraries, UnknownExpression } from '../../cql/index.ts';
import { library, translator } from './evaluate.ts';

const definitions = `codesystem "LOINC": 'http://loinc.org'
codesystem "SNOMED": 'http://snomed.info/sct'
valueset "HbA1c": 'http://example.org/hba1c' version '2'
valueset "Office Visit": 'http://example.org/visit'
valueset "Hospice": 'http://example.org/hospice'
valueset "Unused": 'http://example.org/unused'
code "Tobacco status": '72166-2' from "LOINC" display 'Tobacco'
code "Smoker": '77176002' from "SNOMED"
concept "Tobacco": { "Tobacco status", "Smoker" }
parameter "Measurement Period" Interval<DateTime>
parameter "Not read" Integer
context Patient
define "Labs": [Observation: "HbA1c"]
define "Visits": [Encounter: "Office Visit"] E where E.period during "Measurement Period"
define "Through a reference": exists "Labs"
define function "Visits of"(status String): "Visits" V where V.status = status
define "Through a function": exists "Visits of"('finished')
define "By codes": [Observation: "Tobacco status"] union [Observation: code in { "Smoker" }]
define "By concept": [Observation] O where O.code ~ "Tobacco"
define "By membership": [Condition] C where C.code in "Hospice"
define "By nothing": [Patient]
define "Without data": 1 + 1`;

let linked: LinkedLibrary;
beforeAll(async () => {
  linked = await library(definitions);
});
afterAll(() => translator.close());

const of = (name: string) => dataRequirements(linked, [name]);

describe('What a definition asks for', () => {
  it('is nothing when it reads no data', () => {
    expect(of('Without data')).toEqual({ retrieves: [], valueSets: [], codes: [], resourceTypes: [], parameters: [] });
  });

  it.each<[string, string[], string[], string[]]>([
    ['Labs', ['Observation'], ['http://example.org/hba1c|2'], []],
    ['Visits', ['Encounter'], ['http://example.org/visit|'], []],
    ['Through a reference', ['Observation'], ['http://example.org/hba1c|2'], []],
    ['Through a function', ['Encounter'], ['http://example.org/visit|'], []],
    ['By codes', ['Observation'], [], ['http://loinc.org|72166-2', 'http://snomed.info/sct|77176002']],
    ['By concept', ['Observation'], [], ['http://loinc.org|72166-2', 'http://snomed.info/sct|77176002']],
    ['By membership', ['Condition'], ['http://example.org/hospice|'], []],
    ['By nothing', ['Patient'], [], []],
  ])('%s', (name, types, valueSets, codes) => {
    const found = of(name);
    expect(found.resourceTypes).toEqual(types);
    expect(found.valueSets.map(({ url, version }) => `${url}|${version ?? ''}`)).toEqual(valueSets);
    expect(found.codes.map(({ system, code }) => `${system}|${code}`).sort()).toEqual(codes);
  });

  it('names for each retrieve its place, its filter and its codes', () => {
    expect(of('Labs').retrieves).toEqual([
      {
        library: 'Tested|1.0.0',
        definition: 'Labs',
        localId: expect.any(String),
        locator: expect.stringMatching(/^\d+:\d+-\d+:\d+$/),
        resourceType: 'Observation',
        profile: 'http://hl7.org/fhir/StructureDefinition/Observation',
        codeProperty: 'code',
        codeComparator: 'in',
        valueSet: { url: 'http://example.org/hba1c', version: '2', name: 'HbA1c' },
        codes: [],
        dynamicCodes: false,
        dateProperty: null,
      },
    ]);
    const [byCode] = of('By codes').retrieves;
    expect(byCode).toMatchObject({
      codeComparator: '~',
      valueSet: null,
      codes: [{ system: 'http://loinc.org', code: '72166-2', display: 'Tobacco' }],
      dynamicCodes: false,
    });
  });

  it('lists the parameters that are read', () => {
    expect(of('Through a function').parameters).toEqual(['Measurement Period']);
    expect(of('Labs').parameters).toEqual([]);
  });

  it('is that of all definitions when none is named, and leaves out what nobody uses', () => {
    const urls = dataRequirements(linked, null).valueSets.map(({ url }) => url);
    expect(urls.sort()).toEqual(['http://example.org/hba1c', 'http://example.org/hospice', 'http://example.org/visit']);
  });

  it('is followed into included libraries, with the value sets that are defined there', async () => {
    const common = `library Common version '3' using FHIR version '4.0.1'
valueset "Hospice": 'http://example.org/hospice'
context Patient
define "In hospice": exists [Encounter: "Hospice"]`;
    const cql = `library Main version '1' using FHIR version '4.0.1'
include Common version '3' called Shared
context Patient
define Result: Shared."In hospice" or exists [Condition: Shared."Hospice"]`;
    const { main, includes } = await translator.translate({ cql, libraries: [common] });
    const both = linkLibraries(main, (name) => includes.find((elm) => elm.library.identifier.id === name) ?? null);
    const found = dataRequirements(both, ['Result']);
    expect(found.retrieves.map(({ library: where, resourceType }) => `${where} ${resourceType}`).sort()).toEqual([
      'Common|3 Encounter',
      'Main|1 Condition',
    ]);
    expect(found.retrieves.map(({ valueSet }) => valueSet?.url)).toEqual([
      'http://example.org/hospice',
      'http://example.org/hospice',
    ]);
  });

  it('is refused for a definition that is not there', () => {
    expect(() => of('Absent')).toThrow(UnknownExpression);
  });
});
