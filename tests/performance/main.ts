import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Presets, SingleBar } from 'cli-progress';
import { readReferenceLines } from '../support/reference-data.ts';
import { type EngineName, engineNames } from './engine.ts';
import { bySizes, Patients, populations } from './patients.ts';
import { productFigures } from './product-threads.ts';
import { productLines, sharedRecordLine, tables, targetLines } from './report.ts';
import { Boxes, type MeasureFigures, runRounds } from './rounds.ts';
import { startFigures, startLines } from './starts.ts';
import { geometricMean, median, spread } from './statistics.ts';
import { isMet, overallRate, speedups, targetsOf } from './targets.ts';
import { startThread } from './threads.ts';

const usage = `npm run bench [-- --quick] [--json [FILE]] [--measures NAME,NAME] [--populations official,synthea,demo]
  [--engines ${engineNames.join(',')}] [--rounds N]

Rates are per second of processor time of the whole process (garbage collection included), so other work on the machine
disturbs little. --quick takes a few measures and is no proof of anything. --json prints to FILE or, alone, to standard output.`;

interface Options {
  readonly quick: boolean;
  /** Null: no JSON; '': standard output. */
  readonly json: string | null;
  readonly measures: readonly string[];
  readonly populations: readonly (typeof populations)[number][];
  readonly engines: readonly EngineName[];
  readonly rounds: number;
}

/** Seconds of processor time that an engine may use for a population: evaluation only, end to end. */
const boxSeconds: Readonly<Record<EngineName, readonly [evaluation: number, endToEnd: number]>> = {
  compiled: [60, 60],
  interpreted: [20, 10],
  'cql-execution': [180, 15],
  'fqm-execution': [15, 10],
  'JSON.parse': [20, 20],
};

/** Least processor ms of a sample: the slower an engine, the more, or it would be measured before it is optimised. */
const sampleMs: Readonly<Record<EngineName, number>> = {
  compiled: 20,
  interpreted: 40,
  'cql-execution': 80,
  'fqm-execution': 80,
  'JSON.parse': 5,
};

async function main(): Promise<number> {
  const options = readOptions();
  const log = options.json === '' ? console.error : console.log;
  const { engines } = options;
  const threads = [];
  for (const name of engines) threads.push(await startThread(name));
  const [cpu] = cpus();
  const machine = `${cpu?.model.trim()}, ${availableParallelism()} cores, Node ${process.version}`;
  log(machine);
  for (const { name, version } of threads) log(`  ${name}: ${version}`);

  const figures: MeasureFigures[] = [];
  const patients = new Patients(options.quick ? options.rounds : 50);
  const boxes = new Boxes(
    (engine, _, mode) => (1000 * boxSeconds[engine][mode === 'evaluation' ? 0 : 1]) / (options.quick ? 10 : 1),
  );
  log('Warming up');
  const warmUp = patients.of('official', 'CMS125FHIRBreastCancerScreen', options.measures, options.rounds);
  for (const thread of threads) {
    const measure = 'CMS125FHIRBreastCancerScreen';
    await thread.prepare(measure);
    await thread.sample({ measure, patients: warmUp, mode: 'end-to-end', minMs: options.quick ? 1500 : 4000 });
  }
  const bar = new SingleBar(
    { format: '{bar} {value}/{total} | {measure}', stream: process.stderr },
    Presets.shades_classic,
  );
  bar.start(options.measures.length * options.populations.length, 0, { measure: '' });
  // Measures are visited in a spread order: what a box leaves out is no end of the alphabet.
  for (const population of options.populations)
    for (const measure of scattered(options.measures)) {
      bar.update({ measure });
      const { rounds } = options;
      const chosen = patients.of(population, measure, options.measures, rounds);
      figures.push(await runRounds({ measure, population, patients: chosen, rounds, sampleMs }, threads, boxes));
      bar.increment();
    }
  bar.stop();
  for (const thread of threads) await thread.close();
  figures.sort((a, b) => a.measure.localeCompare(b.measure));
  log(`\n${tables(figures)}\n`);

  const own = engines.filter((name) => name === 'compiled' || name === 'interpreted');
  const products = [];
  for (const engine of own) {
    const product = await productFigures({
      engine,
      measures: options.measures,
      large: bySizes(patients.synthea(), options.rounds),
      population: spread(patients.synthea(), 20),
      rounds: options.rounds,
      preparations: engine === 'compiled' && !options.quick ? 5 : 2,
      minMs: 20,
    });
    products.push(product);
    log(`${productLines(product)}\n${sharedRecordLine(figures, product)}\n`);
  }
  const starts = engines.includes('compiled')
    ? await startFigures(options.measures, options.quick ? 1 : options.rounds)
    : null;
  if (starts !== null) log(`${startLines(starts)}\n`);
  const targets = targetsOf(figures, products.find(({ engine }) => engine === 'compiled') ?? null, starts);
  log(targetLines(targets));
  if (options.json !== null) {
    const official = speedups(figures, 'official');
    const report = {
      machine,
      versions: Object.fromEntries(threads.map(({ name, version }) => [name, version])),
      rounds: options.rounds,
      quick: options.quick,
      geomean: official.length === 0 ? null : geometricMean(official),
      median: official.length === 0 ? null : median(official),
      overall: Object.fromEntries(
        options.populations.map((population) => [
          population,
          Object.fromEntries(
            engines.map((name) => [
              name,
              overallRate(figures, population, name, name === 'JSON.parse' ? 'end-to-end' : 'evaluation'),
            ]),
          ),
        ]),
      ),
      targets: targets.map((target) => ({ ...target, met: target.value === null ? null : isMet(target) })),
      measures: figures,
      products,
      starts,
    };
    const text = JSON.stringify(report, null, 1);
    if (options.json === '') console.log(text);
    else writeFileSync(options.json, text);
  }
  return 0;
}

function readOptions(): Options {
  // `--json` takes a file or nothing, which parseArgs has no word for.
  const args = process.argv.slice(2).map((arg, i, all) => (arg === '--json' && !isValue(all[i + 1]) ? '--json=' : arg));
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      measures: { type: 'string' },
      populations: { type: 'string' },
      engines: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      help: { type: 'boolean' },
    },
  });
  const all = readReferenceLines<{ name: string }>('ecqm', 'measures.ndjson.gz').map(({ name }) => name);
  const wanted = values.measures?.split(',');
  const measures = wanted === undefined ? all : all.filter((name) => wanted.some((part) => name.includes(part)));
  const rounds = Number(values.rounds);
  if (values.help === true || measures.length === 0 || !Number.isSafeInteger(rounds) || rounds < 5) {
    console.error(
      measures.length === 0 ? `No measure is called like ${values.measures}` : 'Rounds are whole, and at least 5',
    );
    console.error(usage);
    process.exit(values.help === true ? 0 : 2);
  }
  return {
    quick: values.quick,
    json: values.json ?? null,
    measures: values.quick && wanted === undefined ? spread(measures, 6) : measures,
    populations: populations.filter((name) => values.populations?.split(',').includes(name) ?? true),
    engines: engineNames.filter((name) => values.engines?.split(',').includes(name) ?? true),
    rounds,
  };
}

function isValue(text: string | undefined): boolean {
  return text !== undefined && !text.startsWith('--');
}

/** The same items in an order in which neighbours are far apart. */
function scattered<T>(items: readonly T[]): T[] {
  const step = [37, 31, 29, 23].find((prime) => items.length % prime !== 0) ?? 1;
  return items.flatMap((_, i) => items[(i * step) % items.length] ?? []);
}

process.exitCode = await main();
