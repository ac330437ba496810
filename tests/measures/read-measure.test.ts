import type { Expression, Measure, MeasureGroupPopulation } from '@medplum/fhirtypes';
import { type ImprovementNotations, InvalidMeasure, readMeasure } from '../../measures/index.ts';

const us = 'http://hl7.org/fhir/us/cqfmeasures/StructureDefinition/cqfm-';
const uv = 'http://hl7.org/fhir/uv/cqm/StructureDefinition/cqm-';

/** The language of the IG, which the R4 types do not list. */
function criterion(expression?: string, language = 'text/cql-identifier'): Expression {
  return JSON.parse(JSON.stringify({ language, expression }));
}

function population(code: string, changes: Partial<MeasureGroupPopulation> = {}): MeasureGroupPopulation {
  return {
    id: code,
    code: { coding: [{ code }] },
    criteria: criterion(code),
    ...changes,
  };
}

function measure(changes: Partial<Measure> = {}): Measure {
  return {
    resourceType: 'Measure',
    status: 'active',
    url: 'http://example.org/Measure/m',
    library: ['http://example.org/Library/l'],
    scoring: { coding: [{ code: 'proportion' }] },
    improvementNotation: { coding: [{ code: 'decrease' }] },
    group: [
      { id: 'g', population: ['initial-population', 'denominator', 'numerator'].map((code) => population(code)) },
    ],
    ...changes,
  };
}

function problemsOf(invalid: Measure): string[] {
  try {
    readMeasure(invalid);
  } catch (error) {
    if (error instanceof InvalidMeasure)
      return error.problems.map(({ expression, message }) => `${expression} ${message}`);
    throw error;
  }
  return [];
}

describe('Reading a Measure', () => {
  it('takes scoring and improvement notation of the root for groups that say none', () => {
    const { scoringAtRoot, groups } = readMeasure(measure());
    expect(scoringAtRoot).toBe(true);
    expect(groups[0]).toMatchObject({ scoring: 'proportion', improvementNotation: 'decrease', basis: 'boolean' });
  });

  it.each([
    ['US', us],
    ['universal', uv],
  ])('reads the %s spelling of every extension', (_, base) => {
    const cqfReference =
      base === us ? `${us}criteriaReference` : 'http://hl7.org/fhir/StructureDefinition/cqf-criteriaReference';
    const { scoring: _scoring, improvementNotation: _notation, ...rootless } = measure();
    const { groups, scoringAtRoot, supplementalData } = readMeasure({
      ...rootless,
      supplementalData: [
        {
          criteria: criterion('SDE'),
          usage: [{ coding: [{ code: 'risk-adjustment-factor' }] }],
          extension: [{ url: `${base}includeInReportType`, valueCode: 'individual' }],
        },
      ],
      group: [
        {
          extension: [
            { url: `${base}scoring`, valueCodeableConcept: { coding: [{ code: 'continuous-variable' }] } },
            { url: `${base}populationBasis`, valueCode: 'Encounter' },
            { url: `${base}improvementNotation`, valueCodeableConcept: { coding: [{ code: 'increase' }] } },
            { url: `${base}rateAggregation`, valueString: 'None' },
          ],
          population: [
            population('initial-population'),
            population('measure-population'),
            population('measure-observation', {
              extension: [
                { url: `${base}aggregateMethod`, valueString: 'Average' },
                { url: cqfReference, valueString: 'measure-population' },
              ],
            }),
          ],
          stratifier: [
            {
              criteria: criterion('Strata'),
              extension: [
                { url: `${base}appliesTo`, valueCodeableConcept: { coding: [{ code: 'measure-population' }] } },
              ],
            },
          ],
        },
      ],
    });
    expect(scoringAtRoot).toBe(false);
    expect(groups[0]).toMatchObject({
      scoring: 'continuous-variable',
      basis: 'Encounter',
      improvementNotation: 'increase',
      rateAggregation: 'None',
      stratifiers: [{ expression: 'Strata', appliesTo: ['measure-population'] }],
    });
    expect(groups[0]?.populations[2]).toMatchObject({
      aggregateMethod: 'average',
      criteriaReference: 'measure-population',
    });
    expect(supplementalData).toMatchObject([{ usage: 'risk-adjustment-factor', includeInReportTypes: ['individual'] }]);
  });

  it.each<[string, Measure, string]>([
    [
      'an unknown scoring',
      measure({ scoring: { coding: [{ code: 'guess' }] } }),
      'Measure.scoring "guess" is not a scoring',
    ],
    ['no group', measure({ group: [] }), 'Measure.group is missing'],
    ['no library', measure({ library: [] }), 'Measure.library is missing'],
    [
      'a population that the scoring does not have',
      measure({ scoring: { coding: [{ code: 'cohort' }] } }),
      'Measure.group[0].population cohort scoring has no denominator',
    ],
    [
      'a population that the scoring needs',
      measure({ group: [{ population: [population('initial-population'), population('denominator')] }] }),
      'Measure.group[0].population proportion scoring needs a numerator',
    ],
    [
      'the same id twice',
      measure({
        group: [
          {
            population: ['initial-population', 'denominator', 'numerator'].map((code) => population(code, { id: 'x' })),
          },
        ],
      }),
      'Measure.group[0] the id "x" is used 3 times',
    ],
    [
      'a criterion without an expression',
      measure({
        group: [{ population: [population('initial-population', { criteria: criterion() })] }],
      }),
      'Measure.group[0].population[0].criteria.expression is missing',
    ],
    [
      'a criterion in another language',
      measure({
        group: [
          {
            population: [population('initial-population', { criteria: criterion('true', 'text/fhirpath') })],
          },
        ],
      }),
      'Measure.group[0].population[0].criteria.language text/fhirpath is not supported',
    ],
    [
      'a reference to no population',
      measure({
        group: [
          {
            population: [
              population('initial-population'),
              population('denominator', { extension: [{ url: `${us}criteriaReference`, valueString: 'elsewhere' }] }),
              population('numerator'),
            ],
          },
        ],
      }),
      'Measure.group[0].population[1].extension(criteriaReference) "elsewhere" is the id of no population',
    ],
  ])('names %s with its place', (_, invalid, problem) => {
    expect(problemsOf(invalid)).toContainEqual(expect.stringContaining(problem));
  });

  it('lists all problems at once', () => {
    const { url: _, ...nameless } = measure({ group: [{ population: [population('numerator')] }] });
    expect(problemsOf(nameless)).toHaveLength(3);
  });
});

describe('The direction that an operator gives a measure', () => {
  const twoRates = measure({
    group: ['a', 'b'].map((id) => ({
      id,
      population: ['initial-population', 'denominator', 'numerator'].map((code) =>
        population(code, { id: `${id}-${code}` }),
      ),
    })),
  });
  const directions = (improvementNotation: ImprovementNotations) => {
    const { groups, ...root } = readMeasure(twoRates, { improvementNotation });
    return [root, ...groups].map((element) => [
      element.improvementNotation,
      ...('publishedImprovementNotation' in element ? [element.publishedImprovementNotation] : []),
    ]);
  };

  it.each<[string, ImprovementNotations, ReturnType<typeof directions>]>([
    ['none', {}, [['decrease'], ['decrease'], ['decrease']]],
    ['the same', { '': 'decrease' }, [['decrease'], ['decrease'], ['decrease']]],
    [
      'for the whole measure',
      { '': 'increase' },
      [
        ['increase', 'decrease'],
        ['increase', 'decrease'],
        ['increase', 'decrease'],
      ],
    ],
    ['for one group', { b: 'increase' }, [['decrease'], ['decrease'], ['increase', 'decrease']]],
    [
      'for the measure but one group',
      { '': 'increase', b: 'decrease' },
      [['increase', 'decrease'], ['increase', 'decrease'], ['decrease']],
    ],
  ])('replaces that of the Measure, and keeps it: %s', (_, given, expected) => {
    expect(directions(given)).toEqual(expected);
  });

  it('applies to a measure that says none', () => {
    const { improvementNotation: _, ...silent } = measure();
    const [group] = readMeasure(silent, { improvementNotation: { '': 'decrease' } }).groups;
    expect(group).toMatchObject({ improvementNotation: 'decrease', publishedImprovementNotation: null });
  });

  it('is refused for a group that the measure does not have', () => {
    expect(() => readMeasure(measure(), { improvementNotation: { other: 'increase' } })).toThrow(
      'improvementNotation["other"]: names no group of the measure',
    );
  });
});
