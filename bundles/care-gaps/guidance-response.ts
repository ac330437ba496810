import type { GuidanceResponse } from '@medplum/fhirtypes';
import type { GapAnswer, MeasureDefinition } from '../../measures/index.ts';
import { dataRequirement } from '../data-requirement.ts';
import { type DeqmNames, deqmNames } from '../deqm-version.ts';
import { uuidOf } from '../identity.ts';
import { canonicalOf } from '../measure-report/report.ts';
import { unversioned } from '../references.ts';
import { type CareGapsSettings, groupIndex } from './subject-gaps.ts';

/**
 * Why a gap is as it is, and which data would close it (DEQM: deqm-detailedcaregapguidanceresponse); null when there is
 * neither a reason nor a next step to tell.
 */
export function guidanceResponse(
  gap: GapAnswer,
  definition: MeasureDefinition,
  reportId: string,
  patient: string,
  settings: CareGapsSettings,
): GuidanceResponse | null {
  if (gap.reasons.length === 0 && gap.nextSteps.length === 0) return null;
  const names = deqmNames[settings.version];
  return {
    resourceType: 'GuidanceResponse',
    id: uuidOf('guidance', reportId, groupIndex(definition, gap), gap.group.id),
    ...(names.profiles !== null && { meta: { profile: [names.profiles.guidanceResponse] } }),
    moduleCanonical: canonicalOf(definition),
    status: gap.nextSteps.length > 0 ? 'data-required' : 'success',
    subject: { reference: patient },
    occurrenceDateTime: settings.date,
    ...(gap.reasons.length > 0 && { reasonCode: gap.reasons.map((reason) => reasonCode(reason, names)) }),
    ...(gap.nextSteps.length > 0 && {
      note: gap.nextSteps.map(({ text }) => ({ text })),
      dataRequirement: gap.nextSteps.map(({ need }) => dataRequirement(need, names.valueFilter)),
    }),
  };
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
