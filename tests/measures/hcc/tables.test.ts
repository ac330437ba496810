import fc from 'fast-check';
import { packCodes, packRuns, unpackCodes, unpackRuns } from '../../../measures/hcc/code-list.ts';
import { type HccModelId, openHccTables } from '../../../measures/index.ts';
import { describeWithReferenceData, readReference } from '../../support/reference-data.ts';

const tables = openHccTables();

describe('Lists of codes', () => {
  const code = fc.stringMatching(/^[A-Z][0-9][0-9A-Z]{1,5}$/);
  const procedure = fc.oneof(
    fc.stringMatching(/^[0-9]{5}$/),
    fc.stringMatching(/^[0-9]{4}[TFU]$/),
    fc.stringMatching(/^[A-V][0-9]{4}$/),
  );

  it('come back as they were packed, each once and in order', () => {
    fc.assert(
      fc.property(fc.array(code), (codes) => {
        expect(unpackCodes(packCodes(codes))).toEqual([...new Set(codes)].sort());
      }),
    );
  });

  it('of procedures come back as they were packed', () => {
    fc.assert(
      fc.property(fc.array(procedure, { minLength: 1 }), (codes) => {
        expect(unpackRuns(packRuns(codes)).sort()).toEqual([...new Set(codes)].sort());
      }),
    );
    expect(packRuns(['99213', '99212', '0042T', '99214', 'G0438', '0043T'])).toBe('G0438 0042T-0043T 99212-99214');
  });
});

describe('Years', () => {
  it.each([2023, 2028, 2026.5, Number.NaN])('refuse %d', (year) => {
    expect(() => tables.year(year)).toThrow(/has no tables: 2024 to 2027 are installed/);
  });

  it.each([2024, 2025, 2026, 2027])('of %i weigh to 100%% and name a source for every number', (year) => {
    const { models, codingAdjustment, gates, collectionYear } = tables.year(year);
    expect(Object.values(models).reduce((sum, { weight }) => sum + weight, 0)).toBe(100);
    expect([collectionYear, codingAdjustment.value]).toEqual([year - 1, 59]);
    const announced = [
      codingAdjustment,
      gates.audioOnly,
      gates.unlinkedChartReview,
      ...Object.values(models).flatMap(({ normalization }) => normalization ?? []),
    ];
    for (const { source, status } of announced) {
      expect(source.length).toBeGreaterThan(10);
      expect(['final', 'derived', 'provisional']).toContain(status);
    }
  });

  it.each([
    [2024, 'V28', 'derived'],
    [2025, 'V28', 'final'],
    [2026, 'V28', 'provisional'],
    [2027, 'V28', 'provisional'],
    [2024, 'V24', 'derived'],
    [2025, 'V24', 'final'],
  ] as const)('of %i say that the mapping of %s is %s', (year, model, status) => {
    expect(tables.model(year, model).versions[0]).toMatchObject({ status });
  });
});

describeWithReferenceData('The tables', () => {
  const rows = (file: string): string[][] =>
    readReference('hcc', `${file}.csv.gz`)
      .split(/\r?\n/)
      .slice(1)
      .filter(Boolean)
      .map((line) => line.split(','));
  const maps: readonly (readonly [HccModelId, number, string, number])[] = [
    ['V28', 2025, 'CMS-HCC Model V28', 8090],
    ['V28', 2026, 'CMS-HCC Model V28', 8183],
    ['V24', 2025, 'CMS-HCC Model V24', 10137],
    ['ESRD-V24', 2026, 'CMS-HCC ESRD Model V24', 10211],
    ['RxHCC-V08', 2026, 'RxHCC Model V08', 5399],
  ];

  it.each(maps)('map %s in %i as CMS does', (model, year, name, count) => {
    const given = rows(`ra_dx_to_cc_${year}`)
      .filter(([, , of]) => of === name)
      .map(([code, category]) => `${code} ${category}`);
    const own = [...tables.model(year, model).categories].flatMap(([code, of]) =>
      of.map((category) => `${code} ${category}`),
    );
    expect(own.sort()).toEqual(given.sort());
    expect(own).toHaveLength(count);
  });

  it.each([
    ['V28', 2026, 'C28'],
    ['V24', 2025, 'C24'],
  ] as const)('weigh %s as CMS does', (model, year, version) => {
    const { coefficients } = tables.model(year, model);
    const segments = ['CNA', 'CND', 'CFA', 'CFD', 'CPA', 'CPD', 'INS', 'NE', 'SNPNE'];
    let compared = 0;
    for (const [name = '', value, , of] of rows('ra_coefficients_2025')) {
      const [segment = '', ...variable] = name.split('_');
      if (of !== version || !segments.includes(segment)) continue;
      compared += 1;
      expect([name, (coefficients.get(segment)?.get(variable.join('_').toUpperCase()) ?? Number.NaN) / 1000]).toEqual([
        name,
        Number(value),
      ]);
    }
    expect(compared).toBeGreaterThan(1_000);
  });

  it.each([
    [2025, 2024, 6696],
    [2026, 2025, 6724],
    [2027, 2026, 6747],
  ])('list for %i the procedures of %i', (year, list, count) => {
    const given = rows(`ra_eligible_cpt_hcpcs_${list}`).map(([code]) => code?.trim());
    expect([...tables.eligible(year).codes].sort()).toEqual([...new Set(given)].sort());
    expect(given).toHaveLength(count);
  });

  it('edit V28 as CMS does', () => {
    const { edits } = tables.model(2026, 'V28');
    const given = rows('ra_dx_edits');
    expect([...edits.keys()].sort()).toEqual(given.map(([code]) => code).sort());
  });
});
