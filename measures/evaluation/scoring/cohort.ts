import type { ScoringRules } from './rules.ts';

/** Cohort: who is in the initial population; the score of a population is their number. */
export const cohort: ScoringRules = {
  populations: new Map([['initial-population', { within: null, except: [] }]]),
  required: ['initial-population'],
  repeats: ['initial-population'],
  score: (facts) => facts.count('initial-population'),
};
