import { parentPort } from 'node:worker_threads';
import { createCompiler, type FhirResource, PatientRecord, type PreparedLibrary } from '../../cql/index.ts';
import type { LibraryPackage } from '../content/load-library.ts';
import type { ExpressionAnswer, FromLibraryThread, ToLibraryThread } from './library-messages.ts';

const port = parentPort;
if (port === null) throw new Error('library-worker.ts runs as a worker thread');
const tell = (message: FromLibraryThread): void => port.postMessage(message);

const evaluator = createCompiler();
const kept = new Map<string, PreparedLibrary>();
const mostKept = 20;

/** What the thread that answers requests is willing to write, as JSON. */
const mostCharacters = 20_000_000;

port.on('message', (message: ToLibraryThread) => {
  evaluate(message).then(
    (answers) => tell({ type: 'answered', answers: answers.map(bounded) }),
    (error: unknown) => tell({ type: 'failed', error: nameOf(error) }),
  );
});

/** All at once; one by one when that fails, so that the others have their values and the failed ones a reason. */
async function evaluate({ work, budgetMs }: ToLibraryThread): Promise<ExpressionAnswer[]> {
  const { library, resources, expressions, parameters, now } = work;
  const prepared = preparedLibrary(library);
  const record = new PatientRecord(resources.map((text): FhirResource => JSON.parse(text)));
  const ends = performance.now() + budgetMs;
  const values = async (some: readonly string[]): Promise<ExpressionAnswer[]> => {
    const left = Math.max(1, Math.round(ends - performance.now()));
    const result = await prepared.evaluate(record, { expressions: some, parameters, now, budgetMs: left });
    return some.map((expression) => ({ expression, ok: true, value: result.values.get(expression) ?? null }));
  };
  try {
    return await values(expressions);
  } catch (error) {
    if (expressions.length === 1)
      return expressions.map((expression) => ({ expression, ok: false, error: nameOf(error) }));
  }
  const answers: ExpressionAnswer[] = [];
  for (const expression of expressions) {
    const one = await values([expression]).catch((error: unknown): ExpressionAnswer[] => [
      { expression, ok: false, error: nameOf(error) },
    ]);
    answers.push(...one);
  }
  return answers;
}

function bounded(answer: ExpressionAnswer): ExpressionAnswer {
  if (!answer.ok || JSON.stringify(answer.value).length <= mostCharacters) return answer;
  const message = `The value of "${answer.expression}" has more than ${mostCharacters} characters: count or select`;
  return { expression: answer.expression, ok: false, error: { name: 'EvaluationFailed', message } };
}

function preparedLibrary({ hash, main, includes, valueSets }: LibraryPackage): PreparedLibrary {
  const known = kept.get(hash);
  if (known !== undefined) return known;
  const find = (url: string, version: string | null) =>
    valueSets.find((set) => set.url === url && set.version === version)?.expanded ?? null;
  const prepared = evaluator.prepare({ main, includes, hash }, { find });
  const [oldest] = kept.keys();
  if (kept.size >= mostKept && oldest !== undefined) kept.delete(oldest);
  kept.set(hash, prepared);
  return prepared;
}

/** Errors of the engine say what failed without quoting data; the text of any other could hold some. */
function nameOf(error: unknown): { name: string; message: string } {
  if (!(error instanceof Error)) return { name: 'EvaluationFailed', message: 'The evaluation failed' };
  const named = !/^(Error|TypeError|RangeError|SyntaxError|ReferenceError)$/.test(error.name);
  return named
    ? { name: error.name, message: error.message }
    : { name: 'EvaluationFailed', message: `The evaluation failed with a ${error.name}` };
}
