import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { deqmVersions } from '../../bundles/index.ts';
import { ownMeasures } from '../../measures/index.ts';
import { claimedIssues } from '../support/profiles.ts';
import { describeWithReferenceData, referenceData } from '../support/reference-data.ts';
import { acceptedDeviations } from './accepted-deviations.ts';
import { OfficialCases, type SampledMeasure, sampleOwn } from './official-cases.ts';
import { type GuideVersion, produced } from './produced.ts';
import { asUniversal } from './us-names.ts';

function issuesOf(sampled: SampledMeasure, version: GuideVersion): string[] {
  const resources = produced(sampled, version).map((resource) => asUniversal(resource, version));
  return [...new Set(resources.flatMap(claimedIssues))];
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
      const remaining = issuesOf(sampled, version).filter((issue) => {
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

describeWithReferenceData('What is said of our own measures', () => {
  const versions = deqmVersions.filter((version) => version !== 'r4');
  // Each version with one of them: they differ in nothing that versions tell apart.
  const names = ownMeasures().map(({ name }) => name);
  const rows = versions.map((version, index) => [names[index % names.length] ?? '', version] as const);

  it.each(rows)('conforms without deviation: %s in %s', async (name, version) => {
    const sampled = await sampleOwn(name);
    expect(sampled.cases.length).toBeGreaterThan(3);
    // US DEQM before 5.0.0 had no linkIds, and its profiles did not ask for them.
    const asked = issuesOf(sampled, version).filter(
      (issue) => !/^us-[34]/.test(version) || !/extension:linkId: 0 < min 1$/.test(issue),
    );
    expect(asked).toEqual([]);
  });
});
