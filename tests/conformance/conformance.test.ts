import { group, measure, population } from '../measures/fakes.ts';
import { describeWithReferenceData } from '../support/reference-data.ts';
import { compare, isWhole } from './compare.ts';
import { Bench, type CaseResult } from './evaluate.ts';
import { explanations, unexplained } from './explained.ts';
import type { JobResult } from './jobs.ts';

const none = { populations: [], observations: [], strata: [], scores: [] };
const agreeing: CaseResult = { measure: 'M', case: 'a', differences: none, error: null, ms: 1 };
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
    expect(unexplained([job('M', agreeing, differing)], [])).toEqual(['ecqm M b: denominator: 1 expected, 0 found']);
  });

  it('fails for an explained case that agrees by now, and for one that is no case', () => {
    const [first] = explanations;
    const [id = ''] = first?.cases.trim().split(/\s+/) ?? [];
    const name = first?.measure ?? '';
    expect(unexplained([job(name, { ...agreeing, case: id })], [])).toEqual([
      `ecqm ${name} ${id} agrees by now: take it off the list in explained.ts`,
    ]);
    expect(unexplained([job(name, { ...differing, case: id })], [])).toEqual([]);
    expect(unexplained([], ['ecqm'])).toContain(`explained.ts names ${name} ${id}, which is no case`);
  });

  it('fails for a measure that could not be run', () => {
    expect(unexplained([{ ...job('M'), error: 'MissingLibrary: x' }], [])).toEqual(['ecqm M: MissingLibrary: x']);
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
    await new Bench().cases('CMS125FHIRBreastCancerScreen', (result) => {
      cases += 1;
      if (!isWhole(result)) differing.push(result.case);
    });
    expect(cases).toBeGreaterThan(60);
    expect(differing).toEqual([]);
  });
});
