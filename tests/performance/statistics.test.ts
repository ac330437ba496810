import { differencesIn } from './known-differences.ts';
import { type MeasureFigures, ratio } from './rounds.ts';
import { deal, geometricMean, median, spread } from './statistics.ts';
import { isMet, overallRate, targetsOf } from './targets.ts';

const figures = (measure: string, patients: number, stock: number[], compiled: number[]): MeasureFigures => ({
  measure,
  population: 'official',
  patients,
  unprepared: [],
  engines: [
    { engine: 'cql-execution', mode: 'evaluation', rounds: stock, msPerPatient: median(stock), failures: 0, met: 0 },
    { engine: 'compiled', mode: 'evaluation', rounds: compiled, msPerPatient: median(compiled), failures: 0, met: 0 },
  ],
});

type Differing = Pick<MeasureFigures['engines'][number], 'met' | 'failures'>;

describe('The figures of a benchmark', () => {
  it('are medians, geometric means, and spread samples', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
    expect(geometricMean([10, 1000])).toBeCloseTo(100);
    expect(spread([1, 2, 3, 4, 5, 6], 2)).toEqual([2, 5]);
    expect(deal([1, 2, 3, 4, 5], 2)).toEqual([
      [1, 3, 5],
      [2, 4],
    ]);
  });

  it('compare the rounds one by one, because each round has its own patients', () => {
    expect(ratio(figures('A', 5, [10, 200, 30], [1, 2, 1]), 'cql-execution', 'compiled', 'evaluation')).toBe(30);
    expect(ratio(figures('A', 5, [10], [1]), 'fqm-execution', 'compiled', 'evaluation')).toBeNull();
  });

  it.each<[string, string, Partial<Differing>, string[]]>([
    ['agree', 'A', {}, []],
    ['nearly agree', 'A', { met: 9 }, []],
    [
      'count differently, and nobody knows why',
      'A',
      { met: 5 },
      ['! A: 10 criteria hold for compiled, 5 for cql-execution, and nothing is known that explains it'],
    ],
    [
      'count differently for a known reason',
      'CMS135FHIRx',
      { met: 14 },
      [expect.stringMatching(/^ {2}CMS135FHIRx: 10 criteria .* 14 for cql-execution: it does not look at profiles/)],
    ],
    [
      'fail for a known reason',
      'CMS69FHIRx',
      { failures: 3 },
      [expect.stringMatching(/^ {2}CMS69FHIRx: compiled fails for 0/)],
    ],
    [
      'fail where only counts are known to differ',
      'CMS135FHIRx',
      { failures: 3 },
      [expect.stringMatching(/^! CMS135FHIRx/)],
    ],
  ])('say in one line why engines differ: they %s', (_, measure, peer, expected) => {
    const made = figures(measure, 5, [1], [1]);
    const engines = made.engines.map((run) => ({ ...run, met: 10, ...(run.engine === 'compiled' ? {} : peer) }));
    expect(differencesIn([{ ...made, engines }])).toEqual(expected);
  });

  it('weigh a rate over all measures by patients and time', () => {
    const all = [figures('A', 10, [1], [1]), figures('B', 30, [1], [3])];
    expect(overallRate(all, 'official', 'compiled', 'evaluation')).toBe(400);
    expect(overallRate(all, 'demo', 'compiled', 'evaluation')).toBeNull();
  });

  it('meet a target or do not, and say when nothing was measured', () => {
    const targets = targetsOf([figures('A', 10, [60], [1]), figures('B', 10, [140], [10])], null);
    const [mean, slowest, synthea] = targets;
    expect(mean?.value).toBeCloseTo(Math.sqrt(60 * 14));
    expect([mean, slowest, synthea].map((target) => target && isMet(target))).toEqual([false, false, false]);
    expect(synthea?.value).toBeNull();
  });
});
