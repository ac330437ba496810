import type { MeasureSummary, PopulationCode } from '../api.ts';
import { count } from '../format.ts';

export interface PopulationStep {
  readonly code: PopulationCode;
  readonly count: number;
}

/** From everyone the measure looks at to those who meet it. Exceptions and numerator exclusions only where there are any: most measures know none. */
export function populationSteps(summary: MeasureSummary): PopulationStep[] {
  return [
    { code: 'initial-population', count: summary.initialPopulation },
    { code: 'denominator', count: summary.denominator },
    { code: 'denominator-exclusion', count: summary.denominatorExclusion },
    ...(summary.denominatorException > 0
      ? [{ code: 'denominator-exception' as const, count: summary.denominatorException }]
      : []),
    { code: 'numerator', count: summary.numerator },
    ...(summary.numeratorExclusion > 0
      ? [{ code: 'numerator-exclusion' as const, count: summary.numeratorExclusion }]
      : []),
  ];
}

/** How the counts make the rate; null without one. */
export function arithmetic(summary: MeasureSummary): { numerator: string; assessed: string } | null {
  const { numerator, numeratorExclusion, denominator, denominatorExclusion, denominatorException, rate } = summary;
  if (rate === null) return null;
  return {
    numerator: difference(numerator, [numeratorExclusion]),
    assessed: difference(denominator, [denominatorExclusion, denominatorException]),
  };
}

/** "78 (84 − 6)"; the number alone when nothing is taken from it. */
function difference(from: number, taken: readonly number[]): string {
  const less = taken.filter((members) => members > 0);
  const rest = less.reduce((sum, members) => sum - members, from);
  return less.length === 0 ? count(rest) : `${count(rest)} (${[from, ...less].map(count).join(' − ')})`;
}
