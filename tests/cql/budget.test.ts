import { Worker } from 'node:worker_threads';
import { BudgetExceeded, type CqlError, createCompiler, EvaluationFailed, linkLibraries } from '../../cql/index.ts';
import { library, now, record, translator } from './evaluate.ts';

afterAll(() => translator.close());

/** The definition, and others that each take the one before twice. */
function doubling(first: string, next: (previous: string) => string, times = 26): string {
  const others = Array.from({ length: times }, (_, i) => `define "X${i + 1}": ${next(`"X${i}"`)}`);
  return [`define "X0": ${first}`, ...others].join('\n');
}

const many = '(expand Interval[1, 100000])';
const some = '(expand Interval[1, 3000])';

async function stopped(definitions: string, result: string): Promise<CqlError> {
  const linked = await library(`context Patient\n${definitions}\ndefine "Result":\n  ${result}`);
  const prepared = createCompiler().prepare(linked, { find: () => null });
  const request = { expressions: ['Result'], parameters: {}, now, budgetMs: 300 };
  const started = performance.now();
  const error = await prepared.evaluate(record(), request).then(
    ({ values }) => new Error(`gave ${JSON.stringify(values.get('Result'))}`),
    (thrown: CqlError) => thrown,
  );
  expect(performance.now() - started).toBeLessThan(5_000);
  return error as CqlError;
}

describe('A definition that takes too long', () => {
  it.each([
    ['a cartesian product that keeps nothing', `Count(from ${many} A, ${many} B where A = B and A > B return A)`],
    ['a cartesian product that keeps all', `Count(from ${many} A, ${many} B return all A + B)`],
    ['a cartesian product of tuples', `Count(from ${many} A, ${many} B)`],
    ['a search in every row', `Count(${many} A where A + 100000 in ${many})`],
    ['a with clause over every row', `Count(${many} A with ${many} B such that A + B < 0)`],
    ['an expansion of two billion numbers', 'Count(expand Interval[1, 2147483647])'],
    [
      'an expansion of ten thousand years by milliseconds',
      'Count(expand Interval[@0001-01-01T00:00:00.000, @9999-01-01T00:00:00.000] per 1 millisecond)',
    ],
    ['many pairs that are made distinct', `Count(distinct (from ${some} A, ${some} B return { A, B }))`],
  ])('is stopped, and named with its place: %s', async (_, result) => {
    const error = await stopped('', result);
    expect(error).toBeInstanceOf(BudgetExceeded);
    expect(error).toMatchObject({ budgetMs: 300, place: { library: 'Tested|1.0.0', expression: 'Result' } });
    expect(error.message).toMatch(
      /^The evaluation was stopped after 300 ms in Tested\|1\.0\.0\."Result" at 7:\d+-7:\d+$/,
    );
  });
});

describe('A definition that doubles itself', () => {
  it.each([
    ['a text', doubling("'abcdefgh'", (x) => `${x} + ${x}`), 'Length("X26")', 'A text may have at most'],
    [
      'joined texts',
      doubling("'abcdefgh'", (x) => `Combine({${x}, ${x}}, ',')`),
      'Length("X26")',
      'A text may have at most',
    ],
    [
      'a replaced text',
      doubling("'aa'", (x) => `ReplaceMatches(${x}, 'a', 'aa')`),
      'Length("X26")',
      'may match at most 200,000 times',
    ],
    ['a list', doubling('{1, 2, 3}', (x) => `flatten { ${x}, ${x} }`), 'Count("X26")', 'A list may have at most'],
  ])('is an error with its place: %s', async (_, definitions, result, message) => {
    const error = await stopped(definitions, result);
    // What is slow on this machine is stopped by its time.
    if (error instanceof BudgetExceeded) expect(error.place?.expression).toMatch(/^X\d+$/);
    else {
      expect(error).toBeInstanceOf(EvaluationFailed);
      expect(error.message).toContain(message);
      expect((error as EvaluationFailed).locator).toMatch(/^\d+:\d+-\d+:\d+$/);
      expect((error as EvaluationFailed).expression).toMatch(/^X[12]\d$/);
    }
  });
});

const system = (name: string): string => `{urn:hl7-org:elm-types:r1}${name}`;
const number = (value: number) => ({ type: 'Literal', valueType: system('Integer'), value: String(value) });

describe('A function that calls itself (the translator refuses it, ELM may hold it)', () => {
  const n = { type: 'OperandRef', name: 'n' };
  const again = {
    type: 'FunctionRef',
    name: 'F',
    operand: [{ type: 'Add', operand: [n, number(1)] }],
    locator: '4:5-4:8',
  };
  const specifier = { type: 'NamedTypeSpecifier', name: system('Integer') };
  const beyond = (most: number, ...operand: readonly object[]) => ({
    type: 'Case',
    caseItem: [
      Object.fromEntries([
        ['when', { type: 'Greater', operand: [n, number(most)] }],
        ['then', number(1)],
      ]),
    ],
    else: { type: 'Add', operand },
  });

  it.each([
    ['a million times is too deep', beyond(1_000_000, again, number(1)), EvaluationFailed, /nested too deeply/],
    ['twice each time takes too long', beyond(60, again, again), BudgetExceeded, /300 ms in F\|1\."F" at 4:5-4:8/],
  ])('%s', async (_, expression, type, message) => {
    const functionDef = {
      type: 'FunctionDef',
      name: 'F',
      operand: [{ name: 'n', operandTypeSpecifier: specifier }],
      expression,
    };
    const result = { name: 'Result', context: 'Patient', expression: { ...again, operand: [number(1)] } };
    const main = { library: { identifier: { id: 'F', version: '1' }, statements: { def: [functionDef, result] } } };
    const prepared = createCompiler().prepare(
      linkLibraries(main, () => null),
      { find: () => null },
    );
    const request = { expressions: ['Result'], parameters: {}, now, budgetMs: 300 };
    const thrown: unknown = await prepared.evaluate(record(), request).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(type);
    expect(thrown).toMatchObject({ message: expect.stringMatching(message) });
  });
});

describe('A definition that fills the memory', () => {
  it('is stopped before its thread is, and others are evaluated after it in the same thread', async () => {
    const interval = { type: 'Interval', low: number(1), high: number(5000), lowClosed: true, highClosed: true };
    const expression = { type: 'Expand', operand: [interval, { type: 'Null' }] };
    const query = {
      type: 'Query',
      source: ['A', 'B', 'C'].map((alias) => ({ alias, expression })),
      relationship: [],
      locator: '5:1-5:40',
    };
    const library = {
      library: {
        identifier: { id: 'Eater', version: '1' },
        statements: {
          def: [
            { name: 'Eater', context: 'Patient', expression: query },
            { name: 'Modest', context: 'Patient', expression: number(7) },
          ],
        },
      },
    };
    const worker = new Worker(new URL('./memory-worker.ts', import.meta.url), {
      workerData: { library, expressions: ['Eater', 'Modest'] },
      resourceLimits: { maxOldGenerationSizeMb: 400 },
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    const told: unknown[] = [];
    worker.on('message', (value) => told.push(value));
    await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
    expect(told[0]).toMatch(
      /^BudgetExceeded: The evaluation was stopped when it had filled \d+ MB of memory in Eater\|1\."Eater" at 5:1-5:40$/,
    );
    expect(told[1]).toBe(7);
  }, 60_000);
});
