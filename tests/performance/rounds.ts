import type { EngineName } from './engine.ts';
import type { Population, StoredPatient } from './patients.ts';
import type { Mode } from './sample.ts';
import { deal, median } from './statistics.ts';
import type { EngineThread } from './threads.ts';

/** What one engine did with one measure over one population. */
export interface EngineFigures {
  readonly engine: EngineName;
  readonly mode: Mode;
  /** Processor ms per patient-measure, one per round. */
  readonly rounds: readonly number[];
  readonly msPerPatient: number;
  readonly failures: number;
  /** Criteria that held, over all rounds; null for engines that do not tell. */
  readonly met: number | null;
}

export interface MeasureFigures {
  readonly measure: string;
  readonly population: Population;
  readonly patients: number;
  readonly engines: readonly EngineFigures[];
  /** Engines that could not prepare the measure, each with the reason. */
  readonly unprepared: readonly { readonly engine: EngineName; readonly reason: string }[];
}

/** Processor ms that an engine may use for one population in one mode; what is over is left out, and shown as such. */
export class Boxes {
  readonly #limits: (engine: EngineName, population: Population, mode: Mode) => number;
  readonly #used = new Map<string, number>();

  constructor(limits: (engine: EngineName, population: Population, mode: Mode) => number) {
    this.#limits = limits;
  }

  isOpen(engine: EngineName, population: Population, mode: Mode): boolean {
    return (this.#used.get(`${engine} ${population} ${mode}`) ?? 0) < this.#limits(engine, population, mode);
  }

  use(engine: EngineName, population: Population, mode: Mode, ms: number): void {
    const key = `${engine} ${population} ${mode}`;
    this.#used.set(key, (this.#used.get(key) ?? 0) + ms);
  }
}

export interface RoundsPlan {
  readonly measure: string;
  readonly population: Population;
  readonly patients: readonly StoredPatient[];
  readonly rounds: number;
  /** Least processor ms of a sample, by engine. */
  readonly sampleMs: Readonly<Record<EngineName, number>>;
}

/**
 * One measure over one population. Each round has a hand of the patients, the same for all engines, which take turns;
 * who begins changes with the round. A ratio of two engines compares the same patients in the same round.
 */
export async function runRounds(
  { measure, population, patients, rounds, sampleMs }: RoundsPlan,
  threads: readonly EngineThread[],
  boxes: Boxes,
): Promise<MeasureFigures> {
  const hands = deal(patients, Math.min(rounds, patients.length));
  const unprepared: { engine: EngineName; reason: string }[] = [];
  const runs: { thread: EngineThread; mode: Mode; rounds: number[]; failures: number; met: number | null }[] = [];
  for (const thread of threads) {
    const modes = modesOf(thread.name).filter((mode) => boxes.isOpen(thread.name, population, mode));
    if (modes.length === 0) continue;
    const reason = await thread.prepare(measure);
    if (reason !== null) unprepared.push({ engine: thread.name, reason });
    else for (const mode of modes) runs.push({ thread, mode, rounds: [], failures: 0, met: 0 });
  }
  for (const { thread, mode } of runs) {
    const minMs = Math.max(sampleMs[thread.name], warmUpMs[thread.name]);
    await thread.sample({ measure, patients: warmUp(hands), mode, minMs });
  }
  for (let round = 0; round < rounds; round += 1) {
    const turn = [...runs.slice(round % runs.length), ...runs.slice(0, round % runs.length)];
    const hand = hands[round % hands.length] ?? [];
    for (const run of turn) {
      const { evaluations, cpuMs, failures, met } = await run.thread.sample({
        measure,
        patients: hand,
        mode: run.mode,
        minMs: sampleMs[run.thread.name],
      });
      run.rounds.push(cpuMs / evaluations);
      run.failures += failures;
      run.met = met === null || run.met === null ? null : run.met + met;
      boxes.use(run.thread.name, population, run.mode, cpuMs);
    }
  }
  return {
    measure,
    population,
    patients: patients.length,
    unprepared,
    engines: runs.map(({ thread, mode, rounds: ms, failures, met }) => ({
      engine: thread.name,
      mode,
      rounds: ms,
      msPerPatient: median(ms),
      failures,
      met,
    })),
  };
}

/**
 * Least processor ms before the first round. The peers interpret: their code is the same for every measure and is hot after
 * the first. Ours is made for a measure, and would otherwise be measured before V8 has optimised it.
 */
const warmUpMs: Readonly<Record<EngineName, number>> = {
  compiled: 200,
  interpreted: 0,
  'cql-execution': 0,
  'fqm-execution': 0,
  'JSON.parse': 0,
};

/** The smallest patient of the first hand: enough to load and optimise what all patients share. */
function warmUp(hands: readonly (readonly StoredPatient[])[]): readonly StoredPatient[] {
  return (hands[0] ?? []).toSorted((a, b) => a.texts.length - b.texts.length).slice(0, 1);
}

function modesOf(engine: EngineName): readonly Mode[] {
  return engine === 'JSON.parse' ? ['end-to-end'] : ['evaluation', 'end-to-end'];
}

/** How many times as long `slow` took as `fast`: the median of the rounds' ratios; null when one of them did not run. */
export function ratio({ engines }: MeasureFigures, slow: EngineName, fast: EngineName, mode: Mode): number | null {
  const [a, b] = [slow, fast].map((name) => engines.find((run) => run.engine === name && run.mode === mode));
  if (a === undefined || b === undefined) return null;
  return median(a.rounds.map((ms, round) => ms / (b.rounds[round] ?? Number.NaN)));
}
