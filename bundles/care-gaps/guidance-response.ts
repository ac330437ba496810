import type { GuidanceResponse } from '@medplum/fhirtypes';
import type { DataNeed, GapAnswer, MeasureDefinition } from '../../measures/index.ts';
import { dataRequirement } from '../data-requirement.ts';
import { type DeqmNames, deqmNames } from '../deqm-version.ts';
import { uuidOf } from '../identity.ts';
import { canonicalOf } from '../measure-report/report.ts';
import { unversioned } from '../references.ts';
import { type CareGapsSettings, groupIndex } from './subject-gaps.ts';

/** More ways than these to close one gap are not told. */
const mostWays = 8;

/**
 * Why a gap is as it is, and which data would close it (DEQM: deqm-detailedcaregapguidanceresponse): one GuidanceResponse
 * for each way to close the gap. All data requirements of one of them together are enough, because GuidanceResponse
 * cannot say "or". The first says the reasons, too. None when there is neither a reason nor a next step to tell.
 */
export function guidanceResponses(
  gap: GapAnswer,
  definition: MeasureDefinition,
  reportId: string,
  patient: string,
  date: string,
  { version }: CareGapsSettings,
): readonly GuidanceResponse[] {
  if (gap.reasons.length === 0 && gap.nextSteps.length === 0) return [];
  const names = deqmNames[version];
  const place = groupIndex(definition, gap);
  return waysToClose(gap.nextSteps).map((needs, way) => ({
    resourceType: 'GuidanceResponse',
    id: way === 0 ? uuidOf('guidance', reportId, place, gap.group.id) : uuidOf('guidance', reportId, place, way),
    ...(names.profiles !== null && { meta: { profile: [names.profiles.guidanceResponse] } }),
    moduleCanonical: canonicalOf(definition),
    status: needs.length > 0 ? 'data-required' : 'success',
    subject: { reference: patient },
    occurrenceDateTime: date,
    ...(way === 0 && gap.reasons.length > 0 && { reasonCode: gap.reasons.map((reason) => reasonCode(reason, names)) }),
    ...(gap.nextSteps.length > 0 && { note: way === 0 ? gap.nextSteps.map(({ text }) => ({ text })) : anotherWay }),
    ...(needs.length > 0 && { dataRequirement: needs.map((need) => dataRequirement(need, names.valueFilter)) }),
  }));
}

const anotherWay = [{ text: 'Another way to close the same gap' }];

/**
 * The sets of data that close a gap: of every step its own data (with what the same resource must meet as well), or one
 * of its alternatives. The nearest way comes first; the others change one step of it, so that few steps with many
 * alternatives don't multiply.
 */
export function waysToClose(steps: GapAnswer['nextSteps']): readonly (readonly DataNeed[])[] {
  const first = steps.map(({ need, together = [] }) => [need, ...together]);
  const others = steps.flatMap(({ alternatives = [] }, changed) =>
    alternatives.map((alternative) => first.flatMap((needs, step) => (step === changed ? [alternative] : needs))),
  );
  return [first.flat(), ...others].slice(0, mostWays);
}

function reasonCode(
  { code, reference, path, text }: GapAnswer['reasons'][number],
  names: DeqmNames,
): NonNullable<GuidanceResponse['reasonCode']>[number] {
  return {
    ...(reference !== null && {
      extension: [
        {
          url: names.reasonDetail,
          extension: [
            { url: 'reference', valueReference: { reference: unversioned(reference) } },
            { url: 'path', valueString: path ?? reference.slice(0, reference.indexOf('/')) },
          ],
        },
      ],
    }),
    coding: [{ system: names.gapReasonSystem, code }],
    text,
  };
}
