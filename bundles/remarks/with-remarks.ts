import type { Bundle, Extension, MeasureReport, MeasureReportGroup } from '@medplum/fhirtypes';
import type { MeasurementPeriod } from '../../measures/index.ts';
import type { DeqmVersion } from '../deqm-version.ts';
import { isCareGapRemark, remarkIn } from './care-gap-remark.ts';

/** A remark about a gap of one patient. */
export interface CareGapRemark {
  /** Canonical of the measure without its version: a remark stays with the group when the measure is revised. */
  readonly measureUrl: string;
  /** '' for a group without an id. */
  readonly groupId: string;
  /** Of the report that the remark was made on. */
  readonly period: MeasurementPeriod;
  /** In the universal spelling. */
  readonly extension: Extension;
}

/**
 * An individual report with the patient's remarks on its groups: those on the same measure and group whose periods
 * overlap. Nothing else changes: a remark alone never closes a gap.
 */
export function withRemarks(
  report: MeasureReport,
  remarks: readonly CareGapRemark[],
  version: DeqmVersion,
): MeasureReport {
  const url = report.measure?.split('|')[0];
  const { start = '', end = '' } = report.period ?? {};
  const own = remarks.filter(
    ({ measureUrl, period }) => measureUrl === url && period.start <= end && period.end >= start,
  );
  if (own.length === 0 || report.type !== 'individual') return report;
  return {
    ...report,
    group: report.group?.map((group) => {
      const onGroup = own.filter(({ groupId }) => groupId === (group.id ?? ''));
      if (onGroup.length === 0) return group;
      return {
        ...group,
        extension: [...(group.extension ?? []), ...onGroup.map(({ extension }) => remarkIn(version, extension))],
      };
    }),
  };
}

/** A Bundle of one subject's reports (gaps in care, `$evaluate`), with the remarks on each. */
export function bundleWithRemarks(bundle: Bundle, remarks: readonly CareGapRemark[], version: DeqmVersion): Bundle {
  if (remarks.length === 0) return bundle;
  return {
    ...bundle,
    entry: bundle.entry?.map((entry) =>
      entry.resource?.resourceType === 'MeasureReport'
        ? { ...entry, resource: withRemarks(entry.resource, remarks, version) }
        : entry,
    ),
  };
}

/** The remarks on a group of a report, in the spelling in which they were sent. */
export function remarksOn(group: MeasureReportGroup): readonly Extension[] {
  return (group.extension ?? []).filter(isCareGapRemark);
}

/** The report without its remarks. */
export function withoutRemarks(report: MeasureReport): MeasureReport {
  if (report.group === undefined) return report;
  const group = report.group.map(({ extension = [], ...rest }) => {
    const others = extension.filter((each) => !isCareGapRemark(each));
    return { ...rest, ...(others.length > 0 && { extension: others }) };
  });
  return { ...report, group };
}
