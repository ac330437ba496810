import { type GapFacts, gapFacts, gapStatus } from '../../../measures/index.ts';
import { counts, evaluate, group, measure, period, population, preparedWith, proportionCodes } from '../fakes.ts';

const both = [true, false];
const combinations: GapFacts[] = both.flatMap((initialPopulation) =>
  both.flatMap((eligible) =>
    both.flatMap((numerator) =>
      both.flatMap((timeLeft) =>
        (['increase', 'decrease'] as const).map((improvement) => ({
          initialPopulation,
          eligible,
          numerator,
          improvement,
          timeLeft,
        })),
      ),
    ),
  ),
);

describe('The status of a gap', () => {
  it.each(combinations)('%j', (facts) => {
    const discrepancy = facts.eligible && facts.numerator === (facts.improvement === 'decrease');
    const expected = !facts.initialPopulation
      ? 'not-applicable'
      : !discrepancy
        ? 'closed-gap'
        : facts.timeLeft
          ? 'prospective-gap'
          : 'open-gap';
    expect(gapStatus(facts)).toBe(expected);
  });

  const of = group({ populations: proportionCodes.map((code) => population(code)) });
  const member = { 'initial-population': true, denominator: true };

  it.each([
    ['nobody of the initial population', {}, '2027-01-01', 'not-applicable'],
    ['in the denominator and not in the numerator', member, '2027-01-01', 'open-gap'],
    ['the same on the last day of the period', member, '2026-12-31', 'prospective-gap'],
    ['excluded', { ...member, 'denominator-exclusion': true }, '2027-01-01', 'closed-gap'],
    ['excepted', { ...member, 'denominator-exception': true }, '2027-01-01', 'closed-gap'],
    ['in the numerator', { ...member, numerator: true }, '2027-01-01', 'closed-gap'],
    [
      'taken out of the numerator again',
      { ...member, numerator: true, 'numerator-exclusion': true },
      '2027-01-01',
      'open-gap',
    ],
  ])('of a patient who is %s', async (_, values, asOf, status) => {
    const result = await evaluate(preparedWith(measure([of]), values));
    const [first] = result.groups;
    const facts = first === undefined ? null : gapFacts(of, first, asOf, period.end);
    expect(facts === null ? null : gapStatus(facts)).toBe(status);
    expect(counts(result)['numerator-exclusion']).toBeLessThanOrEqual(1);
  });

  it('is not given for groups without a numerator', async () => {
    const cohort = group({ scoring: 'cohort', populations: [population('initial-population')] });
    const {
      groups: [first],
    } = await evaluate(preparedWith(measure([cohort]), { 'initial-population': true }));
    expect(first === undefined ? undefined : gapFacts(cohort, first, '2026-01-01', period.end)).toBeNull();
  });
});
