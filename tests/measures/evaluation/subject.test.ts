import fc from 'fast-check';
import type { CqlValue } from '../../../cql/index.ts';
import { restrictToParents } from '../../../measures/evaluation/membership.ts';
import { scorings } from '../../../measures/evaluation/scoring/scorings.ts';
import type { PopulationCode, Scoring } from '../../../measures/index.ts';
import {
  counts,
  encounter,
  evaluate,
  group,
  measure,
  population,
  preparedWith,
  proportionCodes,
  stratifier,
} from '../fakes.ts';

const proportion = group({ populations: proportionCodes.map((code) => population(code)) });
const everything = Object.fromEntries(proportionCodes.map((code) => [code, true]));

describe('Membership in the populations of one subject', () => {
  it.each<[string, { [code: string]: CqlValue }, { [code: string]: number }, number | null]>([
    [
      'a criterion that holds counts nothing outside of its parent',
      { ...everything, 'initial-population': false },
      { 'initial-population': 0, denominator: 0, numerator: 0 },
      null,
    ],
    [
      'who is excluded from the denominator is not in the numerator, and stays in the gross denominator',
      everything,
      { denominator: 1, 'denominator-exclusion': 1, numerator: 0, 'denominator-exception': 0 },
      null,
    ],
    [
      'who is in the numerator is no exception',
      { ...everything, 'denominator-exclusion': false, 'numerator-exclusion': false },
      { numerator: 1, 'denominator-exception': 0 },
      1,
    ],
    [
      'an exception leaves the denominator of the score',
      { ...everything, 'denominator-exclusion': false, numerator: false },
      { numerator: 0, 'denominator-exception': 1, 'numerator-exclusion': 0 },
      null,
    ],
    [
      'a numerator exclusion is subtracted from the numerator of the score only',
      { ...everything, 'denominator-exclusion': false, 'denominator-exception': false },
      { numerator: 1, 'numerator-exclusion': 1 },
      0,
    ],
    [
      'a null criterion is false',
      { ...everything, denominator: null },
      { 'initial-population': 1, denominator: 0 },
      null,
    ],
  ])('%s', async (_, values, expected, score) => {
    const result = await evaluate(preparedWith(measure([proportion]), values));
    expect(counts(result)).toMatchObject(expected);
    expect(result.groups[0]?.score).toBe(score);
  });

  it('keeps members of children within their parents, whatever the criteria say', () => {
    const memberships = fc.array(fc.subarray(['a', 'b', 'c', 'd']), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(
        fc.constantFrom<Scoring>('proportion', 'ratio', 'continuous-variable', 'cohort'),
        memberships,
        (scoring, given) => {
          const { populations: rules } = scorings[scoring];
          const codes: PopulationCode[] = [...rules.keys()].filter((code) => code !== 'measure-observation');
          const definitions = codes.map((code) => population(code));
          const of = group({ scoring, basis: 'Encounter', populations: definitions });
          const criteria = new Map(
            definitions.map((each, i) => [each, new Map((given[i] ?? []).map((key) => [key, key]))]),
          );
          const restricted = restrictToParents(of, criteria);
          const keys = (code: PopulationCode): Set<string> =>
            new Set(restricted.get(definitions[codes.indexOf(code)] ?? population(code))?.keys() ?? []);
          for (const code of codes) {
            const rule = rules.get(code);
            if (rule?.within != null) expect(keys(code).isSubsetOf(keys(rule.within))).toBe(true);
            for (const other of rule?.except ?? []) expect(keys(code).isDisjointFrom(keys(other))).toBe(true);
          }
        },
      ),
    );
  });

  it('refuses a list where a boolean is due, naming the criterion', async () => {
    const prepared = preparedWith(measure([proportion]), { ...everything, denominator: [true] });
    await expect(evaluate(prepared)).rejects.toThrow(
      'Criterion "denominator" gave a list, but the population basis is boolean',
    );
  });
});

describe('A basis other than boolean', () => {
  const episodes = (codes: readonly PopulationCode[], basis = 'Encounter'): ReturnType<typeof group> =>
    group({ basis, populations: codes.map((code) => population(code)) });

  it('counts a member once, leaves nulls out and intersects by reference', async () => {
    const values = {
      'initial-population': [encounter('1'), null, encounter('2'), encounter('1')],
      denominator: [encounter('2'), encounter('3')],
      numerator: null,
    };
    const result = await evaluate(
      preparedWith(measure([episodes(['initial-population', 'denominator', 'numerator'])]), values),
    );
    expect(counts(result)).toEqual({ 'initial-population': 2, denominator: 1, numerator: 0 });
    expect(result.groups[0]?.populations[1]?.members).toEqual([encounter('2')]);
  });

  it('compares date-times by instant and intervals by value', async () => {
    const at = (value: string): CqlValue => ({ type: 'DateTime', value });
    const interval = (low: CqlValue): CqlValue => ({
      type: 'Interval',
      low,
      high: null,
      lowClosed: true,
      highClosed: true,
    });
    const values = {
      'initial-population': [
        at('2026-02-01T10:00:00.000+00:00'),
        interval(at('2026-02-01T10:00:00.000Z')),
        at('2026-02'),
      ],
      denominator: [at('2026-02-01T11:00:00.000+01:00'), interval(at('2026-02-01T11:00:00.000+01:00'))],
    };
    const result = await evaluate(
      preparedWith(measure([episodes(['initial-population', 'denominator'], 'DateTime')]), values),
    );
    expect(counts(result)).toEqual({ 'initial-population': 3, denominator: 2 });
  });
});

describe('Observations', () => {
  const pair = (element: CqlValue, value: CqlValue): CqlValue => ({ type: 'Tuple', elements: { element, value } });

  it('are made of members of the measure population that are not excluded; quantities give their value', async () => {
    const continuous = group({
      scoring: 'continuous-variable',
      basis: 'Encounter',
      populations: [
        population('initial-population'),
        population('measure-population'),
        population('measure-population-exclusion'),
        population('measure-observation', { aggregateMethod: 'median', expression: 'Length' }),
      ],
    });
    const all = ['1', '2', '3', '4'].map(encounter);
    const prepared = preparedWith(
      measure([continuous]),
      {
        'initial-population': all,
        'measure-population': all,
        'measure-population-exclusion': [encounter('4')],
        Length: [
          pair(encounter('1'), 3),
          pair(encounter('2'), { type: 'Quantity', value: 5, unit: 'd' }),
          pair(encounter('3'), null),
          pair(encounter('4'), 100),
        ],
      },
      [['Length', 'measure-population']],
    );
    const result = await evaluate(prepared);
    expect(result.groups[0]?.populations[3]).toMatchObject({ count: 3, observations: [3, 5, null] });
    expect(result.groups[0]?.score).toBe(4);
  });

  it('make a ratio of two aggregates, each side with its own population and exclusions', async () => {
    const observation = (id: string, side: string, aggregateMethod: string): ReturnType<typeof population> =>
      population('measure-observation', { id, expression: id, criteriaReference: side, aggregateMethod });
    const ratio = group({
      scoring: 'ratio',
      populations: [
        population('initial-population', { id: 'ip1' }),
        population('initial-population', { id: 'ip2', expression: 'other' }),
        population('denominator', { criteriaReference: 'ip1' }),
        population('numerator', { criteriaReference: 'ip2' }),
        observation('days', 'denominator', 'sum'),
        observation('events', 'numerator', 'count'),
      ],
    });
    const values = { 'initial-population': true, other: true, denominator: true, numerator: true, days: 4, events: 9 };
    const both = await evaluate(preparedWith(measure([ratio]), values));
    expect(both.groups[0]?.score).toBe(0.25);
    const numeratorOnly = await evaluate(preparedWith(measure([ratio]), { ...values, 'initial-population': false }));
    expect(counts(numeratorOnly)).toMatchObject({ denominator: 0, numerator: 1 });
    expect(numeratorOnly.groups[0]?.score).toBeNull();
  });
});

describe('Stratifiers', () => {
  const codes: PopulationCode[] = ['initial-population', 'denominator', 'numerator'];
  const all = ['1', '2', '3'].map(encounter);
  const stratified = (given: Parameters<typeof stratifier>[0]): ReturnType<typeof group> =>
    group({ basis: 'Encounter', populations: codes.map((code) => population(code)), stratifiers: [stratifier(given)] });
  const values = { 'initial-population': all, denominator: all, numerator: [encounter('1')] };

  it('by criteria put each member into the stratum true or false', async () => {
    const result = await evaluate(
      preparedWith(measure([stratified({ expression: 'Young' })]), { ...values, Young: all.slice(0, 2) }),
    );
    const strata = result.groups[0]?.stratifiers[0]?.strata.map(({ values: of, populations, score }) => [
      of,
      populations.map(({ count }) => count),
      score,
    ]);
    expect(strata).toEqual([
      [[true], [2, 2, 1], 0.5],
      [[false], [1, 1, 0], 0],
    ]);
  });

  it('by value take a function of the member, or one value for the whole patient, and report what they apply to', async () => {
    const pairs = all.map(
      (element, i): CqlValue => ({ type: 'Tuple', elements: { element, value: i < 2 ? 'ED' : 'ward' } }),
    );
    const definition = stratified({
      components: ['Place', 'Sex'].map((expression) => ({ id: null, linkId: null, code: null, expression })),
      appliesTo: ['denominator'],
    });
    const prepared = preparedWith(measure([definition]), { ...values, Place: pairs, Sex: 'female' }, [
      ['Place', 'initial-population'],
    ]);
    const strata = (await evaluate(prepared)).groups[0]?.stratifiers[0]?.strata;
    expect(
      strata?.map(({ values: of, populations }) => [of, populations.map(({ code, count }) => `${code} ${count}`)]),
    ).toEqual([
      [['ED', 'female'], ['denominator 2']],
      [['ward', 'female'], ['denominator 1']],
    ]);
  });
});
