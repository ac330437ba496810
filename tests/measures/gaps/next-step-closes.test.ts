import { createCompiler, type FhirResource, PatientRecord } from '../../../cql/index.ts';
import { evaluateSubject, type GapAnswer, gapAnswers, measurementPeriod } from '../../../measures/index.ts';
import { type ConformanceCase, casesOf } from '../../conformance/content.ts';
import { Bench } from '../../conformance/evaluate.ts';
import { describeWithReferenceData } from '../../support/reference-data.ts';
import { dataOf } from './apply-step.ts';

/** Open cases of a measure that are tried, and how many of them the next steps must close. */
const measures: readonly (readonly [measure: string, cases: number, closed: number])[] = [
  ['CMS125FHIRBreastCancerScreen', 12, 12],
  ['CMS130FHIRColorectalCancerScrn', 12, 12],
  ['CMS165FHIRControllingHighBP', 12, 12],
  ['CMS122FHIRDiabetesAssessGT9Pct', 1, 1],
  ['CMS139FHIRFallRiskScreening', 12, 12],
  ['CMS1188FHIRHIVSTITesting', 12, 12],
  ['CMS951FHIRKidneyHealthEval', 12, 12],
  ['CMS155FHIRWgtAssessCounseling', 12, 12],
  ['CMS68FHIRDocumentationCurrentMeds', 7, 7],
  ['CMS74FHIRDentalCariesPrevention', 8, 8],
  ['CMS2FHIRPCSDepScreenAndFollowUp', 7, 6],
  ['CMS69FHIRPCSBMIScreenAndFollowUp', 10, 9],
];

describeWithReferenceData('Recording what the next steps of an open gap say', () => {
  const bench = new Bench(createCompiler());

  it.each(measures)('closes it: %s, of %d open cases at least %d', async (name, cases, least) => {
    const prepared = bench.prepare(name);
    const answersOf = async ({ expected }: ConformanceCase, resources: PatientRecord): Promise<GapAnswer[]> => {
      const period = measurementPeriod(expected.period?.start ?? '', expected.period?.end ?? '');
      const now = `${period.end}T23:59:59.999+00:00`;
      const result = await evaluateSubject(prepared, resources, { period, now, trace: true, supplementalData: false });
      return gapAnswers(prepared, result, { period, asOf: period.end });
    };
    const outcomes: boolean[] = [];
    for (const official of casesOf(name)) {
      const resources = (official.bundle.entry ?? []).flatMap(({ resource }) =>
        resource === undefined ? [] : [resource as FhirResource],
      );
      const answers = await answersOf(official, new PatientRecord(resources));
      for (const [group, { status, reasons, nextSteps }] of answers.entries()) {
        if (status !== 'prospective-gap' || outcomes.length >= cases) continue;
        expect(reasons.length).toBeGreaterThan(0);
        for (const { text } of [...reasons, ...nextSteps]) expect(text).toMatch(/^[^a-z\n][^\n]{5,119}$/);
        const asOf = official.expected.period?.end ?? '';
        const recorded = nextSteps.flatMap((step) => dataOf(step, bench.content.valueSets, asOf));
        const after = await answersOf(official, new PatientRecord([...resources, ...recorded]));
        outcomes.push(nextSteps.length > 0 && after[group]?.status === 'closed-gap');
      }
    }
    expect(outcomes).toHaveLength(cases);
    expect(outcomes.filter((closed) => closed).length).toBeGreaterThanOrEqual(least);
  });
});
