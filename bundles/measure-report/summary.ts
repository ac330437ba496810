import type { Extension, MeasureReport, Observation, OperationOutcome } from '@medplum/fhirtypes';
import { type MeasureTotals, type ReportType, reportedGroups, type SubjectError } from '../../measures/index.ts';
import { deqmNames } from '../deqm-version.ts';
import { uuidOf } from '../identity.ts';
import { type GroupNumbers, reportGroup } from './group.ts';
import { supplementalCounts } from './observation.ts';
import { canonicalOf, type ReportSettings, type ReportWithResources, reportRoot, withExtensions } from './report.ts';

/** Whom a report over several subjects is about: `Group/x`, or null for all subjects of the server. */
export type ReportedGroup = string | null;

/**
 * The summary MeasureReport of many subjects (DEQM: deqm-summarymeasurereport). Subjects that could not be evaluated
 * are counted nowhere; the OperationOutcome that cqf-messages refers to names them. Supplemental data is counted by value.
 */
export function summaryReport(
  totals: MeasureTotals,
  settings: ReportSettings,
  subject: ReportedGroup,
): ReportWithResources {
  const id = aggregateReportId('summary', settings, subject);
  const root = reportRoot(settings, 'summary', id, subject);
  return withSupplementalData(aggregateReport(root, totals.groups, totals.errors, settings), totals, settings);
}

/** The same for the same measure, period, subjects and reporter. */
export function aggregateReportId(
  type: 'summary' | 'subject-list',
  { definition, period, reporter, version }: ReportSettings,
  subject: ReportedGroup,
): string {
  const who = subject ?? reporter.reference ?? null;
  return uuidOf(type, canonicalOf(definition), period.start, period.end, who, version);
}

/** Puts the groups and the messages into a report. The OperationOutcome is contained: it has no life of its own. */
export function aggregateReport(
  root: MeasureReport,
  numbers: readonly GroupNumbers[],
  errors: readonly SubjectError[],
  { definition, version }: ReportSettings,
): ReportWithResources {
  const names = deqmNames[version];
  const messages = errors.length === 0 ? null : outcome(uuidOf('messages', root.id ?? null), errors);
  const report: MeasureReport = {
    ...withExtensions(
      root,
      messages === null
        ? []
        : [
            {
              url: 'http://hl7.org/fhir/StructureDefinition/cqf-messages',
              valueReference: { reference: `#${messages.id}` },
            },
          ],
    ),
    ...(messages !== null && { contained: [messages] }),
    group: reportedGroups(definition).flatMap((group, index) => {
      const found = numbers[index];
      return found === undefined ? [] : [reportGroup(definition, group, found, names)];
    }),
  };
  return { report, resources: [] };
}

/**
 * The report with what the Measure wants to know of its subjects beside the populations: each value with the number of
 * subjects that have it, for the elements that belong into reports of this type. US DEQM 3.0.0 has no place for it.
 */
export function withSupplementalData(
  { report, resources }: ReportWithResources,
  { supplementalData }: Pick<MeasureTotals, 'supplementalData'>,
  settings: ReportSettings,
): ReportWithResources {
  const { supplementalData: url, criteriaReference } = deqmNames[settings.version];
  if (url === null) return { report, resources };
  const alone = settings.version === 'r4';
  const observations: Observation[] = [];
  const extensions: Extension[] = [];
  for (const total of supplementalData) {
    const { includeInReportTypes: types, linkId, id, expression } = total.definition;
    if (types.length > 0 && !types.includes(report.type as ReportType)) continue;
    const criterion = { url: criteriaReference, valueString: linkId ?? id ?? expression };
    for (const made of supplementalCounts(report.id ?? '', report.subject?.reference ?? null, total, settings)) {
      observations.push(made);
      const reference = alone ? `#${made.id}` : `Observation/${made.id}`;
      extensions.push({ url, valueReference: { extension: [criterion], reference } });
    }
  }
  const extended = withExtensions(report, extensions);
  return alone && observations.length > 0
    ? { report: { ...extended, contained: [...(extended.contained ?? []), ...observations] }, resources }
    : { report: extended, resources: [...resources, ...observations] };
}

function outcome(id: string, errors: readonly SubjectError[]): OperationOutcome {
  return {
    resourceType: 'OperationOutcome',
    id,
    issue: errors.map(({ subject, name, message }) => ({
      severity: 'error',
      code: 'processing',
      diagnostics: `Patient/${subject} was not evaluated and is counted nowhere: ${name}: ${message}`,
    })),
  };
}
