import type { Bundle, Library } from '@medplum/fhirtypes';
import type { FhirResource } from '../../../cql/index.ts';
import { createCatalogue } from '../../../server/content/catalogue.ts';
import { installCheck } from '../../../server/content/install-check.ts';
import { applyEntries } from '../../../server/store/apply-entries.ts';
import { baseProblems } from '../../support/base-r4.ts';
import { freshDatabase } from '../../support/database.ts';
import { type Answer, breast, issuesOf, openPractice, type Practice } from './practice.ts';

let practice: Practice;
beforeAll(async () => {
  practice = await openPractice();
}, 60_000);
afterAll(() => practice.close());

const bundleOf = ({ body }: Answer): Bundle => body as unknown as Bundle;
const typesIn = (answer: Answer): string[] =>
  (bundleOf(answer).entry ?? []).map(({ resource }) => resource?.resourceType ?? '');

describe('$package', () => {
  it('gives the measure first, its library second, and all that they need', async () => {
    const answer = await practice.get('Measure/$package', { url: breast });
    expect(answer.status).toBe(200);
    const bundle = bundleOf(answer);
    expect([bundle.type, typesIn(answer).slice(0, 2)]).toEqual(['transaction', ['Measure', 'Library']]);
    expect(new Set(typesIn(answer))).toEqual(new Set(['Measure', 'Library', 'ValueSet']));
    const [measure, library] = (bundle.entry ?? []).map(
      ({ resource }) => resource as { url: string; library?: string[] },
    );
    expect([measure?.url, measure?.library?.map((one) => one.split('|')[0])]).toEqual([breast, [library?.url]]);
    expect(
      bundle.entry?.every(({ request, resource }) => request?.url === `${resource?.resourceType}/${resource?.id}`),
    ).toBe(true);
    expect(baseProblems(bundle)).toEqual([]);
  });

  it('can be installed in another server as it is', async () => {
    const { entry = [] } = bundleOf(await practice.get('Measure/$package', { url: breast }));
    const database = await freshDatabase();
    const entries = entry.map(({ resource, fullUrl = null }) => ({
      method: 'PUT' as const,
      type: resource?.resourceType ?? '',
      id: resource?.id ?? null,
      criteria: null,
      ifMatch: null,
      ifNoneMatch: null,
      fullUrl,
      resource: resource as unknown as FhirResource,
    }));
    await applyEntries(database, 'other', entries, {
      transaction: true,
      beforeCommit: async (sql, applied) => {
        await installCheck(
          sql,
          'other',
          applied.flatMap(({ stored }) => stored ?? []),
        );
      },
    });
    const installed = await createCatalogue(database).prepared('other', breast);
    expect(installed.definition.url).toBe(breast);
    await database.close();
  });

  it('names what it refers to and is not stored', async () => {
    const { meta } = bundleOf(await practice.get('Measure/$package', { url: breast }));
    const missing = (meta?.extension ?? []).map(({ valueCanonical = '' }) => valueCanonical);
    expect(missing.every((canonical) => canonical.startsWith('http'))).toBe(true);
    expect(missing.some((canonical) => canonical.includes('/ValueSet/'))).toBe(false);
  });

  it('packages a library, by instance and by type', async () => {
    const measure = bundleOf(await practice.get('Measure/$package', { url: breast }));
    const library = measure.entry?.[1]?.resource as Library;
    const byInstance = await practice.get(`Library/${library.id}/$package`);
    const byType = await practice.get('Library/$package', {
      url: String(library.url),
      version: String(library.version),
    });
    expect(byInstance.body).toEqual(byType.body);
    expect(typesIn(byInstance)).toEqual((measure.entry ?? []).slice(1).map(({ resource }) => resource?.resourceType));
  });

  it('comes in pages, and tells how many there are', async () => {
    const whole = bundleOf(await practice.get('Measure/$package', { url: breast }));
    const size = whole.entry?.length ?? 0;
    expect((await practice.get('Measure/$package', { url: breast, count: '0' })).body).toEqual({
      resourceType: 'Bundle',
      type: 'searchset',
      total: size,
    });
    const urls: (string | undefined)[] = [];
    for (let offset = 0; offset < size; offset += 3) {
      const page = bundleOf(
        await practice.get('Measure/$package', { url: breast, count: '3', offset: String(offset) }),
      );
      expect(page.type).toBe('collection');
      urls.push(...(page.entry ?? []).map(({ fullUrl }) => fullUrl));
    }
    expect(urls).toEqual(whole.entry?.map(({ fullUrl }) => fullUrl));
  });

  it.each<[string, Record<string, string>, readonly string[]]>([
    ['the artifact', { include: 'artifact' }, ['Measure']],
    ['knowledge', { include: 'knowledge' }, ['Measure', 'Library']],
    ['terminology', { include: 'terminology' }, ['ValueSet']],
    ['all but terminology', { exclude: 'terminology' }, ['Measure', 'Library']],
    ['one by its url', { includeUri: breast }, ['Measure']],
    ['all but one', { exclude: 'terminology', excludeUri: breast }, ['Library']],
  ])('selects %s', async (_, selection, types) => {
    const answer = await practice.get('Measure/$package', { url: breast, ...selection });
    expect([bundleOf(answer).type, [...new Set(typesIn(answer))]]).toEqual(['collection', types]);
  });

  describe('with pinned versions', () => {
    let valueSet: FhirResource;
    beforeAll(async () => {
      const { entry = [] } = bundleOf(await practice.get('Measure/$package', { url: breast, include: 'terminology' }));
      valueSet = entry[0]?.resource as unknown as FhirResource;
      const dependsOn = (resource: string) => ({ type: 'depends-on', resource });
      const manifest = (id: string, resource: string): FhirResource => ({
        resourceType: 'Library',
        id,
        url: `http://example.org/Library/${id}`,
        version: '1',
        status: 'active',
        type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/library-type', code: 'asset-collection' }] },
        relatedArtifact: [dependsOn(resource)],
      });
      await practice.store(
        { ...valueSet, id: 'newer', version: '99.0.0' },
        manifest('older', `${valueSet.url}|${valueSet.version}`),
        manifest('absent', `${valueSet.url}|77`),
      );
    });
    const versions = (answer: Answer): (string | undefined)[] =>
      (bundleOf(answer).entry ?? []).flatMap(({ resource }) => {
        const { url, version } = resource as { url?: string; version?: string };
        return url === valueSet.url ? [version] : [];
      });

    it('takes the newest without them, and the pinned one by a manifest or artifactVersion', async () => {
      const pinned = String(valueSet.version);
      expect(versions(await practice.get('Measure/$package', { url: breast }))).toEqual(['99.0.0']);
      const pins: Record<string, string>[] = [
        { manifest: 'http://example.org/Library/older' },
        { artifactVersion: `${valueSet.url}|${pinned}` },
      ];
      for (const pin of pins)
        expect(versions(await practice.get('Measure/$package', { url: breast, ...pin }))).toEqual([pinned]);
    });

    it('pins the value sets of data requirements', async () => {
      const { body } = await practice.get('Measure/$data-requirements', {
        measureUrl: breast,
        manifest: 'http://example.org/Library/older',
      });
      expect(JSON.stringify(body)).toContain(`"${valueSet.url}|${valueSet.version}"`);
    });

    it.each<[string, Record<string, string>, RegExp]>([
      [
        'a manifest that is not stored',
        { manifest: 'http://example.org/Library/none' },
        /manifest: there is no Library/,
      ],
      [
        'a package selection that only an implementation guide could tell',
        { packageOnly: 'true' },
        /packageOnly: true is not supported/,
      ],
      ['capabilities', { capability: 'executable' }, /capability: there is no such parameter/],
      ['forced versions', { forceArtifactVersion: 'http://x|1' }, /forceArtifactVersion: there is no such parameter/],
      ['unknown contents', { include: 'tests' }, /include: must be one of/],
      ['a count that is no number', { count: '-1' }, /count: must be/],
      ['an artifact that is not stored', { url: 'http://example.org/Measure/none' }, /no Measure http/],
    ])('refuses %s', async (_, query, reason) => {
      const answer = await practice.get('Measure/$package', { url: breast, ...query });
      expect([answer.status, issuesOf(answer).join()]).toEqual([400, expect.stringMatching(reason)]);
    });

    it('tells which versions there are of what a manifest pins to an absent one', async () => {
      const answer = await practice.get('Measure/$package', {
        url: breast,
        manifest: 'http://example.org/Library/absent',
      });
      expect([answer.status, issuesOf(answer).join()]).toEqual([
        422,
        expect.stringMatching(/\|77 is pinned and not stored in that version; there are 1\.0\.0, 99\.0\.0/),
      ]);
    });

    it('refuses a package whose versions are not those that were to be checked', async () => {
      const url = String(valueSet.url);
      const answer = await practice.get('Measure/$package', { url: breast, checkArtifactVersion: `${url}|1234` });
      expect(issuesOf(answer).join()).toMatch(/checkArtifactVersion: the package would have .*\|99\.0\.0, not/);
    });
  });
});

describe('Library/$data-requirements', () => {
  it('says what a library reads, and what one of its definitions does', async () => {
    const { entry = [] } = bundleOf(await practice.get('Measure/$package', { url: breast, include: 'knowledge' }));
    const library = entry[1]?.resource as Library;
    const all = (await practice.get(`Library/${library.id}/$data-requirements`)).body as unknown as Library;
    expect(all.type.coding?.[0]?.code).toBe('module-definition');
    expect(all.dataRequirement?.length).toBeGreaterThan(2);
    const one = await practice.get('Library/$data-requirements', {
      url: String(library.url),
      expression: 'Initial Population',
    });
    expect((one.body as unknown as Library).dataRequirement?.length).toBeLessThan(all.dataRequirement?.length ?? 0);
    const none = await practice.get('Library/$data-requirements', { url: String(library.url), expression: 'None' });
    expect([none.status, issuesOf(none).join()]).toEqual([422, expect.stringMatching(/no definition "None"/)]);
  });
});
