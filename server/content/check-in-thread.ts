import { Worker } from 'node:worker_threads';
import type { CheckResult, ContentToCheck } from './check.ts';
import type { FromChecker, ToChecker } from './check-messages.ts';
import { InvalidMeasureContent } from './errors.ts';
import type { ContentReader } from './reader.ts';

export interface CheckLimits {
  /** For everything together; 5 minutes unless told. */
  readonly timeoutMs?: number;
  /** Heap of the thread; 4096 MB unless told. */
  readonly heapMb?: number;
}

/**
 * Runs `checkContent` in a thread of its own that ends with it: translating blocks, keeps what it translated in memory,
 * and can overflow the stack on hostile text.
 *
 * @throws InvalidMeasureContent when the thread takes too long, needs too much memory or dies
 */
export function checkInThread(
  reader: ContentReader,
  content: ContentToCheck,
  { timeoutMs = 300_000, heapMb = 4096 }: CheckLimits = {},
): Promise<CheckResult> {
  const worker = new Worker(new URL('./check-worker.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: heapMb, stackSizeMb: 8 },
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const post = (message: ToChecker): void => worker.postMessage(message);
  return new Promise<CheckResult>((resolve, reject) => {
    const timer = setTimeout(() => reject(stopped(`checking it took more than ${timeoutMs / 1000} s`)), timeoutMs);
    worker.on('message', (message: FromChecker) => {
      if (message.type === 'result') resolve(message.result);
      else if (message.type === 'failed') reject(stopped(`checking it failed: ${message.name}: ${message.message}`));
      else
        answer(reader, message.method, message.argument).then(
          (value) => post({ type: 'answer', call: message.call, value }),
          (error: Error) => {
            post({ type: 'refused', call: message.call, message: error.message });
            reject(error);
          },
        );
    });
    worker.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        stopped(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'checking it needs too much memory' : 'checking it failed'),
      ),
    );
    worker.on('exit', () => {
      clearTimeout(timer);
      reject(stopped('checking it was interrupted'));
    });
    post({ type: 'check', content });
  }).finally(() => worker.terminate());
}

function stopped(reason: string): InvalidMeasureContent {
  const diagnostics = `The content was not installed: ${reason}`;
  return new InvalidMeasureContent([{ severity: 'error', code: 'too-costly', diagnostics, expression: [] }]);
}

function answer(reader: ContentReader, method: keyof ContentReader, argument: unknown): Promise<unknown> {
  switch (method) {
    case 'measures':
      return reader.measures(argument as Parameters<ContentReader['measures']>[0]);
    case 'libraries':
      return reader.libraries(argument as Parameters<ContentReader['libraries']>[0]);
    case 'terminology':
      return reader.terminology(argument as Parameters<ContentReader['terminology']>[0]);
    case 'modelInfos':
      return reader.modelInfos();
    case 'translated':
      return reader.translated(argument as string);
  }
}
