import type { GroupDefinition } from '../../measures/index.ts';

/** Members of each population over all patients; gross, as reports show them. */
export interface RateCounts {
  readonly initialPopulation: number;
  readonly denominator: number;
  readonly denominatorExclusion: number;
  readonly denominatorException: number;
  readonly numerator: number;
  readonly numeratorExclusion: number;
}

/**
 * Rate of a proportion, or of a ratio that observes nothing: the numerator over the denominator, each without what is
 * excluded (quality measure IG, scoring).
 * @returns null where nobody is left in the denominator, and for groups whose score is not made of counts
 */
export function rateOf(group: Pick<GroupDefinition, 'scoring' | 'populations'>, counts: RateCounts): number | null {
  const observes = group.populations.some(({ code }) => code === 'measure-observation');
  if ((group.scoring !== 'proportion' && group.scoring !== 'ratio') || observes) return null;
  const denominator = counts.denominator - counts.denominatorExclusion - counts.denominatorException;
  return denominator > 0 ? (counts.numerator - counts.numeratorExclusion) / denominator : null;
}

/** Columns of gap_state and measure_rate, summed, under the names of RateCounts. */
export const summedCounts = `
  coalesce(sum(initial_population), 0)::bigint AS "initialPopulation", coalesce(sum(denominator), 0)::bigint AS denominator,
  coalesce(sum(denominator_exclusion), 0)::bigint AS "denominatorExclusion",
  coalesce(sum(denominator_exception), 0)::bigint AS "denominatorException",
  coalesce(sum(numerator), 0)::bigint AS numerator, coalesce(sum(numerator_exclusion), 0)::bigint AS "numeratorExclusion"`;
