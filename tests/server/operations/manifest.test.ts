import type { FhirResource } from '../../../cql/index.ts';
import { type Answer, breast, issuesOf, openPractice, type Practice, year } from './practice.ts';

const pinning = 'http://example.org/Library/pinning';

let practice: Practice;
beforeAll(async () => {
  practice = await openPractice();
  const { body } = await practice.get('Measure/$package', { url: breast, include: 'terminology' });
  const sets = (body.entry as { resource: FhirResource }[]).map(({ resource }) => resource);
  const mammography = sets.filter((set) => JSON.stringify(set).includes('"77067"'));
  const depends = mammography.map(({ url, version }) => ({ type: 'depends-on', resource: `${url}|${version}` }));
  await practice.store(
    ...mammography.map(emptied),
    manifest('pinning', depends),
    manifest('absent', [{ type: 'depends-on', resource: `${mammography[0]?.url}|77` }]),
    manifest('measure', [{ type: 'depends-on', resource: `${breast}|77` }]),
  );
}, 60_000);
afterAll(() => practice.close());

/** A newer version of a value set, which the mammogram of the practice is not in. */
function emptied(set: FhirResource): FhirResource {
  const include = [{ system: 'http://www.ama-assn.org/go/cpt', concept: [{ code: '00000' }] }];
  const { expansion: _, ...rest } = set;
  return { ...rest, id: `${set.id}-newer`, version: '99.0.0', compose: { include } };
}

function manifest(id: string, relatedArtifact: readonly object[]): FhirResource {
  return {
    resourceType: 'Library',
    id,
    url: `http://example.org/Library/${id}`,
    version: '1',
    status: 'active',
    type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/library-type', code: 'asset-collection' }] },
    relatedArtifact,
  };
}

function closedGaps({ status, body }: Answer): number {
  expect(status).toBe(200);
  return JSON.stringify(body).split('"closed-gap"').length - 1;
}

/** Of the group as a whole, which comes before its strata. */
function numerator({ status, body }: Answer): number {
  expect(status).toBe(200);
  const [, count] = /"code":"numerator"[^{}]*\}\]\},"count":(\d+)/.exec(JSON.stringify(body)) ?? [];
  return Number(count);
}

describe('A manifest', () => {
  const report = { measureUrl: breast, ...year, reportType: 'summary' };
  const gaps = { measureUrl: breast, ...year, subject: 'Patient/closed', status: 'closed-gap' };

  it('decides by which versions of value sets measures are evaluated', async () => {
    expect(numerator(await practice.get('Measure/$evaluate', report))).toBe(0);
    expect(numerator(await practice.get('Measure/$evaluate', { ...report, manifest: pinning }))).toBe(1);
  });

  it('decides by which versions of value sets gaps are closed', async () => {
    expect(closedGaps(await practice.get('Measure/$care-gaps', gaps))).toBe(0);
    expect(closedGaps(await practice.get('Measure/$care-gaps', { ...gaps, manifest: pinning }))).toBeGreaterThan(0);
    expect(closedGaps(await practice.get('Measure/$care-gaps', gaps))).toBe(0);
  });

  it.each<[string, string, number, RegExp]>([
    ['is not stored', 'http://example.org/Library/none', 400, /manifest: there is no Library/],
    [
      'pins a value set to an absent version',
      'http://example.org/Library/absent',
      422,
      /\|77 is pinned and not stored/,
    ],
    ['pins the measure to an absent version', 'http://example.org/Library/measure', 404, /\|77 is not installed/],
  ])('is refused when it %s', async (_, url, status, reason) => {
    for (const answer of [
      await practice.get('Measure/$evaluate', { ...report, manifest: url }),
      await practice.get('Measure/$care-gaps', { ...gaps, manifest: url }),
    ])
      expect([answer.status, issuesOf(answer).join()]).toEqual([status, expect.stringMatching(reason)]);
  });
});
