import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { StartFigures } from './cache-process.ts';
import { median } from './statistics.ts';

/** Starts of the product with all measures, each in a new process. */
export interface Starts {
  readonly measures: number;
  readonly valueSets: number;
  /** With an empty cache, from ELM. */
  readonly cold: readonly StartFigures[];
  /** With what a cold start left in the cache. */
  readonly warm: readonly StartFigures[];
  /** Resident memory of a process with one and with two evaluation threads that have evaluated every measure with a trace. */
  readonly rssOfThreads: readonly [one: number, two: number];
}

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

/** @param rounds cold and warm starts to be measured */
export async function startFigures(measures: readonly string[], rounds: number): Promise<Starts> {
  const folders: string[] = [];
  const start = async (mode: string, path: string, threads = 1): Promise<StartFigures> => {
    const script = fileURLToPath(new URL('./cache-process.ts', import.meta.url));
    const args = [
      '--disable-warning=ExperimentalWarning',
      script,
      mode,
      path,
      'bench',
      JSON.stringify(measures),
      `${threads}`,
    ];
    const { stdout } = await run(process.execPath, args, { cwd: root, maxBuffer: 2 ** 24 });
    return JSON.parse(stdout);
  };
  try {
    const cold: StartFigures[] = [];
    const warm: StartFigures[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const path = mkdtempSync(join(tmpdir(), 'gapless-bench-'));
      folders.push(path);
      cold.push(await start('cold', path));
      warm.push(await start('warm', path));
    }
    const [path = ''] = folders;
    await start('threads', path); // keeps the traced code
    const rssOfThreads: [number, number] = [
      (await start('threads', path, 1)).rss,
      (await start('threads', path, 2)).rss,
    ];
    const [{ measures: many = 0, valueSets = 0 } = {}] = cold;
    return { measures: many, valueSets, cold, warm, rssOfThreads };
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
}

/** Processor seconds until all measures can evaluate. */
export function coldSeconds({ cold }: Starts): number {
  return median(cold.map(({ cpuMs }) => cpuMs / 1000));
}

export function warmSeconds({ warm }: Starts): number {
  return median(warm.map(({ cpuMs }) => cpuMs / 1000));
}

/** What the process holds more than before it had any measure, all kinds of memory together. */
export function megabytes(figures: readonly StartFigures[]): number {
  return median(figures.map(({ rss, rssBefore }) => (rss - rssBefore) / 2 ** 20));
}

export function startLines(starts: Starts): string {
  const { measures, valueSets, cold, warm, rssOfThreads } = starts;
  const [one, two] = rssOfThreads.map((bytes) => bytes / 2 ** 20);
  const wall = (figures: readonly StartFigures[]): string => (median(figures.map(({ ms }) => ms)) / 1000).toFixed(2);
  const held = (figures: readonly StartFigures[]): string =>
    (median(figures.map(({ bytes }) => bytes)) / 2 ** 20).toFixed(0);
  return [
    `compiled: starts with all ${measures} measures and the ${valueSets} value sets that they use, each in a new process`,
    `  cold, from stored resources: ${coldSeconds(starts).toFixed(2)} s of processor time (${wall(cold)} s passed), ${held(cold)} MB held, ${megabytes(cold).toFixed(0)} MB more resident`,
    `  warm, from the cache on disk: ${warmSeconds(starts).toFixed(2)} s of processor time (${wall(warm)} s passed), ${held(warm)} MB held, ${megabytes(warm).toFixed(0)} MB more resident`,
    `  one evaluation thread that has traced every measure: ${one?.toFixed(0)} MB resident; two: ${two?.toFixed(0)} MB`,
  ].join('\n');
}
