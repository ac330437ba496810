import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Presets, SingleBar } from 'cli-progress';
import { readReferenceLines, referenceData } from '../support/reference-data.ts';
import { unexplained } from './explained.ts';
import { type Job, runJobs, type Suite } from './jobs.ts';
import { summary, table } from './table.ts';

const usage = 'npm run conformance -- [ecqm|scoring|synthea] [--measure NAME] [--json FILE] [--jobs N]';

/** Runs official cases through the product's own code. Exits with 1 when a case differs that isn't explained. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      measure: { type: 'string' },
      json: { type: 'string' },
      jobs: { type: 'string', default: '2' },
      help: { type: 'boolean' },
    },
  });
  const suites = positionals.length === 0 ? ['scoring', 'ecqm'] : positionals;
  if (values.help === true || !suites.every(isSuite)) {
    console.log(usage);
    return values.help === true ? 0 : 2;
  }
  const jobs = suites.flatMap((suite) => jobsOf(suite)).filter(({ measure }) => measure.includes(values.measure ?? ''));
  if (jobs.length === 0) {
    console.error(`No measure is called like ${values.measure} (in ${referenceData})`);
    return 2;
  }
  const total = jobs.reduce((sum, { cases }) => sum + cases, 0);
  const bar = new SingleBar(
    { format: '{bar} {percentage} % | {value} of {total} cases | {eta} s left | {measure}', noTTYOutput: false },
    Presets.shades_classic,
  );
  bar.start(total, 0, { measure: '' });
  const results = await runJobs(jobs, Number(values.jobs), ({ measure }) => bar.increment(1, { measure }));
  bar.stop();
  const surprises = unexplained(results, values.measure === undefined ? suites : []);
  console.log(table(results));
  console.log(summary(results));
  for (const surprise of surprises) console.log(`! ${surprise}`);
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ results, surprises }, null, 1));
  return surprises.length === 0 ? 0 : 1;
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

function casesIn(measure: string): number {
  try {
    return readReferenceLines('ecqm', 'cases', `${measure}.ndjson.gz`).length;
  } catch {
    return 0;
  }
}

process.exitCode = await main();
