import type { Bundle, Resource } from '@medplum/fhirtypes';
import {
  type CareGapsSettings,
  careGapsBundle,
  individualReport,
  type ReportSettings,
  subjectListReport,
  summaryReport,
} from '../../bundles/index.ts';
import { Tally } from '../../measures/index.ts';
import type { SampledCase, SampledMeasure } from './official-cases.ts';

export type GuideVersion = CareGapsSettings['version'];

const reporter = { resourceType: 'Organization', id: 'o1', name: 'A practice' } as const;
const statuses = ['open-gap', 'closed-gap', 'prospective-gap', 'not-applicable'] as const;
const date = '2026-11-22T10:00:00.000Z';

function settings({ prepared, cases }: SampledMeasure, version: GuideVersion): ReportSettings {
  const period = cases[0]?.period ?? { start: '2026-01-01', end: '2026-12-31' };
  return { definition: prepared.definition, period, date, reporter: { reference: 'Organization/o1' }, version };
}

function careGaps(of: SampledMeasure, { resources, result, gaps, period }: SampledCase, document: boolean) {
  const byReference = new Map(resources.map((resource) => [`${resource.resourceType}/${resource.id}`, resource]));
  const patient = resources.find(({ resourceType }) => resourceType === 'Patient');
  if (patient === undefined) throw new Error('a case has a patient');
  const subject = {
    patient,
    find: (reference: string) => byReference.get(reference) ?? null,
    measures: [{ definition: of.prepared.definition, result, gaps }],
  };
  return (version: GuideVersion): Bundle[] => {
    const bundle = careGapsBundle(subject, {
      period,
      date,
      reporter,
      version,
      statuses,
      isDocument: document,
      baseUrl: 'http://localhost/fhir',
    });
    // What the patient's record holds was not made here.
    const made = bundle?.entry?.filter(({ resource }) => {
      const known = byReference.get(`${resource?.resourceType}/${resource?.id}`);
      return known === undefined || known.resourceType === 'Patient';
    });
    return bundle === null ? [] : [{ ...bundle, entry: made ?? [] }];
  };
}

/** Everything that Gapless says of a measure to others, in one version. */
export function produced(of: SampledMeasure, version: GuideVersion): Resource[] {
  const tally = new Tally(of.prepared.definition);
  for (const [index, { result }] of of.cases.entries()) tally.add({ ...result, subject: `p${index}` });
  const made = [summaryReport, subjectListReport].map((make) =>
    make(tally.totals(), settings(of, version), 'Group/g1'),
  );
  // The individual reports of `$evaluate` are those of the gaps Bundles, where the measure has gaps.
  const withoutGaps = of.cases.filter(({ gaps }) => gaps.length === 0);
  const individual = withoutGaps.map(({ result }) => individualReport(result, settings(of, version)));
  return [
    ...[...made, ...individual].flatMap(({ report, resources }) => [report, ...resources]),
    ...of.cases.flatMap((sampled, index) => careGaps(of, sampled, index > 0)(version)),
  ];
}
