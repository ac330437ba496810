import v8 from 'node:v8';
import vm from 'node:vm';
import type { ValueSet } from '@medplum/fhirtypes';
import { createCompiler, dataRequirements } from '../../cql/index.ts';
import { measurementPeriod, type PreparedMeasure, readMeasure } from '../../measures/index.ts';
import { edition } from '../../server/content/edition.ts';
import { keepPackage, restorePackage } from '../../server/content/kept-package.ts';
import { type MeasurePackage, ParsedParts, packMeasure, prepareFromPackage } from '../../server/content/package.ts';
import { SealedFolder } from '../../server/content/sealed-folder.ts';
import { createEvaluationPool } from '../../server/jobs/evaluation-pool.ts';
import { createLogger } from '../../server/log.ts';
import type { ValueSetDefinition } from '../../server/terminology/definitions.ts';
import { type LoadedValueSets, valueSetsOf } from '../../server/terminology/source.ts';
import { loadContent } from '../conformance/content.ts';
import { readReferenceLines } from '../support/reference-data.ts';

/**
 * One start of a process, as a server starts: `cold` with an empty cache and the ELM, `warm` with what `cold` left in the
 * cache, or `threads N`: warm, with N evaluation threads that have every measure ready. Prints its figures as JSON.
 */
export interface StartFigures {
  readonly measures: number;
  readonly valueSets: number;
  /** Wall-clock and processor time until every measure can evaluate, modules already loaded. */
  readonly ms: number;
  readonly cpuMs: number;
  /** Of it, reading ELM, linking and expanding value sets: cold only. */
  readonly packMs: number;
  /** What stays on the heap and beside it, shared memory included. */
  readonly bytes: number;
  /** Resident memory of the process: before anything was prepared, and at the end. */
  readonly rssBefore: number;
  readonly rss: number;
}

const [mode = '', path = '', written = '', names = '', count = '1'] = process.argv.slice(2);
const root = process.cwd();
const wanted: readonly string[] = JSON.parse(names);

function settle(): number {
  v8.setFlagsFromString('--expose-gc');
  const collect: unknown = vm.runInNewContext('gc');
  if (typeof collect === 'function') collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function packed(): MeasurePackage[] {
  const content = loadContent();
  const valueSets: LoadedValueSets = valueSetsOf(
    readReferenceLines<ValueSet & ValueSetDefinition>('ecqm', 'valuesets.ndjson.gz'),
  );
  const interned = new Map<string, Uint8Array>();
  return wanted.map((name) => {
    const measure = content.measures.get(name);
    if (measure === undefined) throw new Error(`There is no measure ${name}`);
    const linked = content.link(measure);
    const definition = readMeasure(measure);
    const valueSetsUsed = dataRequirements(linked, null).valueSets;
    const loaded = {
      measure,
      definition,
      linked,
      valueSets,
      valueSetsUsed,
      components: [],
      issues: [],
      dependencies: [],
    };
    return packMeasure(loaded, interned);
  });
}

const onProblem = (problem: string): never => {
  throw new Error(problem);
};

async function start(): Promise<StartFigures> {
  const before = settle();
  const rssBefore = process.memoryUsage.rss();
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  edition(root); // what it costs is part of a start, but a source that is edited meanwhile must not empty the cache
  const cache = { path, edition: written };
  const store = new SealedFolder({ ...cache, onProblem });
  const kept: MeasurePackage[] = [];
  const interned = new Map<string, Uint8Array>();
  if (mode === 'cold') kept.push(...packed());
  else
    for (const name of wanted) {
      const found = restorePackage(name, store, interned);
      if (found === null) throw new Error(`${name} is not in the cache`);
      kept.push(found);
    }
  const packMs = mode === 'cold' ? performance.now() - started : 0;
  const prepared: PreparedMeasure[] = [];
  const threads = Number(count);
  if (mode !== 'threads') {
    const [evaluator, parsed] = [createCompiler(store), new ParsedParts()];
    for (const each of kept) prepared.push(prepareFromPackage(each, evaluator, parsed, store));
  } else {
    const pool = createEvaluationPool({ log: createLogger({ logLevel: 'warn', logFormat: 'text' }), threads, cache });
    const resources = [JSON.stringify({ resourceType: 'Patient', id: 'a', birthDate: '1960-01-01', gender: 'female' })];
    const request = { period: measurementPeriod('2026', '2026'), now: '2027-01-01T00:00:00.000+00:00' };
    const tasks = kept.map((measure) => ({ measure, request, gaps: true, detail: false }));
    await Promise.all(Array.from({ length: threads }, () => pool.evaluate({ resources, tasks })));
  }
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  if (mode === 'cold') for (const [i, each] of kept.entries()) keepPackage(wanted[i] ?? '', each, store);
  const bytes = settle() - before;
  const valueSets = new Set(kept.flatMap((each) => each.valueSets.map(({ part }) => part))).size;
  const figures = { ms, cpuMs: (user + system) / 1000, packMs, bytes, rssBefore, rss: process.memoryUsage.rss() };
  return { measures: mode === 'threads' ? kept.length : prepared.length, valueSets, ...figures };
}

console.log(JSON.stringify(await start()));
process.exit(0);
