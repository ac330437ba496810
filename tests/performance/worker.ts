import { parentPort, workerData } from 'node:worker_threads';
import { createCompiler, createInterpreter } from '../../cql/index.ts';
import type { BenchEngine, EngineName, PreparedBench } from './engine.ts';
import { type Answer, jsonParse, type Question, sample, type ThreadData } from './sample.ts';

/** A thread with one engine. It works only while it is asked, so engines alternate. */
const port = parentPort;
if (port === null) throw new Error('This file is a worker thread: run npm run bench');

async function engineNamed(name: EngineName): Promise<BenchEngine> {
  if (name === 'JSON.parse') return jsonParse;
  if (name === 'cql-execution') return (await import('./engines/cql-execution.ts')).cqlExecution();
  if (name === 'fqm-execution') return (await import('./engines/fqm-execution.ts')).fqmExecution();
  const { ownEngine } = await import('./engines/own.ts');
  const evaluator = name === 'interpreted' ? createInterpreter() : createCompiler();
  return ownEngine(evaluator);
}

const { engine: name }: ThreadData = workerData;
const engine = await engineNamed(name);
let current: { readonly measure: string; readonly prepared: PreparedBench } | null = null;

async function answer(question: Question): Promise<Answer> {
  if (current?.measure !== question.measure)
    current = { measure: question.measure, prepared: await engine.prepare(question.measure) };
  if (question.kind === 'prepare') return { kind: 'prepared' };
  return { kind: 'sampled', sample: await sample(current.prepared, question.patients, question.mode, question.minMs) };
}

port.on('message', async (question: Question) => {
  const given = await answer(question).catch((error: unknown): Answer => ({ kind: 'failed', reason: String(error) }));
  port.postMessage(given);
});
port.postMessage({ kind: 'ready', version: engine.version } satisfies Answer);
