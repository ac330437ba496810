import { type BenchEngine, type EngineName, type Evaluated, type PreparedBench, parse } from './engine.ts';
import type { StoredPatient } from './patients.ts';

/** Evaluation of records that are parsed already, or everything from stored text to gap result. */
export type Mode = 'evaluation' | 'end-to-end';

/** How long one engine took for some patients. */
export interface Sample extends Evaluated {
  readonly evaluations: number;
  /** Processor time of the whole process, garbage collection and compilation included, in ms. */
  readonly cpuMs: number;
}

/**
 * Evaluates patients again and again until `minMs` of processor time have passed, at least once. Records are parsed anew
 * for each pass, so that nothing that an engine keeps with a record makes the next pass faster.
 */
export async function sample(
  prepared: PreparedBench,
  patients: readonly StoredPatient[],
  mode: Mode,
  minMs: number,
): Promise<Sample> {
  let cpuMs = 0;
  let passes = 0;
  let evaluated: Evaluated;
  do {
    let parsed = mode === 'evaluation' ? patients.map(parse) : null;
    const started = process.cpuUsage();
    parsed ??= patients.map(parse);
    evaluated = await prepared.evaluate(parsed, mode === 'end-to-end');
    const { user, system } = process.cpuUsage(started);
    cpuMs += (user + system) / 1000;
    passes += 1;
  } while (cpuMs < minMs);
  return { evaluations: passes * patients.length, cpuMs, ...evaluated };
}

/** The floor: to be measured end to end, where `parse` is all that happens. */
export const jsonParse: BenchEngine = {
  version: `JSON.parse of Node ${process.version}`,
  prepare: async () => ({ evaluate: async () => ({ failures: 0, met: null }) }),
};

export interface SampleRequest {
  readonly measure: string;
  readonly patients: readonly StoredPatient[];
  readonly mode: Mode;
  readonly minMs: number;
}

/** What a thread is asked, and what it answers. */
export type Question =
  | { readonly kind: 'prepare'; readonly measure: string }
  | ({ readonly kind: 'sample' } & SampleRequest);
export type Answer =
  | { readonly kind: 'ready'; readonly version: string }
  | { readonly kind: 'prepared' }
  | { readonly kind: 'sampled'; readonly sample: Sample }
  | { readonly kind: 'failed'; readonly reason: string };

export interface ThreadData {
  readonly engine: EngineName;
}
