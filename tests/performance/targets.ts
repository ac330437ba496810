import type { Population } from './patients.ts';
import type { ProductFigures } from './product-threads.ts';
import { type MeasureFigures, ratio } from './rounds.ts';
import type { Mode } from './sample.ts';
import { megabytes, type Starts, warmSeconds } from './starts.ts';
import { geometricMean, median } from './statistics.ts';

/** A promise about the compiled engine, beside what was measured; `value` null when it could not be measured. */
export interface Target {
  readonly name: string;
  readonly value: number | null;
  readonly bound: number;
  readonly direction: 'at-least' | 'at-most';
  readonly unit: string;
}

export function isMet({ value, bound, direction }: Target): boolean {
  return value !== null && (direction === 'at-least' ? value >= bound : value <= bound);
}

/** How many times as fast as cql-execution the compiled engine is, per measure; measures without both are left out. */
export function speedups(
  figures: readonly MeasureFigures[],
  population: Population,
  mode: Mode = 'evaluation',
): number[] {
  return figures
    .filter((measure) => measure.population === population)
    .flatMap((measure) => ratio(measure, 'cql-execution', 'compiled', mode) ?? []);
}

/** Patient-measures per second and core over all measures: patients times measures, divided by the time for all. */
export function overallRate(
  figures: readonly MeasureFigures[],
  population: Population,
  engine: string,
  mode: Mode,
): number | null {
  let evaluations = 0;
  let ms = 0;
  for (const measure of figures) {
    const run = measure.engines.find((each) => each.engine === engine && each.mode === mode);
    if (measure.population !== population || run === undefined) continue;
    evaluations += measure.patients;
    ms += measure.patients * run.msPerPatient;
  }
  return evaluations === 0 ? null : (1000 * evaluations) / ms;
}

export function targetsOf(
  figures: readonly MeasureFigures[],
  product: ProductFigures | null,
  starts: Starts | null = null,
): Target[] {
  const official = speedups(figures, 'official');
  const large = [...speedups(figures, 'synthea')];
  const compiled = product?.engine === 'compiled' ? product : null;
  const of = (values: readonly number[], fold: (values: readonly number[]) => number): number | null =>
    values.length === 0 ? null : fold(values);
  const prepare = compiled === null ? null : median(compiled.preparations.map(({ prepareMs }) => prepareMs)) / 1000;
  const bytes = compiled === null ? null : median(compiled.preparations.map((each) => each.bytes)) / 2 ** 20;
  return [
    target('official patients: times cql-execution, geometric mean', of(official, geometricMean), 'at-least', 50, '×'),
    target(
      'official patients: times cql-execution, slowest measure',
      of(official, (all) => Math.min(...all)),
      'at-least',
      15,
      '×',
    ),
    target('Synthea patients: times cql-execution, geometric mean', of(large, geometricMean), 'at-least', 200, '×'),
    target(
      'official patients, all measures',
      overallRate(figures, 'official', 'compiled', 'evaluation'),
      'at-least',
      1000,
      'patient-measures/s/core',
    ),
    target(
      'all measures on one Synthea patient, end to end: times JSON.parse, median patient',
      of(compiled?.wholeRecords.map((whole) => whole.ratio) ?? [], median),
      'at-most',
      4,
      '×',
    ),
    target('preparing all measures, cold', prepare, 'at-most', 5, 's'),
    target('preparing all measures, warm cache', starts === null ? null : warmSeconds(starts), 'at-most', 0.3, 's'),
    target('memory of all measures with their value sets', bytes, 'at-most', 300, 'MB'),
    target(
      'memory of all measures from the cache, all of the process',
      starts === null ? null : megabytes(starts.warm),
      'at-most',
      300,
      'MB',
    ),
    target('two threads', of(compiled?.twoThreads ?? [], median), 'at-least', 1.8, '×'),
  ];
}

function target(
  name: string,
  value: number | null,
  direction: Target['direction'],
  bound: number,
  unit: string,
): Target {
  return { name, value, direction, bound, unit };
}
