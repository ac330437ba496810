import fc from 'fast-check';
import { csv } from '../../app/csv.ts';
import { age, count, counted, day, percent, points, sexAndAge } from '../../app/format.ts';
import { personName } from '../../app/names.ts';
import { nameSeveralGroups, settledWords, standing } from '../../app/words.ts';
import { measures } from './answers.ts';

describe('Numbers and dates', () => {
  it.each([
    [0, '0.0\u00a0%'],
    [0.65384, '65.4\u00a0%'],
    [1, '100.0\u00a0%'],
    [null, '–'],
  ])('writes the rate %s as %s', (rate, text) => expect(percent(rate)).toBe(text));

  it.each([
    ['2026-02-03', '3 Feb 2026'],
    ['2026-12', 'Dec 2026'],
    ['2026', '2026'],
    [null, '–'],
    ['not a Time', '–'],
  ])('writes the date %s as %s', (date, text) => expect(day(date)).toBe(text));

  it('counts in words', () => {
    expect([count(1204), counted(1, 'gap'), counted(0, 'gap'), points(-0.0461)]).toEqual([
      '1,204',
      '1 gap',
      '0 gaps',
      '4.6',
    ]);
  });

  it.each([
    ['1960-11-22', 66],
    ['1960-11-23', 65],
    ['1960-12-01', 65],
    ['2026-11-22', 0],
    ['1960', null],
    [null, null],
  ])('makes someone born on %s, on 22 Nov 2026, %s years old', (born, years) => {
    expect(age(born, new Date(2026, 10, 22))).toBe(years);
  });

  it('says of a person what is known', () => {
    const today = new Date(2026, 10, 22);
    expect(sexAndAge('female', '1960-01-01', today)).toBe('female, 66\u00a0y');
    expect(sexAndAge(null, null, today)).toBe('–');
  });
});

describe('A rate and its target', () => {
  const [summary] = measures;
  if (summary === undefined) throw new Error('there are no measures');
  it.each([
    ['increase', 0.7, 0.7, true],
    ['increase', 0.69, 0.7, false],
    ['decrease', 0.7, 0.7, true],
    ['decrease', 0.71, 0.7, false],
  ] as const)('%s: %d against %d is met: %s', (improvementNotation, rate, target, met) => {
    expect(standing({ ...summary, improvementNotation, rate, target: { rate: target, source: '' } })?.met).toBe(met);
  });

  it.each([{ rate: null }, { target: null }, { improvementNotation: null }])('are not compared with %j', (missing) => {
    expect(standing({ ...summary, ...missing })).toBeNull();
  });
});

describe('Words for a gap', () => {
  it.each([
    [['numerator'], 'Counted in the numerator'],
    [['numerator', 'denominator-exclusion'], 'Excluded from the denominator'],
    [['denominator-exception'], 'Counted as an exception'],
    [['denominator'], null],
  ] as const)('in %j say: %s', (codes, words) => {
    expect(settledWords(codes.map((code) => ({ code, count: 1 })))).toBe(words);
    expect(settledWords(codes.map((code) => ({ code, count: 0 })))).toBeNull();
  });

  it('name the group of a measure only where it has several', () => {
    const measure = { id: 'm', url: 'm', version: null, title: 'M' };
    const group = (id: string, title: string | null) => ({ measure, group: { id, title } });
    expect(nameSeveralGroups([group('a', 'First')]).map((one) => one.group.title)).toEqual([null]);
    expect(nameSeveralGroups([group('a', 'First'), group('b', null)]).map((one) => one.group.title)).toEqual([
      'First',
      'b',
    ]);
  });

  it('call a person by the official name', () => {
    const names = [{ text: 'Annie' }, { use: 'official', given: ['Anna', 'B'], family: 'Lee', suffix: ['MD'] }];
    expect([personName(names), personName([{ text: 'Annie' }]), personName()]).toEqual([
      'Anna B Lee, MD',
      'Annie',
      null,
    ]);
  });
});

describe('A CSV file', () => {
  it('quotes what it must', () => {
    expect(
      csv(
        ['a', 'b'],
        [
          ['x,y', 'say "no"'],
          [null, 3],
        ],
      ),
    ).toBe('\ufeffa,b\r\n"x,y","say ""no"""\r\n,3\r\n');
  });

  it('never holds a cell that a spreadsheet would run', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const [, row = ''] = csv(['a'], [[text]]).split('\r\n', 2);
        expect(row.replace(/^"/, '')).not.toMatch(/^[=+\-@\t]/);
      }),
    );
  });
});
