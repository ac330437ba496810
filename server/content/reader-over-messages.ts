import type { MessagePort } from 'node:worker_threads';
import type { FromChecker, ToChecker } from './check-messages.ts';
import type { ContentReader } from './reader.ts';

/** A ContentReader whose answers come from the thread at the other end of `port`. */
export function readerOver(port: MessagePort): ContentReader {
  const open = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let calls = 0;
  port.on('message', (message: ToChecker) => {
    if (message.type === 'check') return;
    const waiting = open.get(message.call);
    open.delete(message.call);
    if (message.type === 'answer') waiting?.resolve(message.value as never);
    else waiting?.reject(new Error(message.message));
  });
  const ask = <T>(method: keyof ContentReader, argument: unknown): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      calls += 1;
      open.set(calls, { resolve: resolve as (value: never) => void, reject });
      port.postMessage({ type: 'call', call: calls, method, argument } satisfies FromChecker);
    });
  return {
    measures: (urls) => ask('measures', urls),
    libraries: (wanted) => ask('libraries', wanted),
    terminology: (canonicals) => ask('terminology', canonicals),
    modelInfos: () => ask('modelInfos', null),
    translated: (hash) => ask('translated', hash),
  };
}
