import { isWhole } from './compare.ts';
import { explanationOf } from './explained.ts';
import type { JobResult, Suite } from './jobs.ts';

/** What became of a measure's cases, or of all cases of a suite. */
export interface Row {
  readonly suite: Suite;
  /** Null in the row of a whole suite. */
  readonly measure: string | null;
  readonly cases: number;
  /** Agree in everything that is compared. */
  readonly agree: number;
  readonly agreePopulations: number;
  readonly differ: number;
  /** How many of those that differ are explained. */
  readonly explained: number;
  readonly error: number;
  readonly ms: number;
}

type Counts = Omit<Row, 'suite' | 'measure'>;

const columns = {
  cases: 'cases',
  agree: 'agree',
  agreePopulations: 'agree in populations',
  differ: 'differ',
  explained: 'explained',
  error: 'error',
  ms: 'ms',
} as const satisfies Record<keyof Counts, string>;

const names = Object.keys(columns) as (keyof Counts)[];

function rowOf({ suite, measure, results, error }: JobResult): Row {
  const agree = results.filter(isWhole).length;
  const errors = results.filter((result) => result.error !== null).length;
  return {
    suite,
    measure,
    cases: results.length,
    agree,
    agreePopulations: results.filter((result) => result.error === null && result.differences.populations.length === 0)
      .length,
    differ: results.length - agree - errors,
    explained: results.filter((result) => !isWhole(result) && explanationOf({ ...result, measure }) !== null).length,
    error: errors + (error === null ? 0 : 1),
    ms: Math.round(results.reduce((sum, { ms }) => sum + ms, 0)),
  };
}

/** A row for each measure. */
export function rowsOf(jobs: readonly JobResult[]): Row[] {
  return jobs.map(rowOf);
}

/** A row for each suite. */
export function totalsOf(rows: readonly Row[]): Row[] {
  return [...Map.groupBy(rows, ({ suite }) => suite)].map(([suite, ofSuite]): Row => {
    const sum = (name: keyof Counts): number => ofSuite.reduce((total, row) => total + row[name], 0);
    return {
      suite,
      measure: null,
      cases: sum('cases'),
      agree: sum('agree'),
      agreePopulations: sum('agreePopulations'),
      differ: sum('differ'),
      explained: sum('explained'),
      error: sum('error'),
      ms: sum('ms'),
    };
  });
}

/** A line per measure, and one for all of a suite. */
export function table(rows: readonly Row[]): string {
  const lines = [...rows, ...totalsOf(rows)].map((row) => [
    row.measure ?? `all of ${row.suite}`,
    ...names.map((name) => String(row[name])),
  ]);
  const cells = [['measure', ...names.map((name) => columns[name])], ...lines];
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0))) ?? [];
  return cells
    .map((line) =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .join('\n');
}

/** One sentence per suite. */
export function summary(rows: readonly Row[]): string {
  return totalsOf(rows)
    .map(({ suite, cases, agree, agreePopulations }) => {
      const share = (count: number): string => `${((100 * count) / cases).toFixed(2)} %`;
      return `${suite}: ${cases} cases, ${share(agree)} agree in everything, ${share(agreePopulations)} in populations`;
    })
    .join('\n');
}
