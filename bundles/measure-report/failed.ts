import { individualReportId } from './individual.ts';
import { type ReportSettings, type ReportWithResources, reportRoot } from './report.ts';
import { aggregateReport } from './summary.ts';

/** The report of a subject that could not be evaluated: status `error`, no groups, the reason in cqf-messages. */
export function failedReport(
  subject: string,
  { name, message }: { readonly name: string; readonly message: string },
  settings: ReportSettings,
): ReportWithResources {
  const root = reportRoot(settings, 'individual', individualReportId(settings, subject), `Patient/${subject}`);
  const { group: _, ...report } = aggregateReport(root, [], [{ subject, name, message }], settings).report;
  return { report: { ...report, status: 'error' }, resources: [] };
}
