import { parentPort } from 'node:worker_threads';
import { checkContent } from './check.ts';
import type { FromChecker, ToChecker } from './check-messages.ts';
import { readerOver } from './reader-over-messages.ts';
import { startTranslating } from './translate.ts';

const port = parentPort;
if (port === null) throw new Error('check-worker.ts runs as a worker thread');
const tell = (message: FromChecker): void => port.postMessage(message);
const reader = readerOver(port);

port.on('message', (message: ToChecker) => {
  if (message.type !== 'check') return;
  const { translate, close } = startTranslating();
  checkContent(reader, translate, message.content)
    .finally(close)
    .then(
      (result) => tell({ type: 'result', result }),
      (error: Error) => tell({ type: 'failed', name: error.name, message: error.message }),
    );
});
