import type { DetectedIssue, DetectedIssueEvidence, GuidanceResponse } from '@medplum/fhirtypes';
import type { GapAnswer, MeasureDefinition } from '../../measures/index.ts';
import { deqmNames } from '../deqm-version.ts';
import { uuidOf } from '../identity.ts';
import { type CareGapsSettings, groupIndex } from './subject-gaps.ts';

/**
 * The DetectedIssue of one group (DEQM: deqm-gapsincaredetectedissue). Measures with several groups say by
 * criteriaReference which one it is about.
 */
export function detectedIssue(
  gap: GapAnswer,
  definition: MeasureDefinition,
  reportId: string,
  patient: string,
  guidance: readonly GuidanceResponse[],
  date: string,
  settings: CareGapsSettings,
): DetectedIssue {
  const names = deqmNames[settings.version];
  const group = gap.group.linkId ?? gap.group.id;
  const criteria = definition.groups.length > 1 && group !== null ? group : null;
  const evidence: DetectedIssueEvidence[] = [
    {
      detail: [
        {
          ...(criteria !== null && { extension: [{ url: names.criteriaReference, valueString: criteria }] }),
          reference: `MeasureReport/${reportId}`,
        },
      ],
    },
    ...guidance.map(({ id }) => ({ detail: [{ reference: `GuidanceResponse/${id}` }] })),
  ];
  return {
    resourceType: 'DetectedIssue',
    id: uuidOf('gap', reportId, groupIndex(definition, gap), gap.group.id),
    ...(names.profiles !== null && { meta: { profile: [names.profiles.detectedIssue] } }),
    modifierExtension: [
      {
        url: names.gapStatus,
        valueCodeableConcept: { coding: [{ system: names.gapStatusSystem, code: gap.status }] },
      },
    ],
    status: 'final',
    code: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'CAREGAP', display: 'Care Gaps' }],
    },
    patient: { reference: patient },
    identifiedDateTime: date,
    evidence,
    ...(gap.reasons.length > 0 && { detail: gap.reasons.map(({ text }) => text).join(' ') }),
  };
}
