import * as cql from '../../../cql/runtime/index.ts';
import {
  Code,
  Concept,
  FhirElement,
  precisions,
  Ratio,
  Tuple,
  Uncertainty,
  type Value,
} from '../../../cql/runtime/index.ts';
import { date, dateTime, decimal, interval, quantity, time } from './literals.ts';

const { Unstated, Year, Day, Hour, Millisecond } = precisions;

describe('12.1. Equal', () => {
  const encounter = { resourceType: 'Encounter', id: '1', status: 'finished' };
  it.each<[string, Value, Value, boolean | null]>([
    ['null and anything', null, 1, null],
    ['an Integer and a Decimal', 1, decimal('1.0'), true],
    ['a Long and an Integer', 1n, 1, true],
    ['values of different types', 1, '1', false],
    ['lengths in different units', quantity('1', 'cm'), quantity('0.01', 'm'), true],
    ['a length and a mass', quantity('1', 'cm'), quantity('1', 'g'), null],
    ['a calendar year and a UCUM year', quantity('1', 'year'), quantity('1', 'a'), null],
    ['a year and twelve months', quantity('1', 'year'), quantity('12', 'months'), true],
    ['a day and a UCUM day', quantity('1', 'day'), quantity('1', 'd'), true],
    [
      'one instant in two offsets',
      dateTime('2012-01-01T10:00:00.000+02:00'),
      dateTime('2012-01-01T08:00:00.000Z'),
      true,
    ],
    ['a year and a month of it', dateTime('2012'), dateTime('2012-03'), null],
    ['a year and a month of another', dateTime('2012'), dateTime('2013-03'), false],
    ['tuples with null on both sides', new Tuple({ a: 1, b: null }), new Tuple({ a: 1, b: null }), true],
    ['tuples with null on one side', new Tuple({ a: 1, b: 2 }), new Tuple({ a: 1, b: null }), null],
    ['tuples whose first elements differ', new Tuple({ a: 1, b: 2 }), new Tuple({ a: 2, b: null }), false],
    ['tuples with other elements', new Tuple({ a: 1 }), new Tuple({ b: 1 }), false],
    ['lists of nulls', [null], [null], true],
    ['lists of different lengths', [1], [1, 2], false],
    ['intervals that are written differently', interval('[]', 1, 4), interval('[)', 1, 5), true],
    ['an interval and one whose end is not known', interval('[]', 1, 4), interval('[)', 1, null), null],
    ['an interval and one that starts elsewhere', interval('[]', 1, 4), interval('[)', 2, null), false],
    ['codes with a display on one side', new Code('a', 's', null, 'A'), new Code('a', 's'), null],
    ['ratios', new Ratio(quantity('1'), quantity('2')), new Ratio(quantity('2'), quantity('4')), false],
    ['one resource read twice', encounter, { ...encounter }, true],
    ['two resources', encounter, { ...encounter, id: '2' }, false],
    ['elements with the same content', { code: 'a', system: 's' }, { system: 's', code: 'a' }, true],
    ['elements of which one has more', { code: 'a' }, { code: 'a', system: 's' }, null],
    ['a described element and its JSON', new FhirElement('code', 'final'), new FhirElement('code', 'final'), true],
    ['an uncertain duration and one of its values', new Uncertainty(4, 16), 5, null],
    ['an uncertain duration and another value', new Uncertainty(4, 16), 17, false],
  ])('%s', (_, a, b, expected) => {
    expect(cql.Equal(a, b)).toBe(expected);
    expect(cql.Equal(b, a)).toBe(expected);
    expect(cql.NotEqual(a, b)).toBe(expected === null ? null : !expected);
  });
});

describe('12.2. Equivalent', () => {
  it.each<[string, Value, Value, boolean]>([
    ['two nulls', null, null, true],
    ['null and a value', null, 1, false],
    ['strings of another case', 'Abel ', 'aBEL\t', true],
    ['decimals at the lower precision', decimal('1.001'), decimal('1.000'), true],
    ['decimals that differ there', decimal('1.5'), decimal('1.55'), false],
    ['codes with another display', new Code('a', 's', '1', 'A'), new Code('a', 's'), true],
    ['codes of other systems', new Code('a', 's'), new Code('a', 't'), false],
    ['a concept and its code', new Concept([new Code('a', 's'), new Code('b', 's')]), new Code('b', 's'), true],
    ['concepts without a common code', new Concept([new Code('a', 's')]), new Concept([new Code('b', 's')]), false],
    ['a year and 365 days', quantity('1', 'year'), quantity('365', 'days'), true],
    ['a month and a UCUM month', quantity('1', 'month'), quantity('1', 'mo'), true],
    ['ratios of one value', new Ratio(quantity('1'), quantity('2')), new Ratio(quantity('2'), quantity('4')), true],
    ['imprecise dates', date('2012'), date('2012-01'), false],
    ['lists with null', [1, null], [1, null], true],
    ['intervals without an end', interval('[)', 1, null), interval('[)', 1, null), true],
  ])('%s', (_, a, b, expected) => {
    expect(cql.Equivalent(a, b)).toBe(expected);
    expect(cql.Equivalent(b, a)).toBe(expected);
  });
});

describe('12.3 to 12.7. Order', () => {
  it.each<[string, Value, Value, boolean | null, boolean | null]>([
    ['integers', 1, 2, true, true],
    ['equal decimals', decimal('1.0'), decimal('1'), false, true],
    ['strings', 'a', 'b', true, true],
    ['quantities in other units', quantity('1', 'g'), quantity('500', 'mg'), false, false],
    ['imprecise date-times that may be equal', dateTime('2014'), dateTime('2014-02'), null, null],
    ["imprecise date-times that can't", dateTime('2013'), dateTime('2014-02'), true, true],
    ['an uncertain duration below', new Uncertainty(4, 16), 17, true, true],
    ['an uncertain duration up to the value', new Uncertainty(4, 16), 16, null, true],
    ['an uncertain duration from the value', new Uncertainty(4, 16), 4, false, null],
    ['an uncertain duration around the value', new Uncertainty(4, 16), 5, null, null],
    ['values of different types', 1, 'a', null, null],
    ['null', null, 1, null, null],
  ])('%s', (_, a, b, less, lessOrEqual) => {
    expect([cql.Less(a, b), cql.LessOrEqual(a, b)]).toEqual([less, lessOrEqual]);
    expect([cql.Greater(b, a), cql.GreaterOrEqual(b, a)]).toEqual([less, lessOrEqual]);
  });
});

describe('Timezone offsets in comparisons', () => {
  const [west, utc] = [dateTime('2022-02-22T00:00:00.000-05:00'), dateTime('2022-02-22T04:59:00.000Z')];
  it("don't count at the precision of days and above", () => {
    expect([Year, Day].map((precision) => cql.SameAs(west, utc, precision))).toEqual([true, true]);
  });
  it('count at hours and finer, and where no precision is stated', () => {
    expect([Hour, Millisecond, Unstated].map((precision) => cql.After(west, utc, precision))).toEqual([
      true,
      true,
      true,
    ]);
    expect(cql.SameAs(west, utc, Hour)).toBe(false);
  });
  it('bring a precise value to the offset of one that is known to the day', () => {
    expect(cql.Before(dateTime('2012-03-01'), dateTime('2012-03-01T23:00:00.000-05:00'), Unstated)).toBe(true);
  });
});

describe('How values sort', () => {
  it('puts null first and the less precise before what it may equal', () => {
    const values: Value[] = [
      dateTime('2012-10-05T10'),
      null,
      dateTime('2012-01-01'),
      dateTime('2012-01-01T12'),
      dateTime('2012-10-05'),
    ];
    expect(values.toSorted(cql.compareForSort)).toEqual([
      null,
      dateTime('2012-01-01'),
      dateTime('2012-01-01T12'),
      dateTime('2012-10-05'),
      dateTime('2012-10-05T10'),
    ]);
  });
  it('orders date-times by instant, not by text', () => {
    const [early, late] = [dateTime('2012-01-01T23:00:00.000+05:00'), dateTime('2012-01-01T20:00:00.000Z')];
    expect(cql.compareForSort(early, late)).toBe(-1);
    expect(cql.compareForSort(time('10:00'), time('09:00'))).toBe(1);
  });
});
