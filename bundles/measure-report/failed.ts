import { reportedGroups } from '../../measures/index.ts';
import { deqmNames } from '../deqm-version.ts';
import { reportGroup } from './group.ts';
import { individualReportId } from './individual.ts';
import { type ReportSettings, type ReportWithResources, reportRoot } from './report.ts';
import { aggregateReport } from './summary.ts';

/**
 * The report of a subject that could not be evaluated: status `error`, the reason in cqf-messages, and, because DEQM
 * wants the populations (deqm-5), groups whose counts are absent for that reason. Base R4 has no groups.
 */
export function failedReport(
  subject: string,
  { name, message }: { readonly name: string; readonly message: string },
  settings: ReportSettings,
): ReportWithResources {
  const root = reportRoot(settings, 'individual', individualReportId(settings, subject), `Patient/${subject}`);
  const { definition, version } = settings;
  const { group: _, ...report } = aggregateReport(root, [], [{ subject, name, message }], settings).report;
  const names = deqmNames[version];
  const groups = reportedGroups(definition).map((group) => {
    const populations = group.populations.map(({ id, code }) => ({ id, code, count: null }));
    return reportGroup(definition, { ...group, stratifiers: [] }, { populations, stratifiers: [], score: null }, names);
  });
  return {
    report: { ...report, status: 'error', ...(names.profiles !== null && groups.length > 0 && { group: groups }) },
    resources: [],
  };
}
