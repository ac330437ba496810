import type { List } from '@medplum/fhirtypes';
import type { MeasureTotals } from '../../measures/index.ts';
import { deqmNames } from '../deqm-version.ts';
import { uuidOf } from '../identity.ts';
import type { GroupNumbers, PopulationNumbers } from './group.ts';
import { individualReportId } from './individual.ts';
import { type ReportSettings, type ReportWithResources, reportRoot } from './report.ts';
import { aggregateReport, aggregateReportId, type ReportedGroup, withSupplementalData } from './summary.ts';

type PopulationTotal = MeasureTotals['groups'][number]['populations'][number];

/**
 * The subject-list MeasureReport (DEQM: deqm-subjectlistmeasurereport): a summary whose every count leads to the
 * subjects behind it. Each population has a List; its items are the subjects' individual MeasureReports, in base R4,
 * where the report travels alone and the Lists are contained, the Patients.
 */
export function subjectListReport(
  totals: MeasureTotals,
  settings: ReportSettings,
  subject: ReportedGroup,
): ReportWithResources {
  const id = aggregateReportId('subject-list', settings, subject);
  const alone = settings.version === 'r4';
  const lists: List[] = [];
  const withList = (population: PopulationTotal, ...place: readonly (string | number)[]): PopulationNumbers => {
    const list = subjectList(uuidOf(id, ...place), population, settings);
    lists.push(list);
    return { ...population, subjectResults: alone ? `#${list.id}` : `List/${list.id}` };
  };
  const groups: GroupNumbers[] = totals.groups.map((group, g) => ({
    ...group,
    populations: group.populations.map((population, p) => withList(population, g, p)),
    stratifiers: group.stratifiers.map((stratifier, s) => ({
      strata: stratifier.strata.map((stratum, v) => ({
        ...stratum,
        populations: stratum.populations.map((population, p) => withList(population, g, s, v, p)),
      })),
    })),
  }));
  const root = reportRoot(settings, 'subject-list', id, subject);
  const aggregate = aggregateReport(root, groups, totals.errors, settings);
  const { report, resources } = withSupplementalData(aggregate, totals, settings);
  return alone
    ? { report: { ...report, contained: [...(report.contained ?? []), ...lists] }, resources }
    : { report, resources: [...resources, ...lists] };
}

function subjectList(id: string, { code, subjects }: PopulationTotal, settings: ReportSettings): List {
  const { version, date } = settings;
  const profile = deqmNames[version].profiles?.reportList ?? null;
  return {
    resourceType: 'List',
    id,
    ...(profile !== null && { meta: { profile: [profile] } }),
    status: 'current',
    mode: 'snapshot',
    title: `Subjects in the ${code.replaceAll('-', ' ')}`,
    date,
    ...(subjects.length > 0 && {
      entry: subjects.map((subject) => ({
        item: {
          reference: version === 'r4' ? `Patient/${subject}` : `MeasureReport/${individualReportId(settings, subject)}`,
        },
      })),
    }),
  };
}
