import type { MeasureReport, OperationOutcome } from '@medplum/fhirtypes';
import { type MeasureTotals, reportedGroups, type SubjectError } from '../../measures/index.ts';
import { deqmNames } from '../deqm-version.ts';
import { uuidOf } from '../identity.ts';
import { type GroupNumbers, reportGroup } from './group.ts';
import { canonicalOf, type ReportSettings, type ReportWithResources, reportRoot, withExtensions } from './report.ts';

/** Whom a report over several subjects is about: `Group/x`, or null for all subjects of the server. */
export type ReportedGroup = string | null;

/**
 * The summary MeasureReport of many subjects (DEQM: deqm-summarymeasurereport). Subjects that could not be evaluated
 * are counted nowhere; the OperationOutcome that cqf-messages refers to names them.
 */
export function summaryReport(
  totals: MeasureTotals,
  settings: ReportSettings,
  subject: ReportedGroup,
): ReportWithResources {
  const id = aggregateReportId('summary', settings, subject);
  return aggregateReport(reportRoot(settings, 'summary', id, subject), totals.groups, totals.errors, settings);
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
