import { isWhole } from './compare.ts';
import { explanationOf } from './explained.ts';
import type { JobResult } from './jobs.ts';

interface Row {
  readonly measure: string;
  readonly cases: number;
  readonly agree: number;
  readonly populations: number;
  readonly differ: number;
  readonly explained: number;
  readonly error: number;
  readonly ms: number;
}

const heads = ['measure', 'cases', 'agree', 'agree in populations', 'differ', 'explained', 'error', 'ms'] as const;

function row({ measure, results, error }: JobResult): Row {
  const agree = results.filter(isWhole).length;
  const errors = results.filter((result) => result.error !== null).length;
  return {
    measure,
    cases: results.length,
    agree,
    populations: results.filter((result) => result.error === null && result.differences.populations.length === 0)
      .length,
    differ: results.length - agree - errors,
    explained: results.filter((result) => !isWhole(result) && explanationOf(measure, result.case) !== null).length,
    error: errors + (error === null ? 0 : 1),
    ms: Math.round(results.reduce((sum, { ms }) => sum + ms, 0)),
  };
}

/** A line per measure, and one for all. */
export function table(jobs: readonly JobResult[]): string {
  const rows = jobs.map(row);
  const all = rows.reduce(
    (sum, next) => ({
      measure: 'all',
      cases: sum.cases + next.cases,
      agree: sum.agree + next.agree,
      populations: sum.populations + next.populations,
      differ: sum.differ + next.differ,
      explained: sum.explained + next.explained,
      error: sum.error + next.error,
      ms: sum.ms + next.ms,
    }),
    { measure: 'all', cases: 0, agree: 0, populations: 0, differ: 0, explained: 0, error: 0, ms: 0 },
  );
  const cells = [heads.map(String), ...[...rows, all].map((each) => Object.values(each).map(String))];
  const widths = heads.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells
    .map((line) =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .join('\n');
}

/** One sentence per suite. */
export function summary(jobs: readonly JobResult[]): string {
  return [...Map.groupBy(jobs, ({ suite }) => suite)]
    .map(([suite, ofSuite]) => {
      const results = ofSuite.flatMap((job) => job.results);
      const share = (count: number): string => `${((100 * count) / results.length).toFixed(2)} %`;
      const populations = results.filter(
        (result) => result.error === null && result.differences.populations.length === 0,
      );
      return `${suite}: ${results.length} cases, ${share(results.filter(isWhole).length)} agree in everything, ${share(populations.length)} in populations`;
    })
    .join('\n');
}
