import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CqlValue,
  createTranslator,
  type ElmLibrary,
  type Evaluator,
  linkLibraries,
  PatientRecord,
  TranslationFailed,
  type Translator,
} from '../../cql/index.ts';
import { readReference, referenceData } from '../support/reference-data.ts';

/** HL7's test suite for CQL (https://github.com/cqframework/cql-tests): each expression beside what it must give. */

export interface CqlTest {
  readonly file: string;
  readonly group: string;
  readonly name: string;
  readonly expression: string;
  /** Null when the test says only that the expression must fail. */
  readonly output: string | null;
  readonly invalid: boolean;
}

export type Outcome = 'pass' | 'fail' | 'untranslatable';

export interface CqlTestResult extends CqlTest {
  readonly outcome: Outcome;
  readonly detail: string;
}

export function cqlTests(): CqlTest[] {
  const files = readdirSync(join(referenceData, 'cql-tests')).filter((name) => name.endsWith('.xml'));
  return files.sort().flatMap((file) => testsIn(file.replace('.xml', ''), readReference('cql-tests', file)));
}

function testsIn(file: string, xml: string): CqlTest[] {
  const text = xml.replace(/<!--[\s\S]*?-->/g, '');
  return [...text.matchAll(/<group\s+name="([^"]*)"[\s\S]*?<\/group>/g)].flatMap(([body, group = '']) =>
    [...body.matchAll(/<test\s+name="([^"]*)"[\s\S]*?<\/test>/g)].map(([test, name = '']): CqlTest => {
      const [, attributes = '', expression = ''] = /<expression([^>]*)>([\s\S]*?)<\/expression>/.exec(test) ?? [];
      const output = /<output[^>]*>([\s\S]*?)<\/output>/.exec(test)?.[1];
      return {
        file,
        group,
        name,
        expression: unescaped(expression).trim(),
        output: output === undefined ? null : unescaped(output).trim(),
        invalid: /invalid="(?!false)/.test(attributes),
      };
    }),
  );
}

function unescaped(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}

/** Runs tests, all unless some are given; a result for each, in order. */
export async function runCqlTests(
  evaluator: Evaluator,
  progress: (result: CqlTestResult) => void = () => undefined,
  tests: readonly CqlTest[] = cqlTests(),
): Promise<CqlTestResult[]> {
  const translator = createTranslator();
  const results: CqlTestResult[] = [];
  for (const test of tests) {
    const result = { ...test, ...(await run(test, translator, evaluator)) };
    progress(result);
    results.push(result);
  }
  await translator.close();
  return results;
}

async function run(test: CqlTest, translator: Translator, evaluator: Evaluator): Promise<Verdict> {
  const actual = await translate(translator, test.expression);
  if (test.invalid) {
    if (actual === null) return { outcome: 'pass', detail: 'does not translate, as it must' };
    const value = await evaluate(evaluator, actual);
    return value instanceof Error
      ? { outcome: 'pass', detail: value.message }
      : { outcome: 'fail', detail: `gave ${JSON.stringify(value)} instead of an error` };
  }
  const expected = await translate(translator, test.output ?? 'null');
  if (actual === null || expected === null)
    return { outcome: 'untranslatable', detail: actual === null ? 'the expression' : 'the expected output' };
  const [got, wanted] = [await evaluate(evaluator, actual), await evaluate(evaluator, expected)];
  if (got instanceof Error) return { outcome: 'fail', detail: got.message };
  if (wanted instanceof Error) return { outcome: 'fail', detail: `expected output: ${wanted.message}` };
  return same(got, wanted) || (await equal(test, translator, evaluator))
    ? { outcome: 'pass', detail: '' }
    : { outcome: 'fail', detail: `gave ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}` };
}

/** What is written in two ways may still be equal: `Interval[1, 4)` and `Interval[1, 3]`. */
async function equal({ expression, output }: CqlTest, translator: Translator, evaluator: Evaluator): Promise<boolean> {
  if (!/Interval/.test(output ?? '')) return false;
  const both = await translate(translator, `(${expression}) = (${output})`);
  return both !== null && (await evaluate(evaluator, both)) === true;
}

interface Verdict {
  readonly outcome: Outcome;
  readonly detail: string;
}

async function translate(translator: Translator, expression: string): Promise<ElmLibrary | null> {
  try {
    const cql = `library CqlTest version '1'\ndefine Result:\n  ${expression}`;
    return (await translator.translate({ cql })).main;
  } catch (error) {
    if (error instanceof TranslationFailed) return null;
    throw error;
  }
}

const nobody = new PatientRecord([{ resourceType: 'Patient', id: 'nobody' }]);

async function evaluate(evaluator: Evaluator, main: ElmLibrary): Promise<CqlValue | Error> {
  try {
    const prepared = evaluator.prepare(
      linkLibraries(main, () => null),
      { find: () => null },
    );
    const request = { expressions: ['Result'], parameters: {}, now: '2026-06-15T12:00:00.000+00:00' };
    return (await prepared.evaluate(nobody, request)).values.get('Result') ?? null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The same value; decimals to the eight places that CQL keeps. */
export function same(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number')
    return a === b || Math.abs(a - b) <= 1e-8 * Math.max(1, Math.abs(a), Math.abs(b));
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => same(item, b[i]));
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.every((key) => same(Reflect.get(a, key) ?? null, Reflect.get(b, key) ?? null));
}

/** Passes by file, as a table. */
export function cqlTestTable(results: readonly CqlTestResult[]): string {
  const files = [...new Set(results.map(({ file }) => file))];
  const count = (of: readonly CqlTestResult[], outcome: Outcome): string =>
    String(of.filter((result) => result.outcome === outcome).length).padStart(16);
  const line = (title: string, of: readonly CqlTestResult[]): string =>
    `${title.padEnd(36)}${String(of.length).padStart(6)}${count(of, 'pass')}${count(of, 'fail')}${count(of, 'untranslatable')}`;
  return [
    `${'file'.padEnd(36)}${'tests'.padStart(6)}${'pass'.padStart(16)}${'fail'.padStart(16)}${'untranslatable'.padStart(16)}`,
    ...files.map((file) =>
      line(
        file,
        results.filter((result) => result.file === file),
      ),
    ),
    line('all', results),
  ].join('\n');
}

/** Counts of a run, for other programs. */
export interface CqlReport {
  readonly passed: number;
  readonly total: number;
  readonly files: { readonly [file: string]: { readonly passed: number; readonly total: number } };
  readonly failures: readonly Pick<CqlTestResult, 'file' | 'group' | 'name' | 'outcome' | 'detail'>[];
}

export function cqlReport(results: readonly CqlTestResult[]): CqlReport {
  const counts = (of: readonly CqlTestResult[]): { passed: number; total: number } => ({
    passed: of.filter(({ outcome }) => outcome === 'pass').length,
    total: of.length,
  });
  const byFile = Map.groupBy(results, ({ file }) => file);
  return {
    ...counts(results),
    files: Object.fromEntries([...byFile].map(([file, of]) => [file, counts(of)])),
    failures: results
      .filter(({ outcome }) => outcome !== 'pass')
      .map(({ file, group, name, outcome, detail }) => ({ file, group, name, outcome, detail })),
  };
}
