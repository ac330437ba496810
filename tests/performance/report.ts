import { type EngineName, engineNames } from './engine.ts';
import { differencesIn } from './known-differences.ts';
import { type Population, populations } from './patients.ts';
import type { ProductFigures } from './product-threads.ts';
import { type MeasureFigures, ratio } from './rounds.ts';
import type { Mode } from './sample.ts';
import { geometricMean, median } from './statistics.ts';
import { isMet, overallRate, speedups, type Target } from './targets.ts';

const titles: Readonly<Record<Population, string>> = {
  official: 'official patients (a few resources each)',
  synthea: 'Synthea patients',
  demo: 'patients of the demo practice',
};

/** A table per population: rates in patient-measures per second and core. */
export function tables(figures: readonly MeasureFigures[]): string {
  return populations
    .filter((population) => figures.some((measure) => measure.population === population))
    .map((population) => table(figures, population))
    .join('\n\n');
}

function table(figures: readonly MeasureFigures[], population: Population): string {
  const shown = figures.filter((measure) => measure.population === population);
  const columns: (readonly [EngineName, Mode])[] = engineNames.flatMap((name) =>
    (['evaluation', 'end-to-end'] as const)
      .filter((mode) => shown.some(({ engines }) => engines.some((run) => run.engine === name && run.mode === mode)))
      .map((mode) => [name, mode] as const),
  );
  const head = [
    'measure',
    'patients',
    ...columns.map(([name, mode]) => `${name}${mode === 'evaluation' ? '' : name === 'JSON.parse' ? '' : ', e2e'}`),
    '× cql-execution',
  ];
  const rows = shown.map((measure) => [
    measure.measure,
    String(measure.patients),
    ...columns.map(([name, mode]) => cell(measure, name, mode)),
    times(ratio(measure, 'cql-execution', 'compiled', 'evaluation')),
  ]);
  const speedup = speedups(figures, population);
  const all = [
    'all',
    String(shown.reduce((sum, { patients }) => sum + patients, 0)),
    ...columns.map(([name, mode]) => rate(overallRate(figures, population, name, mode))),
    speedup.length === 0 ? '–' : `${times(geometricMean(speedup))} geomean`,
  ];
  const title = `${titles[population]}: patient-measures per second and core (JSON.parse: patients per second and core)`;
  return [title, aligned([head, ...rows, all]), ...differencesIn(shown)].join('\n');
}

function cell({ engines, unprepared }: MeasureFigures, name: EngineName, mode: Mode): string {
  if (unprepared.some(({ engine }) => engine === name)) return 'cannot';
  const run = engines.find(({ engine, mode: ofRun }) => engine === name && ofRun === mode);
  if (run === undefined) return '–';
  return `${rate(1000 / run.msPerPatient)}${run.failures > 0 ? '!' : ''}`;
}

export function productLines({ engine, preparations, wholeRecords, twoThreads }: ProductFigures): string {
  const [first] = preparations;
  const mid = (values: readonly number[], digits: number): string => median(values).toFixed(digits);
  return [
    `${engine}: all ${first?.measures} measures`,
    `  prepare, cold, from ELM: ${mid(
      preparations.map(({ prepareMs }) => prepareMs / 1000),
      2,
    )} s, and ${mid(
      preparations.map(({ valueSetsMs }) => valueSetsMs / 1000),
      2,
    )} s to expand ${first?.valueSets} value sets`,
    `  memory: ${mid(
      preparations.map(({ bytes }) => bytes / 2 ** 20),
      0,
    )} MB`,
    ...wholeRecords.map(
      ({ resources, parseMs, allMeasuresMs, ratio: many, failures }) =>
        `  one Synthea patient of ${resources} resources, stored text to gap results: ${allMeasuresMs.toFixed(2)} ms, JSON.parse alone ${parseMs.toFixed(2)} ms: ${times(many)}${failures > 0 ? ` (${failures} measures fail)` : ''}`,
    ),
    ...(twoThreads.length === 0 ? [] : [`  two threads: ${times(median(twoThreads))} the speed of one`]),
  ].join('\n');
}

/**
 * All measures on one large record: the peer's times of each measure added up, against ours for all of them, which load
 * and index the record once. Needs figures of every measure over Synthea patients; empty without.
 */
export function sharedRecordLine(figures: readonly MeasureFigures[], { engine, wholeRecords }: ProductFigures): string {
  const runs = figures
    .filter(({ population }) => population === 'synthea')
    .flatMap(({ engines }) => engines.find((run) => run.engine === 'cql-execution' && run.mode === 'evaluation') ?? []);
  if (runs.length === 0) return '';
  const ratios = wholeRecords.map(
    ({ allMeasuresMs }, round) =>
      runs.reduce((sum, { rounds }) => sum + (rounds[round] ?? Number.NaN), 0) / allMeasuresMs,
  );
  return `  ${runs.length} measures on one Synthea patient, ${engine} from stored text against cql-execution on parsed records: ${times(median(ratios))}`;
}

export function targetLines(targets: readonly Target[]): string {
  return aligned(
    targets.map((target) => [
      target.name,
      target.value === null ? 'not measured' : `${number(target.value)} ${target.unit}`,
      `${target.direction === 'at-least' ? '≥' : '≤'} ${target.bound}`,
      target.value === null ? '?' : isMet(target) ? '✓' : '✗',
    ]),
  );
}

function rate(value: number | null): string {
  return value === null ? '–' : number(value);
}

function times(value: number | null): string {
  return value === null ? '–' : `${number(value)}×`;
}

function number(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

/** The first column to the left, all others to the right. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row.map((text, i) => (i === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[i] ?? 0))).join('  '),
    )
    .join('\n');
}
