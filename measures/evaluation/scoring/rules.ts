import type { PopulationCode, PopulationDefinition } from '../../definition.ts';

/** How one population's members follow from others (quality measure IG, CR 3.11). */
export interface PopulationRule {
  /** Members are members of this one, too; null for a population that has no parent. */
  readonly within: PopulationCode | null;
  /** Members are in none of these. */
  readonly except: readonly PopulationCode[];
}

/** What a score is computed from: counts and observations of a subject, a stratum or a whole population. */
export interface ScoreFacts {
  /** Gross members of the populations of that code. */
  count(code: PopulationCode): number;
  /** Observations with their definitions, in the order of the measure; values without nulls. */
  readonly observations: readonly { readonly definition: PopulationDefinition; readonly values: readonly number[] }[];
  /** Code of the population that a population refers to; null when it refers to none. */
  observed(definition: PopulationDefinition): PopulationCode | null;
}

/** One scoring of the measure-scoring code system: which populations it has, how they nest, what its score is. */
export interface ScoringRules {
  /** In the order in which members can be computed: parents first. */
  readonly populations: ReadonlyMap<PopulationCode, PopulationRule>;
  readonly required: readonly PopulationCode[];
  /** Codes that a group may have more than once. */
  readonly repeats: readonly PopulationCode[];
  /** Null when it cannot be computed (nobody left in the denominator) or when the scoring has none. */
  score(facts: ScoreFacts): number | null;
}

/** (numerator − its exclusions) / (denominator − its exclusions − its exceptions); null over nobody. */
export function rate(facts: ScoreFacts): number | null {
  const denominator =
    facts.count('denominator') - facts.count('denominator-exclusion') - facts.count('denominator-exception');
  const numerator = facts.count('numerator') - facts.count('numerator-exclusion');
  return denominator > 0 ? numerator / denominator : null;
}
