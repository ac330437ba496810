import { loadContent } from '../conformance/content.ts';
import { describeWithReferenceData } from '../support/reference-data.ts';
import { casesFor, enginesOver } from './agreement.ts';
import { unexplained } from './explained.ts';

/** A sample; `npm run conformance -- agreement` compares every definition on every case. */
const measures = [
  'CMS125FHIRBreastCancerScreen',
  'CMS165FHIRControllingHighBP',
  'CMS347FHIRStatinPreventionTxCVD',
  'CMS104FHIRSTKDCAntithrombotic',
  'CMS69FHIRPCSBMIScreenAndFollowUp',
];

describeWithReferenceData('The two engines', () => {
  it.each(measures)(
    'give the same for every definition of %s',
    async (measure) => {
      content ??= loadContent();
      engines ??= enginesOver(content);
      const { compared, disagreements } = await engines.compare(measure, casesFor(measure, 3));
      expect(compared).toBeGreaterThan(40);
      expect(unexplained(disagreements)).toEqual([]);
    },
    120_000,
  );
});

let content: ReturnType<typeof loadContent> | undefined;
let engines: ReturnType<typeof enginesOver> | undefined;
