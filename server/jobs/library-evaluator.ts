import { Worker } from 'node:worker_threads';
import type { Translate } from '../content/library-shelf.ts';
import { startTranslating } from '../content/translate.ts';
import { PoolClosed } from './evaluation-pool.ts';
import type { ExpressionAnswer, FromLibraryThread, LibraryWork, ToLibraryThread } from './library-messages.ts';

/** Evaluates expressions that a request brings, one request after another. */
export interface LibraryEvaluator {
  readonly translate: Translate;
  /**
   * @returns an answer per expression, in their order
   * @throws BudgetExceeded, EvaluationCrashed, PoolClosed; UnsupportedElm, MissingValueSet, InvalidRecord by name
   */
  evaluate(work: LibraryWork): Promise<readonly ExpressionAnswer[]>;
  close(): Promise<void>;
}

export interface LibraryEvaluatorLimits {
  /** What the expressions of a request may take together; 10 s unless told. */
  readonly budgetMs?: number;
  /** What a translation may take; 20 s unless told. */
  readonly translationMs?: number;
  /** Heap of each thread in MB; 1024 unless told. */
  readonly heapMb?: number;
}

/** Preparing a library, and stopping by itself after the budget, may take this much longer. */
const graceMs = 5_000;

/**
 * Threads of its own for CQL that clients send: whatever it does, gaps go on being evaluated in theirs. A thread that
 * does not answer in time, or dies, is replaced when the next request comes.
 */
export function createLibraryEvaluator(limits: LibraryEvaluatorLimits = {}): LibraryEvaluator {
  const { budgetMs = 10_000, translationMs = 20_000, heapMb = 1024 } = limits;
  const translator = startTranslating({ timeoutMs: translationMs, memoryMb: heapMb });
  let thread: Worker | null = null;
  let lane: Promise<unknown> = Promise.resolve();
  let closed = false;

  const stop = async (): Promise<void> => {
    const running = thread;
    thread = null;
    await running?.terminate();
  };

  const ask = async (work: LibraryWork): Promise<readonly ExpressionAnswer[]> => {
    if (closed) throw new PoolClosed('The server is stopping');
    const worker = thread ?? hire(heapMb);
    thread = worker;
    const answer = await answerOf(worker, { work, budgetMs }, heapMb).catch(async (error: unknown) => {
      await stop();
      throw closed ? new PoolClosed('The server is stopping') : error;
    });
    if (answer.type === 'failed') throw named(answer.error.name, answer.error.message);
    return answer.answers;
  };

  return {
    translate: translator.translate,
    evaluate(work) {
      const asked = lane.then(() => ask(work));
      lane = asked.catch(() => undefined);
      return asked;
    },
    async close() {
      closed = true;
      await Promise.all([stop(), translator.close()]);
    },
  };
}

function hire(heapMb: number): Worker {
  const worker = new Worker(new URL('./library-worker.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  worker.on('error', () => undefined); // whoever waits hears of it by the exit
  worker.unref();
  return worker;
}

function answerOf(worker: Worker, question: ToLibraryThread, heapMb: number): Promise<FromLibraryThread> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      worker.off('message', answered).off('error', broken).off('exit', ended);
      worker.unref();
      finish();
    };
    const answered = (answer: FromLibraryThread): void => settle(() => resolve(answer));
    const broken = (error: NodeJS.ErrnoException): void => {
      const memory = error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? `it used more than ${heapMb} MB of memory` : null;
      settle(() => reject(named('EvaluationCrashed', memory ?? `its thread stopped (${error.name})`)));
    };
    const ended = (): void => settle(() => reject(named('EvaluationCrashed', 'its thread stopped')));
    const late = (): void =>
      settle(() => reject(named('BudgetExceeded', `The evaluation was stopped after ${question.budgetMs} ms`)));
    const timer = setTimeout(late, question.budgetMs + graceMs);
    worker.on('message', answered).on('error', broken).on('exit', ended);
    worker.ref();
    worker.postMessage(question);
  });
}

/** An error under the name that it had in the thread, so that it is translated as if it had been thrown here. */
function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
