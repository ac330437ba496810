import { installBundle, UnreadableContent } from '../../../server/content/install-bundle.ts';
import {
  findMeasure,
  type InstalledMeasure,
  liveMeasures,
  measurementPeriodAt,
} from '../../../server/content/installed-measure.ts';

const measure = { resourceType: 'Measure', id: 'm', url: 'http://x/m' };
const library = { resourceType: 'Library', id: 'l' };
const bundle = (type: string, ...resources: object[]): string =>
  JSON.stringify({ resourceType: 'Bundle', type, entry: resources.map((resource) => ({ resource })) });

describe('Content to install', () => {
  it.each<[string, string[]]>([
    ['a collection', [bundle('collection', measure, library)]],
    ['a transaction', [bundle('transaction', measure, library)]],
    ['a Bundle in a Bundle', [bundle('collection', JSON.parse(bundle('batch', measure, library)))]],
    ['NDJSON', [`${JSON.stringify(measure)}\n${JSON.stringify(library)}\n`]],
    ['several files', [JSON.stringify(measure), JSON.stringify(library)]],
    ['with test cases beside it', [bundle('collection', measure, { resourceType: 'Patient', id: 'p' }, library)]],
  ])('of %s becomes one transaction', (_, texts) => {
    const { type, entry } = installBundle(texts);
    expect([type, entry?.map(({ request }) => `${request?.method} ${request?.url}`)]).toEqual([
      'transaction',
      ['PUT Measure/m', 'PUT Library/l'],
    ]);
  });

  it('without an id is put under the same id each time', () => {
    const [first, second] = [1, 2].map(() =>
      installBundle([JSON.stringify({ resourceType: 'Measure', url: 'u', version: '1' })]),
    );
    expect(first).toEqual(second);
  });

  it.each([
    ['what is not JSON', ['{"resourceType":\n"Measure"'], /line 1 is not JSON/],
    ['nothing to install', [bundle('collection')], /no Measure, Library/],
    ['a resource without id and url', [JSON.stringify({ resourceType: 'Measure' })], /neither id nor url/],
  ])('says what is wrong with %s', (_, texts, sentence) => {
    expect(() => installBundle(texts)).toThrow(UnreadableContent);
    expect(() => installBundle(texts)).toThrow(sentence);
  });
});

describe('A measure is chosen', () => {
  const installed = (version: string, status: string, year: string | null): InstalledMeasure => {
    const effectivePeriod = year === null ? null : { start: `${year}-01-01`, end: `${year}-12-31` };
    const identifiers = [{ system: 'urn:cms', value: '125' }];
    const definition = { effectivePeriod } as InstalledMeasure['definition'];
    return { id: `m-${version}`, url: 'u', version, status, identifiers, definition } as unknown as InstalledMeasure;
  };
  const all = [installed('1', 'active', '2025'), installed('2', 'active', '2026'), installed('3', 'draft', '2026')];

  it.each([
    [{ canonical: 'u|1' }, '1'],
    [{ canonical: 'u' }, '2'],
    [{ canonical: 'u|9' }, undefined],
    [{ id: 'Measure/m-3' }, '3'],
    [{ identifier: 'urn:cms|125' }, '2'],
    [{ identifier: '125' }, '2'],
    [{ identifier: 'urn:other|125' }, undefined],
  ])('by %j', (reference, version) => {
    expect(findMeasure(all, reference as { id: string })?.version).toBe(version);
  });

  it('for live gaps by the period that it is made for, and is never a draft', () => {
    expect(liveMeasures(all, '2025-06-30').map(({ version }) => version)).toEqual(['1']);
    expect(liveMeasures(all, '2026-12-31').map(({ version }) => version)).toEqual(['2']);
    expect(liveMeasures(all, '2030-01-01').map(({ version }) => version)).toEqual(['2']);
  });

  it('and measured in its own period, or in the calendar year when that is over', () => {
    const [first] = all;
    if (first === undefined) throw new Error('no measure');
    expect(measurementPeriodAt(first.definition, '2025-12-31')).toEqual({ start: '2025-01-01', end: '2025-12-31' });
    expect(measurementPeriodAt(first.definition, '2026-02-01')).toEqual({ start: '2026-01-01', end: '2026-12-31' });
  });
});
