import { Worker } from 'node:worker_threads';
import type { EngineName } from './engines.ts';
import type { CaseResult } from './evaluate.ts';

export type Suite = 'ecqm' | 'scoring' | 'synthea';

/** One measure of one suite. */
export interface Job {
  readonly suite: Suite;
  readonly measure: string;
  /** Cases that are expected, for the progress bar and for the order: the longest first. */
  readonly cases: number;
}

export type Message =
  | { readonly kind: 'case'; readonly job: Job; readonly result: CaseResult }
  | { readonly kind: 'done'; readonly job: Job; readonly error: string | null };

export interface JobResult extends Job {
  readonly results: CaseResult[];
  /** Why the measure could not be run at all; null when it could. */
  error: string | null;
}

/** Runs the jobs in worker threads. @param tick is called after every case */
export async function runJobs(
  jobs: readonly Job[],
  { engine, threads }: { readonly engine: EngineName; readonly threads: number },
  tick: (job: Job) => void,
): Promise<JobResult[]> {
  const waiting = jobs.toSorted((a, b) => b.cases - a.cases);
  const done: JobResult[] = [];
  const run = async (): Promise<void> => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: { engine } });
    try {
      for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
        const results: CaseResult[] = [];
        done.push({ ...job, results, error: await runJob(worker, job, results, tick) });
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, jobs.length) }, run));
  return done.sort((a, b) => a.suite.localeCompare(b.suite) || a.measure.localeCompare(b.measure));
}

function runJob(worker: Worker, job: Job, results: CaseResult[], tick: (job: Job) => void): Promise<string | null> {
  return new Promise((resolve, reject) => {
    worker.removeAllListeners();
    worker.once('error', reject);
    worker.on('message', (message: Message) => {
      if (message.kind === 'done') resolve(message.error);
      else {
        results.push(message.result);
        tick(job);
      }
    });
    worker.postMessage(job);
  });
}
