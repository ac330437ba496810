import type { Bundle, DetectedIssue, GuidanceResponse, MeasureReport, Resource } from '@medplum/fhirtypes';
import type { GapAnswer, MeasureDefinition, SubjectResult } from '../../measures/index.ts';
import { deqmNames } from '../deqm-version.ts';
import { entriesOf } from '../entries.ts';
import { uuidOf } from '../identity.ts';
import { resourcesOf } from '../measure-report/bundle.ts';
import { individualReport } from '../measure-report/individual.ts';
import { referenceOf, resourceOf, unversioned } from '../references.ts';
import { composition, type MeasureSection } from './composition.ts';
import { detectedIssue } from './detected-issue.ts';
import { guidanceResponses } from './guidance-response.ts';
import { type CareGapsSettings, groupIndex, type SubjectGaps } from './subject-gaps.ts';

/**
 * The gaps-in-care Bundle of one subject (DEQM: deqm-gapsincarebundle): a document with a Composition, or a collection
 * that begins with the MeasureReports. Only gaps of the wanted statuses; null when the subject has none, because a
 * document has at least one section (Composition.section 1..*).
 */
export function careGapsBundle(subject: SubjectGaps, settings: CareGapsSettings): Bundle | null {
  const { date, version, statuses, isDocument, baseUrl, reporter } = settings;
  const patient = `Patient/${subject.patient.id ?? ''}`;
  const reports: MeasureReport[] = [];
  const issues: DetectedIssue[] = [];
  const guidance: GuidanceResponse[] = [];
  const others: Resource[] = [];
  const sections: MeasureSection[] = [];
  for (const { definition, result, gaps: all, evaluatedAt = date } of subject.measures) {
    const gaps = all.filter(({ status }) => statuses.includes(status));
    if (gaps.length === 0) continue;
    const { report, resources } = individualReport(withEvidence(withoutScores(result, all, definition), all, subject), {
      definition,
      period: settings.period,
      date: evaluatedAt,
      reporter: { reference: `${reporter.resourceType}/${reporter.id}` },
      version,
      ...(settings.locations && { locations: settings.locations }),
    });
    const reportId = report.id ?? '';
    const measureIssues = gaps.map((gap) => {
      const guides = guidanceResponses(gap, definition, reportId, patient, evaluatedAt, settings);
      guidance.push(...guides);
      return detectedIssue(gap, definition, reportId, patient, guides, evaluatedAt, settings);
    });
    reports.push(report);
    issues.push(...measureIssues);
    others.push(...resources, ...evidenceOf(report, subject, result));
    sections.push({
      title: definition.title ?? definition.name ?? definition.url,
      reportId,
      issueIds: measureIssues.map(({ id }) => id ?? ''),
      gaps,
    });
  }
  if (sections.length === 0) return null;

  const parties = [resourceOf(subject.patient), reporter];
  const reportIds = reports.map((report) => report.id ?? '');
  const id = careGapsBundleId(patient, date, reportIds, statuses);
  const { profiles } = deqmNames[version];
  const content = isDocument
    ? [composition(careGapsCompositionId(id), patient, sections, settings), ...issues, ...reports, ...guidance]
    : [...reports, ...issues, ...guidance];
  return {
    resourceType: 'Bundle',
    id,
    ...(profiles !== null && { meta: { profile: [profiles.bundle] } }),
    identifier: { system: 'urn:ietf:rfc:3986', value: `urn:uuid:${id}` },
    type: isDocument ? 'document' : 'collection',
    timestamp: date,
    entry: entriesOf([...content, ...parties, ...others], baseUrl),
  };
}

/** Id of a subject's Bundle: another one whenever it is made. @param patient `Patient/x` */
export function careGapsBundleId(
  patient: string,
  date: string,
  reportIds: readonly string[],
  statuses: CareGapsSettings['statuses'],
): string {
  return uuidOf('care-gaps', patient, date, ...reportIds, ...statuses);
}

/** Id of the Composition in the Bundle with an id. */
export function careGapsCompositionId(bundleId: string): string {
  return uuidOf('composition', bundleId);
}

/** A group that does not apply has no score (DEQM, gaps in care reporting: not-applicable). */
function withoutScores(
  result: SubjectResult,
  gaps: readonly GapAnswer[],
  definition: MeasureDefinition,
): SubjectResult {
  const inapplicable = new Set(
    gaps.filter(({ status }) => status === 'not-applicable').map((gap) => groupIndex(definition, gap)),
  );
  return {
    ...result,
    groups: result.groups.map((group, index) => (inapplicable.has(index) ? { ...group, score: null } : group)),
  };
}

/** What the answers name as evidence belongs to what was evaluated, also when the evaluation was not traced. */
function withEvidence(result: SubjectResult, gaps: readonly GapAnswer[], subject: SubjectGaps): SubjectResult {
  const named = gaps.flatMap(({ evidence, reasons, group }) => {
    const criteria = [group.linkId ?? group.id].filter((criterion) => criterion !== null);
    return [...evidence, ...reasons.flatMap(({ reference }) => reference ?? [])].flatMap((reference) => {
      const resource = subject.find(unversioned(reference));
      return resource === null ? [] : [{ resource, criteria }];
    });
  });
  return { ...result, evaluatedResources: [...result.evaluatedResources, ...named] };
}

function evidenceOf(report: MeasureReport, subject: SubjectGaps, result: SubjectResult): Resource[] {
  const evaluated = new Map(resourcesOf(result).map((resource) => [referenceOf(resource), resource]));
  return (report.evaluatedResource ?? []).flatMap(({ reference = '' }) => {
    const resource = evaluated.get(reference) ?? subject.find(reference);
    return resource === null ? [] : [resourceOf(resource)];
  });
}
