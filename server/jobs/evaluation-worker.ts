import { constants, getPriority, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { createCompiler, type FhirResource, InvalidRecord, PatientRecord } from '../../cql/index.ts';
import { datedGapAnswers, evaluateSubject, type PreparedMeasure } from '../../measures/index.ts';
import { type MeasurePackage, ParsedParts, prepareFromPackage } from '../content/package.ts';
import { SealedFolder } from '../content/sealed-folder.ts';
import { SharedSets } from '../content/selected-data.ts';
import type { FromThread, SentTask, TaskAnswer, ThreadData, ToThread } from './evaluation-messages.ts';
import { keepResult } from './kept-result.ts';
import { type Selects, selectsOf } from './selected-resources.ts';

const port = parentPort;
if (port === null) throw new Error('evaluation-worker.ts runs as a worker thread');

const { cache }: ThreadData = workerData;
const store =
  cache === null
    ? null
    : new SealedFolder({
        ...cache,
        onProblem: (problem) => tell({ type: 'problem', problem: `the cache of prepared measures: ${problem}` }),
      });
const evaluator = createCompiler(store);
const parsed = new ParsedParts();
const parts = new Map<string, Uint8Array>();
const packages = new Map<string, MeasurePackage>();
const prepared = new Map<string, PreparedMeasure>();
const sets = new SharedSets();
/** By the hashes of the measures that are evaluated together. */
const selections = new Map<string, Selects>();
const selectionsKept = 200;
/** Of nice(1). */
const lowerBy = 5;

port.on('message', (message: ToThread) => {
  if (message.type === 'measure') {
    for (const [key, bytes] of message.parts) parts.set(key, bytes);
    packages.set(message.measure.hash, { ...message.measure, parts });
  } else void evaluate(message.resources, message.tasks);
});

yieldToOthers();

/**
 * Whoever writes, and the database, go before evaluations when there are too few processors for all. On Linux a thread has
 * a priority of its own (setpriority(2), C library/kernel differences); elsewhere it would be that of the process.
 */
function yieldToOthers(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(Math.min(constants.priority.PRIORITY_LOW, getPriority() + lowerBy));
  } catch {
    tell({ type: 'problem', problem: 'evaluations cannot run at a lower priority than requests here' });
  }
}

function tell(message: FromThread): void {
  port?.postMessage(message);
}

async function evaluate(resources: readonly string[], tasks: readonly SentTask[]): Promise<void> {
  const record = attempt(() => new PatientRecord(parsedFor(resources, tasks)));
  for (const [task, sent] of tasks.entries()) {
    const answer = record instanceof Error ? failed(record) : await evaluateTask(record, sent, task);
    tell({ type: 'answer', task, answer });
  }
  tell({ type: 'done' });
}

async function evaluateTask(record: PatientRecord, sent: SentTask, task: number): Promise<TaskAnswer> {
  try {
    if (!prepared.has(sent.measure)) tell({ type: 'preparing', task });
    const measure = preparedMeasure(sent.measure);
    tell({ type: 'started', task });
    const { gaps: wanted, detail, keep = false } = sent;
    const request = { ...sent.request, trace: wanted || detail || keep };
    const result = await evaluateSubject(measure, record, request);
    const { period, now } = sent.request;
    const { answers: gaps, holdThrough } = wanted
      ? datedGapAnswers(measure, result, { period, asOf: now.slice(0, 10) })
      : { answers: [], holdThrough: null };
    const kept = keep ? { kept: keepResult(result, gaps, { definition: measure.definition, holdThrough }) } : {};
    return { ok: true, result: detail ? result : { ...result, evaluatedResources: [], trace: null }, gaps, ...kept };
  } catch (error) {
    return failed(error);
  }
}

function preparedMeasure(hash: string): PreparedMeasure {
  const known = prepared.get(hash);
  if (known !== undefined) return known;
  const packed = packages.get(hash);
  if (packed === undefined) throw new TypeError('the measure was not sent');
  const made = prepareFromPackage(packed, evaluator, parsed, store);
  prepared.set(hash, made);
  return made;
}

/** The resources that the tasks can select: the rest is not even parsed. */
function parsedFor(resources: readonly string[], tasks: readonly SentTask[]): FhirResource[] {
  const key = tasks.map(({ measure }) => measure).join(' ');
  const known = selections.get(key);
  const measures = tasks.flatMap(({ measure }) => packages.get(measure) ?? []);
  const selects = known ?? selectsOf(measures, sets);
  if (known === undefined) {
    if (selections.size >= selectionsKept) selections.clear();
    selections.set(key, selects);
  }
  return resources.flatMap((text, index) => (selects(text) ? parseResource(text, index) : []));
}

/** A text that is not JSON is named by its place, never quoted: it may hold PHI. */
function parseResource(text: string, index: number): FhirResource {
  try {
    return JSON.parse(text) as FhirResource;
  } catch {
    throw new InvalidRecord(`[${index}]`, 'is not JSON');
  }
}

function attempt<T>(work: () => T): T | Error {
  try {
    return work();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Errors of the engine say what failed without quoting data; the text of any other error could hold some. */
function failed(error: unknown): TaskAnswer {
  if (!(error instanceof Error)) return { ok: false, error: { name: 'Error', message: 'The evaluation failed' } };
  const named = error.name !== 'Error' && error.name !== 'TypeError' && error.name !== 'RangeError';
  const message = named ? error.message : `The evaluation failed with a ${error.name}`;
  return { ok: false, error: { name: named ? error.name : 'EvaluationFailed', message } };
}
