import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Presets, SingleBar } from 'cli-progress';
import { type Disagreement, enginesOver } from '../cql/agreement.ts';
import { unexplained as unexplainedDisagreements } from '../cql/explained.ts';
import { readReferenceLines, referenceData } from '../support/reference-data.ts';
import { casesOf, loadContent } from './content.ts';
import { type CqlReport, cqlReport, cqlTests, cqlTestTable, runCqlTests } from './cql-tests.ts';
import { createEngine, type EngineName, isEngine } from './engines.ts';
import { absent, unexplained } from './explained.ts';
import { type Job, type JobResult, runJobs, type Suite } from './jobs.ts';
import { rowsOf, summary, table, totalsOf } from './table.ts';

const usage =
  'npm run conformance -- [ecqm|scoring|synthea|cql|agreement] [--engine interpreted|compiled] [--measure NAME] [--json [FILE]] [--jobs N]';

/** `--json` without a file means standard output, which then carries nothing else. */
const args = process.argv.slice(2).flatMap((arg, n, all) => {
  const bare = arg === '--json' && (all[n + 1] === undefined || all[n + 1]?.startsWith('--'));
  return bare ? ['--json', '-'] : [arg];
});
const toStandardOutput = args.includes('-');
const say = toStandardOutput ? console.error : console.log;

/**
 * Runs official cases through the product's own code: the scoring oracle and the eCQM cases, unless suites are named. Exits
 * with 1 when a case differs that isn't explained. HL7's CQL tests (`cql`) are reported, and fail nothing: what an engine
 * must pass of them is held by the tests of that engine.
 */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      engine: { type: 'string', default: 'compiled' },
      measure: { type: 'string' },
      json: { type: 'string' },
      jobs: { type: 'string', default: '2' },
      help: { type: 'boolean' },
    },
  });
  if (positionals[0] === 'agreement') return compareEngines(values.measure ?? '');
  const named = positionals.length === 0 ? ['scoring', 'ecqm', 'cql'] : positionals;
  const suites = named.filter(isSuite);
  const { engine } = values;
  if (values.help === true || !isEngine(engine) || !named.every((name) => isSuite(name) || name === 'cql')) {
    say(usage);
    return values.help === true ? 0 : 2;
  }
  const cql = named.includes('cql') && values.measure === undefined;
  const jobs = suites.flatMap((suite) => jobsOf(suite)).filter(({ measure }) => measure.includes(values.measure ?? ''));
  if (jobs.length === 0 && !cql) {
    console.error(`No measure is called like ${values.measure} (in ${referenceData})`);
    return 2;
  }
  const results = await runMeasures(jobs, engine, Number(values.jobs));
  const rows = rowsOf(results);
  const surprises = unexplained(results);
  if (results.length > 0) {
    say(table(rows));
    say(summary(rows));
  }
  for (const surprise of surprises) say(`! ${surprise}`);
  const missing = values.measure === undefined && suites.includes('ecqm') ? absent(results) : [];
  if (missing.length > 0) say(`${missing.length} explained cases are not in the content: ${missing.join(', ')}`);
  const tests = cql ? await runCql(engine) : null;
  if (values.json !== undefined) {
    const report = { engine, measures: rows, totals: totalsOf(rows), surprises, cql: tests, results };
    const text = JSON.stringify(suites.length === 0 ? { engine, ...tests } : report, null, 1);
    if (toStandardOutput) console.log(text);
    else writeFileSync(values.json, text);
  }
  return surprises.length === 0 ? 0 : 1;
}

async function runMeasures(jobs: readonly Job[], engine: EngineName, threads: number): Promise<JobResult[]> {
  if (jobs.length === 0) return [];
  const bar = progress();
  const total = jobs.reduce((sum, { cases }) => sum + cases, 0);
  bar.start(total, 0, { of: '' });
  const results = await runJobs(jobs, { engine, threads }, ({ measure }) => bar.increment(1, { of: measure }));
  bar.stop();
  return results;
}

async function runCql(engine: EngineName): Promise<CqlReport> {
  const bar = progress();
  bar.start(cqlTests().length, 0, { of: '' });
  const results = await runCqlTests(createEngine(engine), ({ file }) => bar.increment(1, { of: file }));
  bar.stop();
  say(cqlTestTable(results));
  return cqlReport(results);
}

/** Both engines on every definition of every measure and case. Exits with 1 when they differ where nothing explains it. */
async function compareEngines(name: string): Promise<number> {
  const bar = progress();
  const content = loadContent();
  const engines = enginesOver(content);
  const measures = [...content.measures.keys()].filter((measure) => measure.includes(name) && casesIn(measure) > 0);
  const disagreements: Disagreement[] = [];
  let compared = 0;
  bar.start(measures.length, 0, { of: '' });
  for (const measure of measures) {
    const found = await engines.compare(measure, casesOf(measure));
    disagreements.push(...found.disagreements);
    compared += found.compared;
    bar.increment(1, { of: measure });
  }
  bar.stop();
  const surprises = unexplainedDisagreements(disagreements);
  say(`${compared} values compared, ${disagreements.length} differ, ${surprises.length} of these unexplained`);
  for (const { measure, case: id, expression, compiled, interpreted } of surprises)
    say(`! ${measure} ${id} "${expression}"\n  compiled    ${compiled}\n  interpreted ${interpreted}`);
  return surprises.length === 0 ? 0 : 1;
}

function progress(): SingleBar {
  const format = '{bar} {percentage} % | {value} of {total} | {eta} s left | {of}';
  return new SingleBar({ format, noTTYOutput: false }, Presets.shades_classic);
}

function isSuite(name: string): name is Suite {
  return name === 'ecqm' || name === 'scoring' || name === 'synthea';
}

function jobsOf(suite: Suite): Job[] {
  if (suite === 'scoring')
    return ['IGProportion', 'IGRatio', 'IGContinuousVariable', 'IGCohort'].map((measure) => ({
      suite,
      measure,
      cases: 10,
    }));
  const measures = readReferenceLines<{ name: string }>('ecqm', 'measures.ndjson.gz').map(({ name }) => name);
  if (suite === 'synthea') return measures.map((measure) => ({ suite, measure, cases: 60 }));
  return measures.flatMap((measure) => {
    const cases = casesIn(measure);
    return cases === 0 ? [] : [{ suite, measure, cases }];
  });
}

/** Some of the published measures come without cases. */
function casesIn(measure: string): number {
  const file = `${measure}.ndjson.gz`;
  return existsSync(join(referenceData, 'ecqm', 'cases', file)) ? readReferenceLines('ecqm', 'cases', file).length : 0;
}

process.exitCode = await main();
