import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Bundle, Resource } from '@medplum/fhirtypes';
import {
  type CareGapsSettings,
  careGapsBundle,
  deqmVersions,
  individualReport,
  type ReportSettings,
  subjectListReport,
  summaryReport,
} from '../../bundles/index.ts';
import { Tally } from '../../measures/index.ts';
import { claimedIssues } from '../support/profiles.ts';
import { describeWithReferenceData, referenceData } from '../support/reference-data.ts';
import { acceptedDeviations } from './accepted-deviations.ts';
import { OfficialCases, type SampledCase, type SampledMeasure } from './official-cases.ts';
import { asUniversal } from './us-names.ts';

type GuideVersion = CareGapsSettings['version'];

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
function produced(of: SampledMeasure, version: GuideVersion): Resource[] {
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

describeWithReferenceData('What is said of the official measures', () => {
  const cases = new OfficialCases();
  const names = readdirSync(join(referenceData, 'ecqm', 'cases')).map((file) => file.replace('.ndjson.gz', ''));
  const usVersions = deqmVersions.filter((version) => version.startsWith('us-')) as readonly GuideVersion[];
  const used = new Set<string>();

  const versionsOf = (index: number): GuideVersion[] => ['uv-1.0.0', ...usVersions.slice(index % 3, (index % 3) + 1)];
  const rows = names.map((name, index) => [name, versionsOf(index)] as const);

  it.each(rows)('conforms to the official profiles: %s in %s', async (name, versions) => {
    const sampled = await cases.sample(name);
    expect(sampled.cases.length).toBeGreaterThan(0);
    for (const version of versions) {
      const issues = produced(sampled, version).flatMap((resource) => claimedIssues(asUniversal(resource, version)));
      const remaining = [...new Set(issues)].filter((issue) => {
        const accepted = acceptedDeviations.find(({ issue: pattern }) => pattern.test(issue));
        if (accepted !== undefined) used.add(accepted.reason);
        return accepted === undefined;
      });
      expect({ version, remaining }).toEqual({ version, remaining: [] });
    }
  });

  it('deviates only in what is accepted, and no longer accepts what does not occur', () => {
    expect(acceptedDeviations.filter(({ reason }) => !used.has(reason))).toEqual([]);
  });
});
