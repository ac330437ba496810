import { parentPort, workerData } from 'node:worker_threads';
import { createCompiler, createInterpreter } from '../../cql/index.ts';
import { Product } from './product.ts';
import type { ProductAnswer, ProductData, ProductQuestion } from './product-threads.ts';

/** A thread with all measures prepared. */
const port = parentPort;
if (port === null) throw new Error('This file is a worker thread: run npm run bench');

const { engine, measures }: ProductData = workerData;
const evaluator = engine === 'interpreted' ? createInterpreter() : createCompiler();
const product = new Product(evaluator, measures);

port.on('message', async (question: ProductQuestion) => {
  let answer: ProductAnswer = { kind: 'done' };
  if (question.kind === 'whole-record')
    answer = { kind: 'whole-record', whole: await product.wholeRecord(question.patient, question.minMs) };
  else for (let i = 0; i < question.times; i += 1) await product.population(question.patients);
  port.postMessage(answer);
});
port.postMessage({ kind: 'ready', preparation: product.preparation } satisfies ProductAnswer);
