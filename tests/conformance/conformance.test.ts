import { createInterpreter } from '../../cql/index.ts';
import { group, measure, population } from '../measures/fakes.ts';
import { describeWithReferenceData } from '../support/reference-data.ts';
import { compare, isWhole } from './compare.ts';
import { cqlReport } from './cql-tests.ts';
import { Bench, type CaseResult } from './evaluate.ts';
import { absent, explanations, unexplained } from './explained.ts';
import { claimsSeveralStrata, exclusiveStrata } from './explained-strata.ts';
import type { JobResult } from './jobs.ts';
import { rowsOf, summary, table, totalsOf } from './table.ts';

const none = { populations: [], observations: [], strata: [], scores: [] };
const agreeing: CaseResult = { measure: 'M', case: 'a', differences: none, severalStrata: false, error: null, ms: 1 };
const differing: CaseResult = {
  ...agreeing,
  case: 'b',
  differences: { ...none, populations: ['denominator: 1 expected, 0 found'] },
};
const job = (measureName: string, ...results: CaseResult[]): JobResult => ({
  suite: 'ecqm',
  measure: measureName,
  cases: results.length,
  results,
  error: null,
});

describe('A conformance run', () => {
  it('fails for a case that differs without explanation, and says how', () => {
    expect(unexplained([job('M', agreeing, differing)])).toEqual(['ecqm M b: denominator: 1 expected, 0 found']);
  });

  it('fails for an explained case that agrees by now, and names those that are no case', () => {
    const [first] = explanations;
    const [id = ''] = first?.cases.trim().split(/\s+/) ?? [];
    const name = first?.measure ?? '';
    expect(unexplained([job(name, { ...agreeing, case: id })])).toEqual([
      `ecqm ${name} ${id} agrees by now: take it off the list in explained.ts`,
    ]);
    expect(unexplained([job(name, { ...differing, case: id })])).toEqual([]);
    expect(absent([])).toContain(`${name} ${id}`);
  });

  it('excuses contradictory strata where strata exclude each other, and nothing but strata', () => {
    const [{ measure: exclusive } = { measure: '' }] = exclusiveStrata;
    const strata = { ...differing, severalStrata: true, differences: { ...none, strata: ['s1: 1 expected, 0 found'] } };
    const both = {
      ...strata,
      differences: { ...strata.differences, populations: ['denominator: 1 expected, 0 found'] },
    };
    expect(unexplained([job(exclusive, strata)])).toEqual([]);
    expect(unexplained([job(exclusive, { ...strata, severalStrata: false })])).toHaveLength(1);
    expect(unexplained([job(exclusive, both)])).toHaveLength(1);
    expect(unexplained([job('M', strata)])).toHaveLength(1);
  });

  it.each<[string, number[][], boolean]>([
    ['both strata count the patient', [[1], [1]], true],
    ['one does', [[1], [0]], false],
    ['none does', [[0], [0]], false],
    [
      'one lists its populations twice, with two counts',
      [
        [1, 1],
        [0, 1],
      ],
      false,
    ],
    [
      'both list their populations twice, and always count the patient',
      [
        [1, 1],
        [1, 1],
      ],
      true,
    ],
  ])('knows a report whose strata contradict each other: %s', (_, counts, contradicts) => {
    const code = { coding: [{ code: 'initial-population' }] };
    const stratifier = counts.map((ofStratum) => ({
      stratum: [
        { value: { text: 'true' }, population: ofStratum.map((count) => ({ code, count })) },
        { value: { text: 'false' }, population: ofStratum.map((count) => ({ code, count: 1 - count })) },
      ],
    }));
    const report = { resourceType: 'MeasureReport', status: 'complete', type: 'individual', measure: 'm' } as const;
    expect(claimsSeveralStrata({ ...report, period: {}, group: [{ stratifier }] })).toBe(contradicts);
  });

  it('counts by measure and by suite', () => {
    const failed = { ...agreeing, case: 'c', error: 'EvaluationFailed: x' };
    const rows = rowsOf([job('A', agreeing, differing), job('B', agreeing, failed)]);
    const counts = { suite: 'ecqm', explained: 0, cases: 2, agree: 1, agreePopulations: 1, ms: 2 };
    expect(rows).toEqual([
      { ...counts, measure: 'A', differ: 1, error: 0 },
      { ...counts, measure: 'B', differ: 0, error: 1 },
    ]);
    const all = { ...counts, measure: null, cases: 4, agree: 2, agreePopulations: 2, differ: 1, error: 1, ms: 4 };
    expect(totalsOf(rows)).toEqual([all]);
    expect(table(rows)).toContain('all of ecqm');
    expect(summary(rows)).toBe('ecqm: 4 cases, 50.00 % agree in everything, 50.00 % in populations');
  });

  it("counts HL7's tests by file", () => {
    const test = { group: 'g', name: 'n', expression: '1', output: '1', invalid: false, detail: '' };
    const report = cqlReport([
      { ...test, file: 'A', outcome: 'pass' },
      { ...test, file: 'A', outcome: 'fail' },
      { ...test, file: 'B', outcome: 'untranslatable' },
    ]);
    expect(report).toMatchObject({
      passed: 1,
      total: 3,
      files: { A: { passed: 1, total: 2 }, B: { passed: 0, total: 1 } },
    });
    expect(report.failures).toHaveLength(2);
  });

  it('fails for a measure that could not be run', () => {
    expect(unexplained([{ ...job('M'), error: 'MissingLibrary: x' }])).toEqual(['ecqm M: MissingLibrary: x']);
  });

  it('compares counts, observations whatever their order, and strata that are met', () => {
    const of = group({
      id: 'g',
      scoring: 'continuous-variable',
      populations: [population('initial-population'), population('measure-observation', { id: 'mo' })],
    });
    const result = {
      populations: [
        { id: 'initial-population', code: 'initial-population' as const, count: 2, observations: [] },
        { id: 'mo', code: 'measure-observation' as const, count: 2, observations: [7, 3] },
      ],
      stratifiers: [
        {
          id: 's',
          strata: [{ values: [true], populations: [{ id: null, code: 'initial-population' as const, count: 1 }] }],
        },
      ],
      score: 10,
    };
    const observed = (id: string, count: number) => ({
      id,
      count,
      code: { coding: [{ code: 'measure-observation' }] },
    });
    const counted = (count: number) => ({ count, code: { coding: [{ code: 'initial-population' }] } });
    const report = (initial: number, first: number, stratum: number) => ({
      resourceType: 'MeasureReport' as const,
      status: 'complete' as const,
      type: 'individual' as const,
      measure: 'm',
      period: {},
      group: [
        {
          id: 'g',
          population: [counted(initial), observed('mo_1', first), observed('mo_2', 7)],
          stratifier: [{ id: 's', stratum: [{ value: { text: 'true' }, population: [counted(stratum)] }] }],
        },
      ],
    });
    const differences = (initial: number, first: number, stratum: number) =>
      compare(measure([of]), [result], report(initial, first, stratum), { scores: true });
    expect(isWhole({ differences: differences(2, 3, 1), error: null })).toBe(true);
    expect(differences(1, 4, 0)).toEqual({
      populations: ['g initial-population: 1 expected, 2 found'],
      observations: ['mo: [4,7] expected, [3,7] found'],
      strata: ['s initial-population: 0 expected, 1 found'],
      scores: [],
    });
  });
});

describeWithReferenceData('The official cases of breast cancer screening', () => {
  it('all agree in populations and strata', async () => {
    const differing: string[] = [];
    let cases = 0;
    await new Bench(createInterpreter()).cases('CMS125FHIRBreastCancerScreen', (result) => {
      cases += 1;
      if (!isWhole(result)) differing.push(result.case);
    });
    expect(cases).toBeGreaterThan(60);
    expect(differing).toEqual([]);
  });
});
