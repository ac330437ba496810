import { Worker } from 'node:worker_threads';
import type { EngineName } from './engine.ts';
import type { Answer, Question, Sample, SampleRequest, ThreadData } from './sample.ts';

/** An engine in its thread. */
export interface EngineThread {
  readonly name: EngineName;
  readonly version: string;
  /** Null, or why the engine cannot prepare the measure. */
  prepare(measure: string): Promise<string | null>;
  sample(request: SampleRequest): Promise<Sample>;
  close(): Promise<void>;
}

/** @throws Error with the engine's reason when it does not start */
export async function startThread(name: EngineName): Promise<EngineThread> {
  const data: ThreadData = { engine: name };
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: data,
    stdout: name.endsWith('execution'),
    stderr: name.endsWith('execution'),
    resourceLimits: { maxOldGenerationSizeMb: 4096 },
  });
  const ready = await next(worker);
  if (ready.kind !== 'ready') throw new Error(`${name} does not start`);
  const ask = (question: Question): Promise<Answer> => {
    const answer = next(worker);
    worker.postMessage(question);
    return answer;
  };
  return {
    name,
    version: ready.version,
    async prepare(measure) {
      const answer = await ask({ kind: 'prepare', measure });
      return answer.kind === 'failed' ? answer.reason : null;
    },
    async sample(request) {
      const answer = await ask({ kind: 'sample', ...request });
      if (answer.kind !== 'sampled')
        throw new Error(`${name}, ${request.measure}: ${answer.kind === 'failed' ? answer.reason : answer.kind}`);
      return answer.sample;
    },
    close: async () => {
      await worker.terminate();
    },
  };
}

function next(worker: Worker): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      worker.off('message', answered).off('error', broken);
      finish();
    };
    const answered = (answer: Answer): void => settle(() => resolve(answer));
    const broken = (error: unknown): void => settle(() => reject(error));
    worker.on('message', answered).on('error', broken);
  });
}
