import type { GroupDefinition, ImprovementNotation } from '../definition.ts';
import type { GroupResult, PopulationResult } from '../evaluation/result.ts';
import type { GapStatus } from './answer.ts';

/** What a gap status follows from: memberships of one subject in one group, the direction, and the time left. */
export interface GapFacts {
  readonly initialPopulation: boolean;
  /** Is something left to be assessed: in the denominator, and not all of it excluded or excepted? */
  readonly eligible: boolean;
  /** Less numerator exclusions. Increase: everything assessed is in the numerator. Decrease: anything is. */
  readonly numerator: boolean;
  readonly improvement: ImprovementNotation;
  /** The measurement period has not ended. */
  readonly timeLeft: boolean;
}

/**
 * The first row whose conditions hold gives the status. The rows follow the definitions of the DEQM gap status codes:
 * `not-applicable` is "the patient does not meet the initial population criteria", and nothing else; `closed-gap` is "no
 * discrepancy exists", which is what is to be said of the rest without an open one: those outside of the denominator,
 * excluded or excepted (a report says why: its populations are counted). A discrepancy that may yet be mended before
 * the period ends is `prospective-gap`, as CQF's evaluator has it.
 */
const rows: readonly (readonly [when: Partial<GapFacts>, status: GapStatus])[] = [
  [{ initialPopulation: false }, 'not-applicable'],
  [{ eligible: false }, 'closed-gap'],
  [{ improvement: 'increase', numerator: true }, 'closed-gap'],
  [{ improvement: 'decrease', numerator: false }, 'closed-gap'],
  [{ timeLeft: true }, 'prospective-gap'],
  [{}, 'open-gap'],
];

/** The status of one subject in one group (DEQM, gaps in care reporting). */
export function gapStatus(facts: GapFacts): GapStatus {
  const holds = (when: Partial<GapFacts>): boolean =>
    (when.initialPopulation ?? facts.initialPopulation) === facts.initialPopulation &&
    (when.eligible ?? facts.eligible) === facts.eligible &&
    (when.numerator ?? facts.numerator) === facts.numerator &&
    (when.improvement ?? facts.improvement) === facts.improvement &&
    (when.timeLeft ?? facts.timeLeft) === facts.timeLeft;
  return rows.find(([when]) => holds(when))?.[1] ?? 'open-gap';
}

/**
 * The facts of a result; null for scorings without a numerator, of which DEQM defines no gap (continuous variable,
 * cohort, composites that average).
 * @param asOf the date (YYYY-MM-DD) on which the gap is looked at; the last day of the period still counts as time left
 * @param periodEnd last date of the period
 */
export function gapFacts(
  group: GroupDefinition,
  { populations }: GroupResult,
  asOf: string,
  periodEnd: string,
): GapFacts | null {
  if (!populations.some(({ code }) => code === 'numerator')) return null;
  const count = (code: PopulationResult['code']): number =>
    populations.reduce((total, population) => total + (population.code === code ? population.count : 0), 0);
  const assessed = count('denominator') - count('denominator-exclusion') - count('denominator-exception');
  const met = count('numerator') - count('numerator-exclusion');
  const improvement = group.improvementNotation ?? 'increase';
  return {
    initialPopulation: count('initial-population') > 0,
    eligible: assessed > 0,
    numerator: improvement === 'increase' ? met >= assessed : met > 0,
    improvement,
    timeLeft: asOf.slice(0, 10) <= periodEnd,
  };
}
