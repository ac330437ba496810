import type { Bundle, MeasureReport } from '@medplum/fhirtypes';
import { type FhirResource, PatientRecord } from '../../../cql/index.ts';
import { evaluateSubject, measurementPeriod, type PreparedMeasure } from '../../../measures/index.ts';
import { describeWithReferenceData, readReferenceLines } from '../../support/reference-data.ts';
import { prepareOwn } from './installed.ts';

interface OfficialCase {
  readonly case: string;
  readonly expected: MeasureReport;
  readonly bundle: Bundle;
}

/** Cases in which our measure differs from the official one by design, each with the reason. */
const byDesign: { readonly [measure: string]: { readonly [caseId: string]: string } } = {
  BreastCancerScreening: {},
  ControllingHighBloodPressure: {},
};

describeWithReferenceData('Our measures on the official cases', () => {
  describe.each([
    ['BreastCancerScreening', 'CMS125FHIRBreastCancerScreen', 66],
    ['ControllingHighBloodPressure', 'CMS165FHIRControllingHighBP', 68],
  ])('%s on %s', (name, official, total) => {
    let prepared: PreparedMeasure;
    let cases: OfficialCase[];
    beforeAll(() => {
      prepared = prepareOwn(name);
      cases = readReferenceLines<OfficialCase>('ecqm', 'cases', `${official}.ndjson.gz`);
    });

    it(`agrees on every one of ${total} cases, but for those that differ by design`, async () => {
      const differing: { case: string; expected: number[]; actual: number[] }[] = [];
      for (const one of cases) {
        const expected = (one.expected.group ?? []).flatMap(({ population = [] }) =>
          population.map(({ count = 0 }) => count),
        );
        const actual = await counts(prepared, one);
        if (expected.join() !== actual.join()) differing.push({ case: one.case, expected, actual });
      }
      expect(cases).toHaveLength(total);
      expect(differing.filter((one) => byDesign[name]?.[one.case] === undefined)).toEqual([]);
      expect(differing.map((one) => one.case).sort()).toEqual(Object.keys(byDesign[name] ?? {}).sort());
    });
  });
});

/** Counts of initial population, denominator, denominator exclusion and numerator, in the order of both measures. */
async function counts(prepared: PreparedMeasure, { expected, bundle }: OfficialCase): Promise<number[]> {
  const period = measurementPeriod(expected.period?.start ?? '', expected.period?.end ?? '');
  const resources = (bundle.entry ?? []).flatMap(({ resource }) => (resource === undefined ? [] : [resource]));
  const record = new PatientRecord(resources as unknown as FhirResource[]);
  const { groups } = await evaluateSubject(prepared, record, { period, now: `${period.end}T23:59:59.999+00:00` });
  return groups.flatMap(({ populations }) => populations.map(({ count }) => count));
}
