import type { Command } from 'commander';
import {
  type CqlValue,
  createCompiler,
  createInterpreter,
  type EvaluationRequest,
  type Evaluator,
  type PatientRecord,
  type PreparedLibrary,
} from '../../cql/index.ts';
import { measurementPeriod, periodParameter } from '../../measures/index.ts';
import { readInput } from './cql-input.ts';
import { explain, type Shown, show, shownParts } from './cql-output.ts';
import { linkInput, type Sources } from './cql-sources.ts';

interface Options {
  readonly patient: string;
  readonly library?: string[];
  readonly valueSets?: string[];
  readonly models?: string[];
  readonly define?: string[];
  readonly period: string;
  readonly engine: 'compiled' | 'interpreted' | 'both';
  readonly show?: string;
}

/** `gapless cql`: evaluates an expression or a library on a patient of a file. Needs no database. */
export function registerCql(program: Command): void {
  program
    .command('cql')
    .description('evaluate CQL on a patient file, without a database')
    .argument('[expression]', 'CQL; with --library it may use what the library defines')
    .requiredOption('--patient <file>', 'Bundle, resource, array or NDJSON of one patient (.gz is unpacked)')
    .option('--library <file...>', 'CQL or ELM JSON; more files are what the first one includes')
    .option('--value-sets <file...>', 'ValueSets and CodeSystems: Bundle, resource or NDJSON')
    .option('--models <file...>', 'model infos (XML) beside System and FHIR 4.0.1')
    .option('--define <name...>', 'definitions to evaluate; all of the library when none is given')
    .option(
      '--period <dates>',
      'Measurement Period: 2026, 2026-03 or 2026-01-01/2026-06-30; it ends Now()',
      String(new Date().getFullYear()),
    )
    .option('--engine <name>', 'compiled, interpreted or both', 'compiled')
    .option('--show <parts>', `also show, of ${shownParts.join(', ')}`)
    .action(async (expression: string | undefined, options: Options) => {
      process.exitCode = await run(expression ?? null, options);
    });
}

async function run(expression: string | null, options: Options): Promise<number> {
  let sources: Sources | null = null;
  try {
    const input = readInput(expression, options);
    sources = input.sources;
    const engines = enginesOf(options.engine);
    const shown = shownOf(options.show);
    const linked = await linkInput(input.sources, input.models);
    const defined = (linked.main.library.statements?.def ?? []).filter(
      ({ type, name }) => type !== 'FunctionDef' && name !== 'Patient',
    );
    const wanted = expression !== null ? ['Result'] : (options.define ?? defined.map(({ name }) => name));
    const results = new Map<string, string>();
    let failed = false;
    for (const evaluator of engines) {
      const started = performance.now();
      const prepared = evaluator.prepare(linked, input.valueSets);
      const preparedAt = performance.now();
      const request = requestOf(options.period, wanted, shown.has('trace'));
      const outcome = await prepared.evaluate(input.record, request).catch((error: unknown) => error);
      const apart = outcome instanceof Error ? await eachApart(prepared, input.record, request) : null;
      const timing = { prepareMs: preparedAt - started, evaluateMs: performance.now() - preparedAt };
      if (engines.length > 1) console.log(`── ${evaluator.name}`);
      const text = show({ prepared, outcome, apart, wanted, shown, timing, sources });
      failed ||= outcome instanceof Error;
      console.log(text.all);
      results.set(text.values, evaluator.name);
    }
    if (engines.length > 1) console.log(results.size === 1 ? '── the engines agree' : '── the engines differ');
    return failed || results.size > 1 ? 1 : 0;
  } catch (error) {
    console.error(explain(error, sources));
    return 1;
  }
}

/** Where one definition fails, the others still have values. */
async function eachApart(
  prepared: PreparedLibrary,
  record: PatientRecord,
  request: EvaluationRequest,
): Promise<Map<string, unknown>> {
  const outcomes = new Map<string, unknown>();
  for (const name of request.expressions)
    outcomes.set(
      name,
      await prepared.evaluate(record, { ...request, expressions: [name] }).catch((error: unknown) => error),
    );
  return outcomes;
}

function requestOf(period: string, expressions: readonly string[], trace: boolean): EvaluationRequest {
  const [start = '', end = start] = period.split('/');
  const dates = measurementPeriod(start, end);
  const parameters: Record<string, CqlValue> = { 'Measurement Period': periodParameter(dates, '+00:00') };
  return { expressions, parameters, now: `${dates.end}T23:59:59.999+00:00`, trace, budgetMs: 60_000 };
}

function enginesOf(name: string): Evaluator[] {
  if (name === 'compiled') return [createCompiler()];
  if (name === 'interpreted') return [createInterpreter()];
  if (name === 'both') return [createCompiler(), createInterpreter()];
  throw new Error(`There is no engine "${name}": compiled, interpreted or both`);
}

function shownOf(text: string | undefined): ReadonlySet<Shown> {
  const asked = text?.split(',').map((part) => part.trim()) ?? [];
  const unknown = asked.find((part) => !shownParts.some((known) => known === part));
  if (unknown !== undefined) throw new Error(`Nothing is called "${unknown}" here: --show ${shownParts.join(',')}`);
  return new Set(shownParts.filter((part) => asked.includes(part)));
}
