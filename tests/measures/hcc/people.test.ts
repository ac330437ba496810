import { ageIn } from '../../../measures/hcc/beneficiary.ts';
import { type Beneficiary, openHccTables, scoreModel } from '../../../measures/index.ts';
import { coded, person } from './people.ts';

const tables = openHccTables();

describe('Age on 1 February of the payment year', () => {
  it.each([
    ['1961-02-01', 2026, 65],
    ['1961-02-02', 2026, 64],
    ['1961-01-31', 2026, 65],
    ['1960-02-29', 2026, 65],
    ['1961-12-31', 2026, 64],
    ['2026-01-15', 2026, 0],
    ['2026-06-01', 2026, 0],
  ])('of who was born on %s is, in %i, %i', (birthDate, year, age) => {
    expect(ageIn(year, birthDate)).toBe(age);
  });
});

describe('The segment', () => {
  const duals = ['00', '01', '02', '03', '04', '05', '06', '08', '09'];
  const full = ['02', '04', '08'];
  const partial = ['01', '03', '05', '06'];
  const cases = duals.flatMap((dualStatus) =>
    [
      ['70F', 'A'],
      ['50M', 'D'],
    ].map(([who = '', last = '']) => {
      const letter = full.includes(dualStatus) ? 'F' : partial.includes(dualStatus) ? 'P' : 'N';
      return [dualStatus, who, `C${letter}${last}`] as const;
    }),
  );
  const segment = (who: string, more: Partial<Beneficiary>): string =>
    scoreModel(
      { paymentYear: 2026, model: 'V28', beneficiary: person(who, 2026, more), diagnoses: [], segment: null },
      tables,
    ).segment.code;

  it.each(cases)('of dual status %s at %s is %s', (dualStatus, who, code) => {
    expect(segment(who, { dualStatus, entitlementReason: who === '50M' ? '1' : '0' })).toBe(code);
  });

  it.each<[Partial<Beneficiary>, string]>([
    [{ longTermInstitutional: true, newEnrollee: true, dualStatus: '02' }, 'INS'],
    [{ newEnrollee: true, dualStatus: '02' }, 'NE'],
    [{ newEnrollee: true, chronicSnp: true }, 'SNPNE'],
    [{ chronicSnp: true }, 'CNA'],
  ])('of %j is %s', (more, code) => {
    expect(segment('70F', more)).toBe(code);
  });

  it.each<[string, Partial<Beneficiary>, string[]]>([
    ['70F', { entitlementReason: '1' }, ['F70_74', 'ORIGINALLYDISABLED_FEMALE']],
    ['64M', { entitlementReason: '1' }, ['M60_64']],
    [
      '70F',
      { entitlementReason: '1', longTermInstitutional: true, dualStatus: '01' },
      ['F70_74', 'ORIGDS', 'LTIMCAID'],
    ],
    ['95M', {}, ['M95_GT']],
    ['94M', {}, ['M90_94']],
  ])('gives %s with %j the variables %j', (who, more, variables) => {
    const beneficiary = person(who, 2026, more);
    const { contributions } = scoreModel(
      { paymentYear: 2026, model: 'V28', beneficiary, diagnoses: [], segment: null },
      tables,
    );
    expect(contributions.map(({ variable }) => variable)).toEqual(variables);
  });

  it('adds what disability does to diseases in an institution', () => {
    const beneficiary = person('50F', 2026, { entitlementReason: '1', longTermInstitutional: true });
    const diagnoses = coded('I50.22', 'C34.90');
    const { contributions, raw } = scoreModel(
      { paymentYear: 2026, model: 'V28', beneficiary, diagnoses, segment: null },
      tables,
    );
    expect(contributions.map(({ variable, coefficient }) => [variable, coefficient])).toEqual([
      ['F45_54', 1.031],
      ['HCC20', 0.672],
      ['HCC226', 0.217],
      ['DISABLED_CANCER_V28', 0.367],
      ['DISABLED_HF_V28', 0.488],
      ['D2', 0],
    ]);
    expect(raw).toBe(2.775);
  });
});

describe('The ESRD model', () => {
  const score = (who: string, more: Partial<Beneficiary>, codes: string[] = [], paymentYear = 2024) => {
    const beneficiary = person(who, paymentYear, more);
    return scoreModel(
      { paymentYear, model: 'ESRD-V24', beneficiary, diagnoses: coded(...codes), segment: null },
      tables,
    );
  };
  const transplant = (months: number) => ({ esrd: { kind: 'transplant', months } }) as const;
  const dialysis = { esrd: { kind: 'dialysis' } } as const;

  it.each<[string, Partial<Beneficiary>, string, number, number]>([
    ['70F', dialysis, 'DI', 0.624, 0.611],
    ['70F', { ...dialysis, dualStatus: '02' }, 'DI', 0.684, 0.669],
    ['70F', { ...dialysis, entitlementReason: '1' }, 'DI', 0.648, 0.634],
    ['50M', { ...dialysis, entitlementReason: '2' }, 'DI', 0.551, 0.539],
    ['70M', { ...dialysis, newEnrollee: true }, 'DNE', 0.868, 0.849],
    ['88M', { ...dialysis, newEnrollee: true, dualStatus: '02' }, 'DNE', 1.181, 1.156],
    ['70F', transplant(1), 'TRANSPLANT', 5.985, 5.856],
    ['70F', transplant(3), 'TRANSPLANT', 0.941, 0.921],
    ['70F', transplant(5), 'GNPA', 2.888, 2.809],
    ['70F', { ...transplant(12), dualStatus: '02' }, 'GFA', 1.743, 1.696],
  ])('scores %s with %j in segment %s', (who, more, segment, raw, normalized) => {
    const { adjusted, ...result } = score(who, more);
    expect([result.segment.code, result.raw, result.normalized, adjusted]).toEqual([segment, raw, normalized, null]);
  });

  it('adds diseases and what they do together', () => {
    const { contributions } = score('50M', { ...dialysis, entitlementReason: '2' }, ['F11.20', 'F31.81']);
    expect(contributions.map(({ variable }) => variable)).toContain('NONAGED_GSUBUSEDS_GPSYCH');
  });

  it.each<[Partial<Beneficiary>, RegExp]>([
    [{ ...transplant(12), longTermInstitutional: true }, /institutional add-ons/],
    [{ ...transplant(12), newEnrollee: true }, /new enrollees with a functioning graft/],
  ])('refuses %j by name', (more, reason) => {
    const { raw, refused, contributions } = score('70F', more);
    expect([raw, contributions]).toEqual([null, []]);
    expect(refused).toMatch(reason);
  });

  it('has no normalization factor after 2024, and gives the raw score alone', () => {
    expect(score('70F', dialysis, [], 2026)).toMatchObject({ raw: 0.624, normalization: null, normalized: null });
  });
});
