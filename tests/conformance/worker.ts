import { parentPort, workerData } from 'node:worker_threads';
import { createEngine } from './engines.ts';
import { Bench, sentence } from './evaluate.ts';
import type { Job, Message } from './jobs.ts';
import { scoringCases } from './scoring.ts';

/** One thread of the conformance run: takes a measure at a time, reports every case. */
const port = parentPort;
if (port === null) throw new Error('This file is a worker thread: run npm run conformance');

const evaluator = createEngine(workerData.engine);
const bench = new Bench(evaluator);
const send = (message: Message): void => port.postMessage(message);

port.on('message', async (job: Job) => {
  const report = (result: Extract<Message, { kind: 'case' }>['result']): void => send({ kind: 'case', job, result });
  try {
    if (job.suite === 'ecqm') await bench.cases(job.measure, report);
    else if (job.suite === 'synthea') await bench.synthea(job.measure, report);
    else for (const result of await scoringCases(job.measure, evaluator)) report(result);
    send({ kind: 'done', job, error: null });
  } catch (thrown) {
    send({ kind: 'done', job, error: sentence(thrown) });
  }
});
