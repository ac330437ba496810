import { Worker } from 'node:worker_threads';
import type { StoredPatient } from './patients.ts';
import type { Preparation, WholeRecord } from './product.ts';
import { deal, median } from './statistics.ts';

export type OwnEngineName = 'compiled' | 'interpreted';

export interface ProductData {
  readonly engine: OwnEngineName;
  readonly measures: readonly string[];
}
export type ProductQuestion =
  | { readonly kind: 'whole-record'; readonly patient: StoredPatient; readonly minMs: number }
  | { readonly kind: 'population'; readonly patients: readonly StoredPatient[]; readonly times: number };
export type ProductAnswer =
  | { readonly kind: 'ready'; readonly preparation: Preparation }
  | { readonly kind: 'whole-record'; readonly whole: WholeRecord }
  | { readonly kind: 'done' };

/** Figures of the product as a whole, with one of our engines. */
export interface ProductFigures {
  readonly engine: OwnEngineName;
  /** One per round, each in a new thread. */
  readonly preparations: readonly Preparation[];
  /** One per patient, each the medians of the rounds. */
  readonly wholeRecords: readonly (WholeRecord & { readonly ratio: number })[];
  /** Time of one thread divided by the time of two for the same work, one per round. Wall-clock: needs two free cores. */
  readonly twoThreads: readonly number[];
}

export interface ProductPlan extends ProductData {
  readonly large: readonly StoredPatient[];
  readonly population: readonly StoredPatient[];
  readonly rounds: number;
  /** Cold preparations to be measured. */
  readonly preparations: number;
  readonly minMs: number;
}

export async function productFigures(plan: ProductPlan): Promise<ProductFigures> {
  const { engine, rounds } = plan;
  const preparations: Preparation[] = [];
  for (let i = 2; i < plan.preparations; i += 1) {
    const thread = await start(plan);
    preparations.push(thread.preparation);
    await thread.worker.terminate();
  }
  const [first, second] = [await start(plan), await start(plan)];
  preparations.push(first.preparation, second.preparation);
  try {
    const wholeRecords = [];
    for (const patient of plan.large) {
      const samples: WholeRecord[] = [];
      await wholeRecord(first.worker, patient, plan.minMs);
      for (let round = 0; round < rounds; round += 1)
        samples.push(await wholeRecord(first.worker, patient, plan.minMs));
      const parseMs = median(samples.map((sample) => sample.parseMs));
      const allMeasuresMs = median(samples.map((sample) => sample.allMeasuresMs));
      const ratio = median(samples.map((sample) => sample.allMeasuresMs / sample.parseMs));
      wholeRecords.push({
        resources: patient.texts.length,
        failures: samples[0]?.failures ?? 0,
        parseMs,
        allMeasuresMs,
        ratio,
      });
    }
    return { engine, preparations, wholeRecords, twoThreads: await scaling(first.worker, second.worker, plan) };
  } finally {
    await Promise.all([first.worker.terminate(), second.worker.terminate()]);
  }
}

async function scaling(first: Worker, second: Worker, { population, rounds }: ProductPlan): Promise<number[]> {
  const [left = [], right = []] = deal(population, 2);
  const work = (worker: Worker, patients: readonly StoredPatient[], times: number): Promise<ProductAnswer> =>
    ask(worker, { kind: 'population', patients, times });
  const elapsed = async (run: () => Promise<unknown>): Promise<number> => {
    const started = performance.now();
    await run();
    return performance.now() - started;
  };
  await Promise.all([work(first, population, 1), work(second, population, 1)]);
  const once = await elapsed(() => work(first, population, 1));
  const times = Math.max(1, Math.round(500 / once));
  const speedups: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const alone = await elapsed(() => work(first, population, times));
    const together = await elapsed(() => Promise.all([work(first, left, times), work(second, right, times)]));
    speedups.push(alone / together);
  }
  return speedups;
}

async function start(data: ProductData): Promise<{ readonly worker: Worker; readonly preparation: Preparation }> {
  const { engine, measures } = data;
  const worker = new Worker(new URL('./product-worker.ts', import.meta.url), {
    workerData: { engine, measures } satisfies ProductData,
    resourceLimits: { maxOldGenerationSizeMb: 4096 },
  });
  const answer = await next(worker);
  if (answer.kind !== 'ready') throw new Error(`${engine} does not start`);
  return { worker, preparation: answer.preparation };
}

async function wholeRecord(worker: Worker, patient: StoredPatient, minMs: number): Promise<WholeRecord> {
  const answer = await ask(worker, { kind: 'whole-record', patient, minMs });
  if (answer.kind !== 'whole-record') throw new Error('The thread gave another answer than it was asked for');
  return answer.whole;
}

function ask(worker: Worker, question: ProductQuestion): Promise<ProductAnswer> {
  const answer = next(worker);
  worker.postMessage(question);
  return answer;
}

function next(worker: Worker): Promise<ProductAnswer> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      worker.off('message', answered).off('error', broken);
      finish();
    };
    const answered = (answer: ProductAnswer): void => settle(() => resolve(answer));
    const broken = (error: unknown): void => settle(() => reject(error));
    worker.on('message', answered).on('error', broken);
  });
}
