import type { Extension, Measure } from '@medplum/fhirtypes';
import { deqmNames } from '../../bundles/deqm-version.ts';
import { individualReport } from '../../bundles/index.ts';
import { supportingEvidence } from '../../bundles/measure-report/supporting-evidence.ts';
import { type CqlValue, type LinkedLibrary, PatientRecord } from '../../cql/index.ts';
import { evaluateSubject, InvalidMeasure, readMeasure } from '../../measures/index.ts';
import { evidenceDefinitions } from '../../measures/supporting-evidence.ts';
import { prepareCql } from '../measures/prepared.ts';
import { baseProblems } from '../support/base-r4.ts';
import { patient } from './fixtures.ts';

const url = 'http://hl7.org/fhir/StructureDefinition/cqf-supportingEvidence';
const cql = `
library Evidence version '1.0.0'
using FHIR version '4.0.1'
parameter "Measurement Period" Interval<DateTime>
context Patient
define "Visits": [Encounter]
define "Visit Count": Count("Visits")
define "Initial Population": exists "Visits"
define "Denominator": "Initial Population"
define "Numerator": "Visit Count" > 1
`;

function evidence(expression: string, name?: string): Extension {
  return {
    url: 'http://hl7.org/fhir/StructureDefinition/cqf-supportingEvidenceDefinition',
    valueExpression: {
      ...(name !== undefined && { name }),
      description: 'How many visits there were',
      language: 'text/cql-identifier' as never,
      expression,
    },
  };
}

function measure(...ofNumerator: readonly Extension[]): Measure {
  return {
    resourceType: 'Measure',
    status: 'active',
    url: 'http://example.org/Measure/evidence',
    version: '1.0.0',
    library: ['http://example.org/Library/Evidence'],
    scoring: { coding: [{ code: 'proportion' }] },
    improvementNotation: { coding: [{ code: 'increase' }] },
    group: [
      {
        population: (['Initial Population', 'Denominator', 'Numerator'] as const).map((expression) => ({
          code: { coding: [{ code: expression.toLowerCase().replace(' ', '-') }] },
          criteria: { language: 'text/cql-identifier' as never, expression },
          ...(expression === 'Numerator' && { extension: [...ofNumerator] }),
        })),
      },
    ],
  };
}

const visits = ['e1', 'e2'].map((id) => ({
  resourceType: 'Encounter',
  id,
  status: 'finished',
  class: { code: 'AMB' },
}));
const period = { start: '2026-01-01', end: '2026-12-31' };

async function report(trace: boolean, records = visits) {
  const definition = readMeasure(measure(evidence('Visit Count', 'visit-count'), evidence('Visits')));
  const prepared = await prepareCql(definition, cql);
  const record = new PatientRecord([patient, ...records]);
  const result = await evaluateSubject(prepared, record, { period, now: '2026-11-22T10:00:00.000+00:00', trace });
  return individualReport(result, {
    definition,
    period,
    date: '2026-11-22T10:00:00.000Z',
    reporter: { reference: 'Organization/o1' },
    version: 'uv-1.0.0',
  }).report;
}

describe('Supporting evidence that a Measure defines', () => {
  it('is said with the population: name, description, and the values of this patient', async () => {
    const made = await report(true);
    const found = made.group?.[0]?.population?.[2]?.extension?.filter((extension) => extension.url === url);
    const description = { url: 'description', valueString: 'How many visits there were' };
    expect(found).toEqual([
      { url, extension: [{ url: 'name', valueCode: 'visit-count' }, description, { url: 'value', valueInteger: 2 }] },
      {
        url,
        extension: [
          { url: 'name', valueCode: 'Visits' },
          description,
          { url: 'value', valueReference: { reference: 'Encounter/e1' } },
          { url: 'value', valueReference: { reference: 'Encounter/e2' } },
        ],
      },
    ]);
    expect(baseProblems(made)).toEqual([]);
  });

  it('is left out where nothing was traced, and of patients outside the initial population', async () => {
    expect(JSON.stringify(await report(false))).not.toContain(url);
    expect(JSON.stringify(await report(true, []))).not.toContain(url);
  });

  it('must be there in the library', async () => {
    const definition = readMeasure(measure(evidence('Nothing')));
    await expect(prepareCql(definition, cql)).rejects.toThrow(InvalidMeasure);
    await expect(prepareCql(definition, cql)).rejects.toThrow('supportingEvidenceDefinition');
  });
});

describe('An expression of supporting evidence', () => {
  const linked = {
    main: {
      library: { identifier: { id: 'Main' }, includes: { def: [{ localIdentifier: 'Common', path: 'Common' }] } },
    },
  } as unknown as LinkedLibrary;
  it.each([
    ['Visits', { name: 'Visits' }],
    ['Common.Visits', { name: 'Visits', libraryName: 'Common' }],
    ['"Common"."All Visits"', { name: 'All Visits', libraryName: 'Common' }],
    ['Other.Visits', { name: 'Other.Visits' }],
  ])('may be a definition of an included library: %s', (expression, reference) => {
    const definitions = evidenceDefinitions(readMeasure(measure(evidence(expression))), linked);
    expect([...definitions.values()]).toEqual([{ type: 'ExpressionRef', ...reference }]);
  });
});

describe('A value of supporting evidence', () => {
  const code = { type: 'Code', code: 'a', system: 'urn:s', version: null, display: 'A' } as const;
  it.each<[string, CqlValue, readonly object[]]>([
    ['null', null, []],
    ['an empty list', [], []],
    ['a boolean', false, [{ url: 'value', valueBoolean: false }]],
    ['an integer', 3, [{ url: 'value', valueInteger: 3 }]],
    ['a decimal', 0.5, [{ url: 'value', valueDecimal: 0.5 }]],
    ['text', 'x', [{ url: 'value', valueString: 'x' }]],
    ['a date', { type: 'Date', value: '2026-01-01' }, [{ url: 'value', valueDate: '2026-01-01' }]],
    ['a code', code, [{ url: 'value', valueCoding: { system: 'urn:s', code: 'a', display: 'A' } }]],
    [
      'a quantity',
      { type: 'Quantity', value: 7, unit: '%' },
      [{ url: 'value', valueQuantity: { value: 7, unit: '%', system: 'http://unitsofmeasure.org', code: '%' } }],
    ],
    [
      'a tuple',
      { type: 'Tuple', elements: { when: { type: 'Date', value: '2026-01-01' }, of: [1, 2], none: null } },
      [
        {
          url: 'value',
          extension: [
            { url: 'when', valueDate: '2026-01-01' },
            { url: 'of', valueInteger: 1 },
            { url: 'of', valueInteger: 2 },
          ],
        },
      ],
    ],
  ])('is what CQL gave: %s', (_, value, expected) => {
    const [made] = supportingEvidence([{ name: 'n', value }], null, deqmNames['uv-1.0.0']);
    expect(made?.extension?.slice(1)).toEqual(expected);
  });

  it('is bounded, however long the list', () => {
    const many = Array.from({ length: 1000 }, (_, index) => index);
    const [made] = supportingEvidence([{ name: 'n', value: many }], null, deqmNames['uv-1.0.0']);
    expect(made?.extension).toHaveLength(21);
  });

  it('is not said in versions that have no place for it', () => {
    for (const version of ['us-4.0.0', 'us-3.0.0', 'r4'] as const)
      expect(supportingEvidence([{ name: 'n', value: 1 }], null, deqmNames[version])).toEqual([]);
  });
});
