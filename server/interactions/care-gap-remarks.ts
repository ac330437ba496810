import { isDeepStrictEqual } from 'node:util';
import type { Extension, Measure, MeasureReport, Patient } from '@medplum/fhirtypes';
import {
  type CareGapRemark,
  isReportId,
  readReportId,
  remarkProblems,
  remarksOn,
  universalRemark,
  withoutRemarks,
} from '../../bundles/index.ts';
import { reportedGroups } from '../../measures/index.ts';
import { installedMeasure } from '../content/installed-measure.ts';
import type { RequestContext } from '../context.ts';
import type { Sql, Transaction } from '../db/database.ts';
import type { StoredResource } from '../db/stored-resource.ts';
import { currentPatient, keepRemarks, moveRemarks, type NewRemark, replacementOf } from '../gaps/remarks.ts';
import { ResourceDeleted, ResourceNotFound } from '../store/errors.ts';
import { readVersion } from '../store/read.ts';
import { parseCanonical } from '../terminology/canonical.ts';
import { readByUrl } from '../terminology/canonical-resources.ts';
import { ComputedReportChanged, InvalidRemark } from './errors.ts';

/**
 * Takes the remarks out of the individual MeasureReports that a change wrote, and keeps them with the gaps that they are
 * about (DEQM, Gaps in Care Reporting: remarks by PATCH, or by POST or PUT of the updated report). A report of a measure
 * or patient that is not here has no gap here: it is only stored. Remarks of a patient who was merged move with it.
 *
 * @throws InvalidRemark; ComputedReportChanged when a report that this server computed is to change in anything else
 */
export async function acceptRemarks(
  sql: Transaction,
  { tenant, actor }: RequestContext,
  written: readonly StoredResource[],
): Promise<void> {
  for (const stored of written) {
    if (stored.content === null) continue;
    if (stored.type === 'Patient') {
      const to = stored.content.includes('replaced-by') ? replacementOf(JSON.parse(stored.content) as Patient) : null;
      if (to !== null) await moveRemarks(sql, tenant, stored.id, to);
    } else if (stored.type === 'MeasureReport') {
      const report = JSON.parse(stored.content) as MeasureReport;
      if (report.type !== 'individual') continue;
      await requireOnlyRemarks(sql, tenant, stored, report);
      const remarks = await remarksOf(sql, tenant, report);
      await keepRemarks(sql, tenant, remarks, actor.reference, new Date(stored.lastUpdated));
    }
  }
}

/** A stored report that this server computed may get remarks and nothing else: it would no longer say what was found. */
async function requireOnlyRemarks(
  sql: Sql,
  tenant: string,
  { id, version }: StoredResource,
  report: MeasureReport,
): Promise<void> {
  if (readReportId(id) === null || version === 1) return;
  const before = await versionOf(sql, tenant, id, version - 1);
  if (before !== null && isComputed(before)) assertOnlyRemarks(before, report);
}

async function versionOf(sql: Sql, tenant: string, id: string, version: number): Promise<MeasureReport | null> {
  try {
    const { content } = await readVersion(sql, tenant, 'MeasureReport', id, String(version));
    return JSON.parse(content ?? 'null') as MeasureReport | null;
  } catch (error) {
    if (error instanceof ResourceDeleted || error instanceof ResourceNotFound) return null;
    throw error;
  }
}

function isComputed({ id = '', measure = '', period = {}, subject }: MeasureReport): boolean {
  const { start = '', end = '' } = period;
  return isReportId(id, { measure, period: { start, end }, subject: patientId(subject?.reference) ?? '' });
}

/**
 * The same report given out at another time has another date, and is the same all the same.
 *
 * @throws ComputedReportChanged naming the elements that differ
 */
export function assertOnlyRemarks(before: MeasureReport, after: MeasureReport): void {
  const [was, is] = [before, after].map((report): Record<string, unknown> => {
    const { meta: _, text: __, date: ___, ...rest } = withoutRemarks(report);
    return rest;
  });
  const elements = [...new Set([...Object.keys(was ?? {}), ...Object.keys(is ?? {})])];
  const changed = elements.filter((element) => !isDeepStrictEqual(was?.[element], is?.[element]));
  if (changed.length > 0) throw new ComputedReportChanged(changed);
}

/** The remarks on the groups of a report, checked. Empty for a report of a measure or patient that is not here. */
async function remarksOf(sql: Sql, tenant: string, report: MeasureReport): Promise<NewRemark[]> {
  if (!(report.group ?? []).some((group) => remarksOn(group).length > 0)) return [];
  const { url, version } = parseCanonical((report.measure ?? '').replaceAll('%20', ' '));
  const measures = await readByUrl<Measure>(sql, tenant, 'Measure', [url]);
  const measure = measures.find((each) => version === null || each.version === version) ?? measures.at(-1);
  const definition = measure === undefined ? undefined : installedMeasure(measure, [])?.definition;
  const subject = patientId(report.subject?.reference);
  const patient = subject === null ? null : await currentPatient(sql, tenant, subject);
  if (definition === undefined || patient === null) return [];
  return readRemarks(report, {
    measureUrl: url,
    patient,
    groups: reportedGroups(definition).map(({ id }) => id ?? ''),
  });
}

/**
 * The remarks on the groups of a report, in the universal spelling.
 *
 * @param about the measure's groups by id, '' for one without
 * @throws InvalidRemark listing everything that is wrong with them
 */
export function readRemarks(
  report: MeasureReport,
  about: { readonly measureUrl: string; readonly patient: string; readonly groups: readonly string[] },
): NewRemark[] {
  const { start = '', end = '' } = report.period ?? {};
  const problems: { diagnostics: string; expression: string[] }[] = [];
  const remarks = (report.group ?? []).flatMap((group, g) => {
    const extensions = remarksOn(group);
    const groupId = group.id ?? '';
    if (extensions.length > 0 && !about.groups.includes(groupId)) {
      const known = about.groups.filter((id) => id !== '').join(', ');
      const diagnostics = `the measure has no group "${groupId}"${known === '' ? '' : `; its groups are ${known}`}`;
      problems.push({ diagnostics, expression: [`MeasureReport.group[${g}].id`] });
    }
    return extensions.map((extension): NewRemark => {
      const place = [`MeasureReport.group[${g}].extension[${group.extension?.indexOf(extension) ?? 0}]`];
      for (const diagnostics of remarkProblems(extension)) problems.push({ diagnostics, expression: place });
      return {
        patient: about.patient,
        reportId: report.id ?? '',
        measureUrl: about.measureUrl,
        groupId,
        period: { start: start.slice(0, 10), end: end.slice(0, 10) },
        extension: universalRemark(extension),
      };
    });
  });
  if (problems.length > 0) throw new InvalidRemark(problems);
  return remarks;
}

/** The groups of a report with the remarks that are known of them. */
export function groupsWith(
  groups: readonly string[],
  remarks: readonly CareGapRemark[],
): NonNullable<MeasureReport['group']> {
  return groups.map((id) => {
    const extension: Extension[] = remarks.filter(({ groupId }) => groupId === id).map((remark) => remark.extension);
    return { ...(id !== '' && { id }), ...(extension.length > 0 && { extension }) };
  });
}

function patientId(reference: string | undefined): string | null {
  return /(?:^|\/)Patient\/([A-Za-z0-9.-]{1,64})$/.exec(reference ?? '')?.[1] ?? null;
}
