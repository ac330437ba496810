import type { Measure, MeasureReport } from '@medplum/fhirtypes';
import { createTranslator, type Evaluator, libraryKey, linkLibraries } from '../../cql/index.ts';
import {
  evaluateSubject,
  measurementPeriod,
  type PreparedMeasure,
  prepareMeasure,
  readMeasure,
  Tally,
} from '../../measures/index.ts';
import { readReference, readReferenceLines } from '../support/reference-data.ts';
import { compare } from './compare.ts';
import { type ConformanceCase, recordOf } from './content.ts';
import { type CaseResult, evaluateCase } from './evaluate.ts';

/**
 * The scoring oracle of the quality measure IG for one measure: nine patients, each with an expected report, and the
 * summary over all of them. It comes as CQL only, so it goes through the translator.
 */
export async function scoringCases(name: string, evaluator: Evaluator): Promise<CaseResult[]> {
  const prepared = await prepare(name, evaluator);
  const cases = readReferenceLines<ConformanceCase>('scoring', 'cases.ndjson').filter(
    ({ measure }) => measure === name,
  );
  const results: CaseResult[] = [];
  for (const each of cases) results.push(await evaluateCase(prepared, each, { scores: true }));
  return [...results, await summaryCase(prepared, name, cases)];
}

async function prepare(name: string, evaluator: Evaluator): Promise<PreparedMeasure> {
  const translator = createTranslator();
  try {
    const { main, includes } = await translator.translate({ cql: readReference('scoring', `${name}.cql`) });
    const byKey = new Map(includes.map((library) => [libraryKey(library.library.identifier), library]));
    const linked = linkLibraries(
      main,
      (id, version) => byKey.get(libraryKey(version === null ? { id } : { id, version })) ?? null,
    );
    return prepareMeasure({
      definition: readMeasure(JSON.parse(readReference('scoring', `Measure-${name}.json`)) as Measure),
      linked,
      valueSets: { find: () => null },
      evaluator,
    });
  } finally {
    await translator.close();
  }
}

async function summaryCase(
  prepared: PreparedMeasure,
  measure: string,
  cases: readonly ConformanceCase[],
): Promise<CaseResult> {
  const started = performance.now();
  const expected = JSON.parse(readReference('scoring', `MeasureReport-${measure}-summary.json`)) as MeasureReport;
  const period = measurementPeriod(expected.period?.start ?? '', expected.period?.end ?? '');
  const tally = new Tally(prepared.definition);
  for (const { bundle } of cases)
    tally.add(await evaluateSubject(prepared, recordOf(bundle), { period, now: `${period.end}T23:59:59.999+00:00` }));
  const { groups } = tally.totals();
  const differences = compare(prepared.definition, groups, expected, { scores: true });
  return { measure, case: 'summary', differences, severalStrata: false, error: null, ms: performance.now() - started };
}
