import { type Beneficiary, openHccTables, scoreModel, scoreRisk } from '../../../measures/index.ts';
import { coded, person } from './people.ts';

const tables = openHccTables();
const disabled = { entitlementReason: '1' } as const;

interface Case {
  readonly id: string;
  readonly who: string;
  readonly more?: Partial<Beneficiary>;
  readonly codes: readonly string[];
  readonly segment: string;
  readonly hccs: readonly number[];
  readonly v28: number;
  /** Null: no oracle. */
  readonly v24: number | null;
  readonly py2026: number;
  readonly py2025: number | null;
}

const cases: readonly Case[] = [
  { id: 'G01', who: '70M', codes: [], segment: 'CNA', hccs: [], v28: 0.396, v24: 0.394, py2026: 0.349, py2025: 0.345 },
  { id: 'G02', who: '70F', codes: [], segment: 'CNA', hccs: [], v28: 0.395, v24: 0.386, py2026: 0.348, py2025: 0.343 },
  {
    id: 'G03',
    who: '70F',
    codes: ['E11.9'],
    segment: 'CNA',
    hccs: [38],
    v28: 0.561,
    v24: 0.491,
    py2026: 0.495,
    py2025: 0.47,
  },
  {
    id: 'G04',
    who: '72M',
    codes: ['E11.22', 'I50.22', 'I48.91', 'N18.32'],
    segment: 'CNA',
    hccs: [37, 226, 238, 328],
    v28: 1.713,
    v24: 1.732,
    py2026: 1.51,
    py2025: 1.499,
  },
  {
    id: 'G07',
    who: '50F',
    more: disabled,
    codes: ['F11.20', 'F31.81', 'J44.9'],
    segment: 'CND',
    hccs: [137, 154, 280],
    v28: 1.167,
    v24: 1.175,
    py2026: 1.029,
    py2025: 1.02,
  },
  {
    id: 'G09',
    who: '70F',
    codes: ['Z95.811'],
    segment: 'CNA',
    hccs: [],
    v28: 0.395,
    v24: 1.218,
    py2026: 0.348,
    py2025: 0.567,
  },
  {
    id: 'G11',
    who: '70F',
    codes: ['D66'],
    segment: 'CNA',
    hccs: [112],
    v28: 0.845,
    v24: null,
    py2026: 0.745,
    py2025: null,
  },
  {
    id: 'G13',
    who: '45F',
    more: disabled,
    codes: ['C50.911'],
    segment: 'CND',
    hccs: [22],
    v28: 0.706,
    v24: 0.56,
    py2026: 0.623,
    py2025: 0.577,
  },
  {
    id: 'G18',
    who: '78F',
    codes: ['N18.4', 'N18.32', 'N18.30'],
    segment: 'CNA',
    hccs: [327],
    v28: 0.979,
    v24: 0.74,
    py2026: 0.864,
    py2025: 0.79,
  },
  {
    id: 'G19',
    who: '78F',
    codes: ['F32.9'],
    segment: 'CNA',
    hccs: [],
    v28: 0.465,
    v24: 0.451,
    py2026: 0.41,
    py2025: 0.402,
  },
  {
    id: 'G20',
    who: '78F',
    codes: ['F33.1'],
    segment: 'CNA',
    hccs: [155],
    v28: 0.764,
    v24: 0.76,
    py2026: 0.674,
    py2025: 0.666,
  },
  {
    id: 'G23',
    who: '74F',
    codes: ['I70.25'],
    segment: 'CNA',
    hccs: [263],
    v28: 1.513,
    v24: 1.874,
    py2026: 1.334,
    py2025: 1.418,
  },
];

describe('The golden cases', () => {
  it.each(cases)('$id: $who $codes is $v28 in V28', ({ who, more, codes, segment, hccs, v28, py2026 }) => {
    const request = { beneficiary: person(who, 2026, more), diagnoses: coded(...codes), segment: null };
    const { score, models } = scoreRisk({ ...request, paymentYear: 2026, models: [] }, tables);
    const [model] = models;
    const counting = model?.categories.filter(({ droppedBy, notCounted }) => droppedBy === null && notCounted === null);
    expect(counting?.map(({ category }) => category)).toEqual(hccs);
    expect({ segment: model?.segment.code, raw: model?.raw, score }).toEqual({ segment, raw: v28, score: py2026 });
  });

  it.each(cases.filter(({ v24 }) => v24 !== null))(
    '$id: $who $codes is $v24 in V24, and $py2025 in the blend of 2025',
    (one) => {
      const request = { beneficiary: person(one.who, 2025, one.more), diagnoses: coded(...one.codes), segment: null };
      const { score, models } = scoreRisk({ ...request, paymentYear: 2025, models: [] }, tables);
      expect(models.map(({ model, weight }) => [model, weight])).toEqual([
        ['V24', 33],
        ['V28', 67],
      ]);
      expect({ v24: models[0]?.raw, v28: models[1]?.raw, score }).toEqual({
        v24: one.v24,
        v28: one.v28,
        score: one.py2025,
      });
    },
  );

  it('breaks G04 down as CMS does', () => {
    const request = {
      beneficiary: person('72M', 2026),
      diagnoses: coded('E11.22', 'I50.22', 'I48.91', 'N18.32'),
      segment: null,
    };
    const { contributions } = scoreModel({ ...request, paymentYear: 2026, model: 'V28' }, tables);
    expect(contributions.map(({ variable, coefficient }) => [variable, coefficient])).toEqual([
      ['M70_74', 0.396],
      ['HCC37', 0.166],
      ['HCC226', 0.36],
      ['HCC238', 0.299],
      ['HCC328', 0.127],
      ['DIABETES_HF_V28', 0.112],
      ['HF_KIDNEY_V28', 0.176],
      ['HF_HCC238_V28', 0.077],
      ['D4', 0],
    ]);
  });

  it.each<[string, string, Partial<Beneficiary>, number]>([
    ['65F not dual', '65F', {}, 0.532],
    ['65F dual 02', '65F', { dualStatus: '02' }, 0.986],
    ['67M once disabled', '67M', disabled, 1.155],
    ['66M in a plan for chronic conditions', '66M', { chronicSnp: true }, 0.944],
    ['64F entitled by age counts as 65', '64F', {}, 0.532],
    ['64F disabled', '64F', disabled, 1.212],
  ])('scores the new enrollee %s', (_, who, more, raw) => {
    const beneficiary = person(who, 2026, { newEnrollee: true, ...more });
    expect(scoreModel({ paymentYear: 2026, model: 'V28', beneficiary, diagnoses: [], segment: null }, tables).raw).toBe(
      raw,
    );
  });

  it.each([
    ['17F', 'J44.9'],
    ['5M', 'P27.1'],
    ['70F', 'N18.9'],
    ['70F', 'I25.10'],
    ['70F', 'I73.9'],
    ['70F', 'F32.A'],
    ['70F', 'Z99.2'],
  ])('gives %s with %s no category, without a warning', (who, code) => {
    const diagnoses = coded(code);
    const beneficiary = person(who, 2026, disabled);
    const { categories, diagnoses: steps } = scoreModel(
      { paymentYear: 2026, model: 'V28', beneficiary, diagnoses, segment: null },
      tables,
    );
    expect(categories).toEqual([]);
    expect(steps.map(({ warning }) => warning)).toEqual([null]);
  });
});
