import fc from 'fast-check';
import type { CqlValue } from '../../cql/index.ts';
import { type SubjectResult, Tally, type TallyState } from '../../measures/index.ts';
import { evaluate, group, measure, population, preparedWith, proportionCodes, stratifier } from './fakes.ts';

const definition = measure([
  group({
    populations: proportionCodes.map((code) => population(code)),
    stratifiers: [stratifier({ components: [{ id: null, linkId: null, code: null, expression: 'Sex' }] })],
  }),
  group({
    id: 'stay',
    scoring: 'continuous-variable',
    populations: [
      population('initial-population', { id: 'ip' }),
      population('measure-population', { id: 'mp' }),
      population('measure-observation', { id: 'mo', aggregateMethod: 'sum', expression: 'Days' }),
    ],
  }),
]);

const criteria = fc.record({
  ...Object.fromEntries(proportionCodes.map((code) => [code, fc.constantFrom<CqlValue>(true, false, null)])),
  'measure-population': fc.boolean(),
  Sex: fc.constantFrom<CqlValue>('female', 'male', null),
  Days: fc.option(fc.double({ min: 0, max: 100, noNaN: true })),
});

async function results(values: readonly { [name: string]: CqlValue }[]): Promise<SubjectResult[]> {
  return Promise.all(values.map((each, i) => evaluate(preparedWith(definition, each), `p${i}`)));
}

function tallied(subjects: readonly SubjectResult[]): Tally {
  const tally = new Tally(definition);
  for (const subject of subjects) tally.add(subject);
  return tally;
}

describe('The tally of a population', () => {
  it('is the same in any order, and in any split into parts that are merged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(criteria, { maxLength: 12 }), fc.func(fc.nat({ max: 2 })), async (values, part) => {
        const subjects = await results(values);
        const parts = [0, 1, 2].map((of) => tallied(subjects.filter(({ subject }) => part(subject) === of)));
        const merged = new Tally(definition);
        for (const { state } of parts.toReversed()) merged.merge(structuredClone<TallyState>(state));
        expect(merged.totals()).toEqual(tallied(subjects.toReversed()).totals());
      }),
      { numRuns: 50 },
    );
  });

  it('has nothing in it before the first subject, and takes nothing from an empty one', async () => {
    const tally = tallied(await results([{ 'initial-population': true, denominator: true, numerator: true }]));
    const before = tally.totals();
    tally.merge(new Tally(definition).state);
    expect(tally.totals()).toEqual(before);
    expect(new Tally(definition).totals().groups[0]).toMatchObject({
      score: null,
      populations: [{ count: 0 }, {}, {}, {}, {}, {}],
    });
  });

  it('counts, lists subjects, stratifies and scores', async () => {
    const member = { 'initial-population': true, denominator: true, 'measure-population': true };
    const { groups, subjects } = tallied(
      await results([
        { ...member, numerator: true, Sex: 'female', Days: 3 },
        { ...member, numerator: false, Sex: 'female', Days: null },
        { ...member, numerator: false, Sex: 'male', Days: 4 },
        { ...member, 'denominator-exclusion': true, Sex: 'male', Days: 1 },
      ]),
    ).totals();
    expect(subjects).toBe(4);
    expect(groups[0]).toMatchObject({
      score: 1 / 3,
      populations: [{ count: 4 }, { subjects: ['p0', 'p1', 'p2', 'p3'] }, {}, { subjects: ['p0'] }, {}, {}],
    });
    expect(groups[0]?.stratifiers[0]?.strata.map(({ values, score }) => [values, score])).toEqual([
      [['female'], 0.5],
      [['male'], 0],
    ]);
    expect(groups[1]).toMatchObject({ score: 8, populations: [{}, {}, { count: 4, observations: [1, 3, 4] }] });
  });

  it('keeps subjects that could not be evaluated apart', () => {
    const tally = new Tally(definition);
    tally.addError('b', new RangeError('too deep'));
    tally.addError('a', new TypeError('no'));
    expect(tally.totals()).toMatchObject({
      subjects: 0,
      errors: [
        { subject: 'a', name: 'TypeError' },
        { subject: 'b', message: 'too deep' },
      ],
    });
  });
});
