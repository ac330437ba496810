import { createCompiler } from '../../cql/index.ts';
import { describeWithReferenceData } from '../support/reference-data.ts';
import { casesOf } from './content.ts';
import { Bench, evaluateCase } from './evaluate.ts';
import { differencesOf } from './explained.ts';
import { mendings, unmended } from './mended.ts';

describeWithReferenceData('An official case that cannot be met', () => {
  const bench = new Bench(createCompiler());

  it.each(mendings.flatMap(({ measure, cases, mend }) => cases.split(' ').map((id) => ({ measure, id, mend }))))(
    'agrees with what it lacks put in: $measure $id',
    async ({ measure, id, mend }) => {
      const official = casesOf(measure).find((each) => each.case.startsWith(id));
      if (official === undefined) return;
      const prepared = bench.prepare(measure);
      const asItIs = await evaluateCase(prepared, official, { scores: false });
      const mended = await evaluateCase(prepared, { ...official, bundle: mend(official.bundle) }, { scores: false });
      expect([asItIs.error, mended.error]).toEqual([null, null]);
      expect(differencesOf(asItIs.differences)).not.toBe('');
      expect(differencesOf(mended.differences)).toBe('');
    },
  );

  it('is one of strata only, where nothing could be put in', () => {
    expect(unmended()).toEqual(['CMS155FHIRWgtAssessCounseling 356b9969', 'CMS155FHIRWgtAssessCounseling a0a8def2']);
  });
});
