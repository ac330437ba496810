import type { CompositeScoring } from '../../definition.ts';
import { aggregate } from './aggregate.ts';
import { proportion } from './proportion.ts';
import { rate, type ScoringRules } from './rules.ts';

/**
 * Composite over subjects (quality measure IG, composite measures). All-or-nothing and opportunity are rates over the
 * composite's own populations; linear and weighted average what each subject reached, kept as an observation.
 */
export const composite: ScoringRules = {
  populations: new Map([...proportion.populations, ['measure-observation', { within: null, except: [] }]]),
  required: [],
  repeats: ['measure-observation'],
  score: (facts) => {
    const [reached] = facts.observations;
    return reached === undefined ? rate(facts) : aggregate(reached.definition.aggregateMethod, reached.values);
  },
};

/** What a component contributes to a score: its rate, turned round when less is better. */
export interface ComponentScore {
  readonly score: number | null;
  /** Null counts as 1. */
  readonly weight: number | null;
  readonly improvementNotation: 'increase' | 'decrease' | null;
}

/**
 * Mean of the components' rates by weight: over one subject, or, for weighted scoring, over the rates of a whole
 * population. Components without a rate are left out; null when none has one.
 */
export function weightedMean(components: readonly ComponentScore[], scoring: CompositeScoring): number | null {
  let total = 0;
  let weights = 0;
  for (const { score, weight, improvementNotation } of components) {
    if (score === null) continue;
    const share = scoring === 'weighted' ? (weight ?? 1) : 1;
    total += share * (improvementNotation === 'decrease' ? 1 - score : score);
    weights += share;
  }
  return weights > 0 ? total / weights : null;
}
