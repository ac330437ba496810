import { rate, type ScoringRules } from './rules.ts';

/** Proportion: who of the denominator, less exclusions and exceptions, is in the numerator. */
export const proportion: ScoringRules = {
  populations: new Map([
    ['initial-population', { within: null, except: [] }],
    ['denominator', { within: 'initial-population', except: [] }],
    ['denominator-exclusion', { within: 'denominator', except: [] }],
    ['numerator', { within: 'denominator', except: ['denominator-exclusion'] }],
    ['denominator-exception', { within: 'denominator', except: ['denominator-exclusion', 'numerator'] }],
    ['numerator-exclusion', { within: 'numerator', except: [] }],
  ]),
  required: ['initial-population', 'denominator', 'numerator'],
  repeats: [],
  score: rate,
};
