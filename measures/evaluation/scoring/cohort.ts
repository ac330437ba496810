import type { ScoringRules } from './rules.ts';

/** Cohort: who is in the initial population. It has no score. */
export const cohort: ScoringRules = {
  populations: new Map([['initial-population', { within: null, except: [] }]]),
  required: ['initial-population'],
  repeats: ['initial-population'],
  score: () => null,
};
