import type { JobResult, Suite } from './jobs.ts';
import { isWhole } from './table.ts';

/** Why an official case differs: what is wrong, in the engine or in the content, and the proof in a sentence. */
export interface Explanation {
  readonly measure: string;
  /** Cases by id. */
  readonly cases: readonly string[];
  readonly kind: 'engine defect' | 'content defect';
  readonly proof: string;
}

export const explanations: readonly Explanation[] = [];

export function explanationOf(measure: string, name: string): Explanation | null {
  return explanations.find((each) => each.measure === measure && each.cases.includes(name)) ?? null;
}

/** What the run must not pass over: cases that differ without explanation, and explained ones that agree by now. */
export function unexplained(jobs: readonly JobResult[], suites: readonly Suite[]): string[] {
  const surprises: string[] = [];
  for (const { suite, measure, results, error } of jobs) {
    if (error !== null) surprises.push(`${suite} ${measure}: ${error}`);
    for (const result of results) {
      const explained = explanationOf(measure, result.case) !== null;
      const { populations, observations, strata, scores } = result.differences;
      const what = result.error ?? [...populations, ...observations, ...strata, ...scores].join('; ');
      if (!isWhole(result) && !explained) surprises.push(`${suite} ${measure} ${result.case}: ${what}`);
      if (isWhole(result) && explained)
        surprises.push(`${suite} ${measure} ${result.case} agrees by now: take it off the list in explained.ts`);
    }
  }
  if (suites.includes('ecqm'))
    for (const { measure, cases } of explanations) {
      const known = new Set(
        jobs.find((job) => job.suite === 'ecqm' && job.measure === measure)?.results.map((result) => result.case),
      );
      for (const name of cases)
        if (!known.has(name)) surprises.push(`explained.ts names ${measure} ${name}, which is no case`);
    }
  return surprises;
}
