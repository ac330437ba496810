import { type HccModelId, type ModelScore, openHccTables, scoreModel, scoreRisk } from '../../../measures/index.ts';
import { coded, person } from './people.ts';

const tables = openHccTables();

function score(who: string, codes: readonly string[], paymentYear = 2026, model: HccModelId = 'V28'): ModelScore {
  const beneficiary = person(who, paymentYear);
  return scoreModel({ paymentYear, model, beneficiary, diagnoses: coded(...codes), segment: null }, tables);
}
const counting = ({ categories }: ModelScore): number[] =>
  categories.flatMap(({ category, droppedBy, notCounted }) => ((droppedBy ?? notCounted) === null ? [category] : []));

describe('Corrections to common beliefs', () => {
  it('pays 2027 by the V28 of 2026, and not by the model that was proposed', () => {
    const [before, after] = [2026, 2027].map((year) => score('72M', ['E11.22', 'I50.22', 'I48.91', 'N18.32'], year));
    expect(after?.contributions).toEqual(before?.contributions);
    expect(after?.raw).toBe(1.713);
    const { paymentYear, models } = scoreRisk(
      { paymentYear: 2027, beneficiary: person('72M', 2027), diagnoses: [], models: [], segment: null },
      tables,
    );
    expect([paymentYear, models.map(({ model, weight }) => [model, weight])]).toEqual([2027, [['V28', 100]]]);
  });

  it.each([
    [2024, 'V28', 1.015, 'final'],
    [2024, 'V24', 1.146, 'final'],
    [2025, 'V28', 1.045, 'final'],
    [2025, 'V24', 1.153, 'final'],
    [2026, 'V28', 1.067, 'final'],
    [2027, 'V28', 1.079, 'derived'],
  ] as const)('normalizes %i %s by %f (%s)', (year, model, value, status) => {
    expect(score('70F', [], year, model).normalization).toMatchObject({ value, status });
  });

  it.each([
    [2024, 67, 33],
    [2025, 33, 67],
  ])('blends %i by %i% V24 and %i% V28', (year, v24, v28) => {
    const { models } = tables.year(year);
    expect([models.V24?.weight, models.V28?.weight]).toEqual([v24, v28]);
  });

  it.each([
    ['E11.A', 'icd-not-in-map'],
    ['G35.A', 'icd-not-in-map'],
    ['G35.B0', 'icd-not-in-map'],
    ['G35.C1', 'icd-not-in-map'],
    ['G35.D', 'icd-not-in-map'],
    ['C50.A1', 'icd-not-in-map'],
    ['D71.8', 'icd-not-in-map'],
    ['G35', 'icd-retired'],
    ['D71', 'icd-retired'],
    ['E11.9', null],
    ['M54.50', null],
  ])('warns of %s: %s', (code, warning) => {
    expect(score('70F', [code]).diagnoses[0]?.warning?.code ?? null).toBe(warning);
  });

  it.each([
    ['E11.A', '2025-09-30', 'icd-not-valid-on-date'],
    ['E11.A', '2025-10-01', 'icd-not-in-map'],
    ['G35', '2025-09-30', null],
    ['G35', '2025-10-01', 'icd-retired'],
  ])('looks at %s by the date of its service, %s', (code, date, warning) => {
    const diagnoses = [{ code, evidence: [{ reference: 'Claim/1', service: 'Claim/1', date }] }];
    const request = {
      paymentYear: 2026,
      model: 'V28',
      beneficiary: person('70F', 2026),
      diagnoses,
      segment: null,
    } as const;
    expect(scoreModel(request, tables).diagnoses[0]?.warning?.code ?? null).toBe(warning);
  });

  it('knows all 149 drops of the V28 hierarchy', () => {
    const { hierarchy } = tables.model(2026, 'V28');
    expect(hierarchy.flatMap(([, children]) => children)).toHaveLength(149);
    expect(tables.model(2024, 'V28').hierarchy).toBe(hierarchy);
  });

  it.each(['D66', 'D67'])('counts %s in a woman as HCC 48 in V24, 112 in V28, and in a man as hemophilia', (code) => {
    expect(counting(score('70F', [code], 2025, 'V24'))).toEqual([48]);
    expect(counting(score('70F', [code], 2025))).toEqual([112]);
    expect(counting(score('70M', [code], 2025, 'V24'))).toEqual([46]);
    expect(counting(score('70M', [code], 2025))).toEqual([111]);
    expect(score('70F', [code], 2025, 'V24').raw).toBe(0.578);
  });

  it.each([
    [17, 'J44.9', 'V24', [112]],
    [18, 'J44.9', 'V24', [111]],
    [5, 'F34.81', 'V24', []],
    [6, 'F34.81', 'V24', [59]],
    [18, 'F34.81', 'V24', [59]],
    [19, 'F34.81', 'V24', []],
    [17, 'J43.1', 'V28', []],
    [18, 'J43.1', 'V28', [280]],
    [49, 'C50.911', 'V28', [22]],
    [50, 'C50.911', 'V28', [23]],
    [1, 'P27.1', 'V28', [213]],
    [2, 'P27.1', 'V28', []],
  ] as const)('at %i counts %s in %s as %j', (age, code, model, hccs) => {
    const beneficiary = person(`${age}F`, 2025, { entitlementReason: '1' });
    const request = { paymentYear: 2025, model, beneficiary, diagnoses: coded(code), segment: null };
    expect(counting(scoreModel(request, tables))).toEqual(hccs);
  });

  it.each(['99490', '99491', '99495', '99496', '99024', '92250', 'G0438'])('%s is on the list of 2026', (code) => {
    expect(tables.eligible(2027).codes.has(code)).toBe(true);
  });

  it.each([
    'G0556',
    'G2211',
    '99497',
    '99453',
    '99457',
    '83036',
    '80053',
    '36415',
    '71046',
    '93000',
    '99421',
    '98012',
    '98016',
    '3044F',
    'G0444',
    '99406',
  ])('%s is not on the list of 2026', (code) => {
    expect(tables.eligible(2027).codes.has(code)).toBe(false);
  });

  it('has G2012 in the list of 2024 alone, and says that 2023 borrows it', () => {
    expect([2024, 2025, 2026, 2027].map((year) => tables.eligible(year).codes.has('G2012'))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(tables.eligible(2024).version.status).toBe('derived');
    expect(tables.eligible(2025).version.status).toBe('final');
  });
});
