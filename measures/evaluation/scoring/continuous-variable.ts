import { aggregate } from './aggregate.ts';
import type { ScoringRules } from './rules.ts';

/** Continuous variable: one observation per member of the measure population that is not excluded, aggregated. */
export const continuousVariable: ScoringRules = {
  populations: new Map([
    ['initial-population', { within: null, except: [] }],
    ['measure-population', { within: 'initial-population', except: [] }],
    ['measure-population-exclusion', { within: 'measure-population', except: [] }],
    ['measure-observation', { within: null, except: [] }],
  ]),
  required: ['initial-population', 'measure-population', 'measure-observation'],
  repeats: ['measure-observation'],
  score: ({ observations: [first] }) =>
    first === undefined ? null : aggregate(first.definition.aggregateMethod, first.values),
};
