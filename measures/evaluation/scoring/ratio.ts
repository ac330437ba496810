import { aggregate } from './aggregate.ts';
import { rate, type ScoreFacts, type ScoringRules } from './rules.ts';

/**
 * Ratio: the numerator does not depend on the denominator, each may have an initial population of its own. With
 * observations, the aggregate over the numerator divided by the aggregate over the denominator.
 */
export const ratio: ScoringRules = {
  populations: new Map([
    ['initial-population', { within: null, except: [] }],
    ['denominator', { within: 'initial-population', except: [] }],
    ['denominator-exclusion', { within: 'denominator', except: [] }],
    ['numerator', { within: 'initial-population', except: [] }],
    ['numerator-exclusion', { within: 'numerator', except: [] }],
    ['measure-observation', { within: null, except: [] }],
  ]),
  required: ['initial-population', 'denominator', 'numerator'],
  repeats: ['initial-population', 'measure-observation'],
  score: (facts) => {
    if (facts.observations.length === 0) return rate(facts);
    const numerator = side(facts, 'numerator');
    const denominator = side(facts, 'denominator');
    return numerator === null || denominator === null || denominator === 0 ? null : numerator / denominator;
  },
};

/** A side without an observation counts its members; a sum over nobody adds nothing. */
function side(facts: ScoreFacts, code: 'numerator' | 'denominator'): number | null {
  const observation = facts.observations.find(({ definition }) => facts.observed(definition) === code);
  if (observation === undefined) return facts.count(code) - facts.count(`${code}-exclusion`);
  const method = observation.definition.aggregateMethod;
  if (observation.values.length === 0 && method === 'sum') return 0;
  return aggregate(method, observation.values);
}
