import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { MeasurePackage } from '../content/package.ts';
import type { Logger } from '../log.ts';
import type { EvaluationTask, FromThread, SentTask, TaskAnswer, ThreadData, ToThread } from './evaluation-messages.ts';

/** A patient with the measures to evaluate. */
export interface PatientWork {
  /** All resources of the patient, as stored. */
  readonly resources: readonly string[];
  readonly tasks: readonly EvaluationTask[];
  /** Who waits for it; `request` unless told. */
  readonly priority?: Priority;
}

/**
 * Who waits for an evaluation, in the order in which they are served: somebody who asked, the live state of a patient
 * whose data changed, or nobody yet (trends, a measure that was installed).
 */
export type Priority = (typeof priorities)[number];

const priorities = ['request', 'feed', 'background'] as const;

export interface EvaluationPool {
  readonly threads: number;
  /**
   * Evaluates a patient in the next free thread.
   * @returns an answer per task, in their order; a failed task never keeps the others from being answered
   * @throws PoolClosed
   */
  evaluate(work: PatientWork): Promise<TaskAnswer[]>;
  close(): Promise<void>;
}

export class PoolClosed extends Error {
  override readonly name = 'PoolClosed';
}

export interface PoolSettings {
  readonly log: Logger;
  /** One per core unless told. */
  readonly threads?: number;
  /** What a task may take when it names no budget; 10 s unless told. */
  readonly budgetMs?: number;
  /** What preparing a measure in a thread may take; 60 s unless told. */
  readonly prepareMs?: number;
  /** Heap of a thread in MB; 4096 unless told. */
  readonly heapMb?: number;
  /** Where prepared measures outlive the process; without it they are prepared anew in every thread. */
  readonly cache?: ThreadData['cache'];
}

/** Work in hand. `next` is the first task that has no answer yet. */
interface Assignment {
  readonly work: PatientWork;
  readonly answers: (TaskAnswer | undefined)[];
  readonly resolve: (answers: TaskAnswer[]) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Beyond its budget a task gets this long to stop by itself before its thread is ended: enough to look for the place where it
 * was stopped, for which the traced variant of a large library has to be compiled.
 */
const graceMs = 1_500;

/**
 * Threads that evaluate patients, so that the thread that answers requests never waits for CQL. A thread that a task
 * keeps beyond its budget, or that dies, is replaced; that task is answered with the error and the patient's other tasks
 * go on in another thread.
 */
export function createEvaluationPool(settings: PoolSettings): EvaluationPool {
  const { log, threads = availableParallelism(), budgetMs = 10_000, prepareMs = 60_000, heapMb = 4096 } = settings;
  const queues: Readonly<Record<Priority, Assignment[]>> = { request: [], feed: [], background: [] };
  const crew = new Set<Thread>();
  let closed = false;

  const dispatch = (): void => {
    for (const thread of crew) {
      if (!thread.idle) continue;
      const next = queues.request.shift() ?? queues.feed.shift() ?? queues.background.shift();
      if (next === undefined) return;
      thread.take(next);
    }
  };
  const hire = (): void => {
    const thread = new Thread(
      { budgetMs, prepareMs, heapMb, log, cache: settings.cache ?? null },
      dispatch,
      (unfinished, reason) => {
        crew.delete(thread);
        if (closed) return;
        if (reason !== null) log.warn('an evaluation thread was replaced', { reason });
        if (unfinished !== null) queues[unfinished.work.priority ?? 'request'].unshift(unfinished);
        // One that died without work would die again at once: a thread that cannot start must not spin.
        if (thread.worked) replace();
        else setTimeout(replace, 1000).unref();
      },
    );
    crew.add(thread);
  };
  const replace = (): void => {
    if (closed) return;
    hire();
    dispatch();
  };
  for (let i = 0; i < Math.max(1, threads); i += 1) hire();

  return {
    threads: crew.size,
    evaluate: (work) =>
      new Promise((resolve, reject) => {
        if (closed) reject(new PoolClosed('The server is stopping'));
        else if (work.tasks.length === 0) resolve([]);
        else {
          queues[work.priority ?? 'request'].push({ work, answers: work.tasks.map(() => undefined), resolve, reject });
          dispatch();
        }
      }),
    async close() {
      closed = true;
      const stopping = new PoolClosed('The server is stopping');
      for (const queue of Object.values(queues)) for (const assignment of queue.splice(0)) assignment.reject(stopping);
      await Promise.all([...crew].map((thread) => thread.end(stopping)));
    },
  };
}

interface ThreadSettings {
  readonly log: Logger;
  readonly cache: ThreadData['cache'];
  readonly budgetMs: number;
  readonly prepareMs: number;
  readonly heapMb: number;
}

class Thread {
  readonly #worker: Worker;
  readonly #settings: ThreadSettings;
  readonly #onFree: () => void;
  readonly #onEnd: (unfinished: Assignment | null, reason: string | null) => void;
  readonly #measures = new Set<string>();
  readonly #parts = new Set<string>();
  #assignment: Assignment | null = null;
  /** Positions in `assignment.work.tasks` of the tasks that were sent. */
  #sent: number[] = [];
  #current: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  #failure: { name: string; message: string } | null = null;
  #ended = false;
  /** Has it answered anything yet? */
  worked = false;

  constructor(
    settings: ThreadSettings,
    onFree: () => void,
    onEnd: (unfinished: Assignment | null, reason: string | null) => void,
  ) {
    this.#settings = settings;
    this.#onFree = onFree;
    this.#onEnd = onEnd;
    this.#worker = new Worker(new URL('./evaluation-worker.ts', import.meta.url), {
      workerData: { cache: settings.cache } satisfies ThreadData,
      resourceLimits: { maxOldGenerationSizeMb: settings.heapMb },
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    this.#worker.unref();
    this.#worker.on('message', (message: FromThread) => this.#onMessage(message));
    this.#worker.on('error', (error: NodeJS.ErrnoException) => {
      const memory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.#failure ??= {
        name: 'EvaluationCrashed',
        message: memory ? `it used more than ${settings.heapMb} MB of memory` : `its thread stopped (${error.name})`,
      };
    });
    this.#worker.on('exit', () => this.#onExit());
  }

  get idle(): boolean {
    return this.#assignment === null && !this.#ended;
  }

  take(assignment: Assignment): void {
    this.#assignment = assignment;
    this.#worker.ref();
    const { resources, tasks } = assignment.work;
    this.#sent = [...tasks.keys()].filter((index) => assignment.answers[index] === undefined);
    const sent: SentTask[] = [];
    for (const index of this.#sent) {
      const { measure, ...task } = tasks[index] as EvaluationTask;
      this.#sendMeasure(measure);
      sent.push({ ...task, request: { budgetMs: this.#settings.budgetMs, ...task.request }, measure: measure.hash });
    }
    this.#post({ type: 'evaluate', resources, tasks: sent });
    this.#watch(this.#settings.prepareMs, 0);
  }

  async end(reason: Error): Promise<void> {
    this.#ended = true;
    this.#assignment?.reject(reason);
    this.#assignment = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#worker.terminate();
  }

  #sendMeasure({ parts, ...measure }: MeasurePackage): void {
    if (this.#measures.has(measure.hash)) return;
    this.#measures.add(measure.hash);
    const missing = new Map([...parts].filter(([key]) => !this.#parts.has(key)));
    for (const key of missing.keys()) this.#parts.add(key);
    this.#post({ type: 'measure', measure, parts: missing });
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  #onMessage(message: FromThread): void {
    if (message.type === 'problem') {
      this.#settings.log.warn('an evaluation thread', { problem: message.problem });
      return;
    }
    const assignment = this.#assignment;
    if (assignment === null) return;
    if (message.type === 'done') {
      this.#free();
      const failed: TaskAnswer = { ok: false, error: { name: 'EvaluationCrashed', message: 'it gave no answer' } };
      assignment.resolve(assignment.answers.map((answer) => answer ?? failed));
      this.#onFree();
      return;
    }
    this.worked = true;
    const index = this.#sent[message.task] ?? 0;
    if (message.type === 'answer') assignment.answers[index] = message.answer;
    else {
      const budget = assignment.work.tasks[index]?.request.budgetMs ?? this.#settings.budgetMs;
      this.#watch(message.type === 'preparing' ? this.#settings.prepareMs : budget, index);
    }
  }

  /** Ends the thread when the task at `index` takes longer than its budget and does not stop by itself. */
  #watch(budgetMs: number, index: number): void {
    this.#current = index;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#failure = { name: 'BudgetExceeded', message: `The evaluation was stopped after ${budgetMs} ms` };
      void this.#worker.terminate();
    }, budgetMs + graceMs);
  }

  #free(): void {
    this.#assignment = null;
    this.#current = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#worker.unref();
  }

  #onExit(): void {
    if (this.#ended) return;
    this.#ended = true;
    const assignment = this.#assignment;
    const error = this.#failure ?? { name: 'EvaluationCrashed', message: 'its thread stopped' };
    const index = this.#current;
    this.#free();
    if (assignment !== null && index !== null) assignment.answers[index] ??= { ok: false, error };
    if (assignment === null || assignment.answers.some((answer) => answer === undefined)) {
      this.#onEnd(assignment, this.#failure?.message ?? null);
      return;
    }
    assignment.resolve(assignment.answers.filter((answer) => answer !== undefined));
    this.#onEnd(null, error.message);
  }
}
