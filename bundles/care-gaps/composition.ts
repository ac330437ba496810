import type { Composition, CompositionSection } from '@medplum/fhirtypes';
import type { GapAnswer } from '../../measures/index.ts';
import { deqmNames } from '../deqm-version.ts';
import { gapsNarrative, overviewNarrative } from './narrative.ts';
import type { CareGapsSettings } from './subject-gaps.ts';

/** One measure of the document. */
export interface MeasureSection {
  readonly title: string;
  readonly reportId: string;
  readonly issueIds: readonly string[];
  readonly gaps: readonly GapAnswer[];
}

/** The Composition of a gaps-in-care document: one section for each measure (DEQM: deqm-gapsincarecomposition). */
export function composition(
  id: string,
  patient: string,
  sections: readonly MeasureSection[],
  settings: CareGapsSettings,
): Composition {
  const { reporter, version, date } = settings;
  const author = { reference: `${reporter.resourceType}/${reporter.id}` };
  const { profiles } = deqmNames[version];
  return {
    resourceType: 'Composition',
    id,
    ...(profiles !== null && { meta: { profile: [profiles.composition] } }),
    text: overviewNarrative(sections),
    status: 'final',
    type: { coding: [{ system: 'http://loinc.org', code: '96315-7', display: 'Gaps in care report' }] },
    subject: { reference: patient },
    date,
    author: [author],
    title: 'Gaps in Care Report',
    ...(reporter.resourceType === 'Organization' && { custodian: author }),
    section: sections.map(section),
  };
}

function section({ title, reportId, issueIds, gaps }: MeasureSection): CompositionSection {
  return {
    title,
    focus: { reference: `MeasureReport/${reportId}` },
    text: gapsNarrative(gaps),
    entry: issueIds.map((issue) => ({ reference: `DetectedIssue/${issue}` })),
  };
}
