import fc from 'fast-check';
import * as cql from '../../../cql/runtime/index.ts';
import {
  type CqlDate,
  CqlDateTime,
  type Precision,
  precisions,
  Uncertainty,
  type Value,
} from '../../../cql/runtime/index.ts';
import { date, dateTime, decimal, environment, interval, quantity, time } from './literals.ts';

const { Year, Month, Week, Day, Hour, Minute, Second, Millisecond } = precisions;

/** Days and date-times whose arithmetic JavaScript's own Date can check. */
const moments = fc.date({
  min: new Date('1600-01-01T00:00:00Z'),
  max: new Date('2400-12-31T00:00:00Z'),
  noInvalidDate: true,
});
const asDate = (moment: Date): CqlDate => date(moment.toISOString().slice(0, 10));
const asDateTime = (moment: Date): CqlDateTime => dateTime(moment.toISOString());
const dayCount = (moment: Date): number => Math.floor(moment.getTime() / 86_400_000);

describe('Dates follow the day count', () => {
  it('when days are added and taken away', () => {
    fc.assert(
      fc.property(moments, fc.integer({ min: -50_000, max: 50_000 }), (moment, days) => {
        const duration = quantity(String(days), 'days');
        const moved = cql.Add(asDate(moment), duration);
        expect(moved).toEqual(asDate(new Date(moment.getTime() + days * 86_400_000)));
        expect(cql.Subtract(moved, duration)).toEqual(asDate(moment));
      }),
    );
  });
  it('when milliseconds are added to date-times', () => {
    fc.assert(
      fc.property(moments, fc.integer({ min: -1e12, max: 1e12 }), (moment, count) => {
        const moved = cql.Add(asDateTime(moment), quantity(String(count), 'milliseconds'));
        expect(moved).toEqual(asDateTime(new Date(moment.getTime() + count)));
      }),
    );
  });
  it('when days between are counted', () => {
    fc.assert(
      fc.property(moments, moments, (a, b) => {
        expect(cql.DurationBetween(asDate(a), asDate(b), Day)).toBe(dayCount(b) - dayCount(a));
        expect(cql.DifferenceBetween(asDateTime(a), asDateTime(b), Day)).toBe(dayCount(b) - dayCount(a));
        expect(cql.DurationBetween(asDateTime(a), asDateTime(b), Hour)).toBe(
          Math.trunc((b.getTime() - a.getTime()) / 3_600_000) + 0,
        );
      }),
    );
  });
  it('and a duration added never overtakes the date that it was measured to', () => {
    fc.assert(
      fc.property(
        moments,
        moments,
        fc.constantFrom<[Precision, string]>([Year, 'year'], [Month, 'month'], [Week, 'week']),
        (x, y, [precision, unit]) => {
          const [a, b] = x < y ? [asDateTime(x), asDateTime(y)] : [asDateTime(y), asDateTime(x)];
          const count = cql.DurationBetween(a, b, precision);
          if (typeof count !== 'number') throw new Error('uncertain');
          expect(cql.LessOrEqual(cql.Add(a, quantity(String(count), unit)), b)).toBe(true);
          expect(cql.Greater(cql.Add(a, quantity(String(count + 1), unit)), b)).toBe(true);
        },
      ),
    );
  });
  it('and compare like instants in any offset', () => {
    const offsets = fc.integer({ min: -14 * 60, max: 14 * 60 });
    fc.assert(
      fc.property(moments, moments, offsets, offsets, (a, b, x, y) => {
        const [p, q] = [cql.atOffset(asDateTime(a), x), cql.atOffset(asDateTime(b), y)];
        expect(cql.Less(p, q)).toBe(a.getTime() < b.getTime());
        expect(cql.Equal(p, q)).toBe(a.getTime() === b.getTime());
        expect(cql.atOffset(p, 0)).toEqual(asDateTime(a));
      }),
    );
  });
  it('and what is written is read again', () => {
    fc.assert(
      fc.property(moments, fc.constantFrom(4, 7, 10, 13, 16, 19, 23), (moment, length) => {
        const text = moment.toISOString().slice(0, length);
        expect(cql.formatDateTime(dateTime(text))).toBe(length > 10 ? `${text}+00:00` : text);
      }),
    );
  });
});

describe('Reading ISO 8601', () => {
  it.each<[string, Value]>([
    ['2026-01-31T10:00:00+05:30', new CqlDateTime(date('2026-01-31').date, time('10:00:00').time, Second, 330)],
    ['2026-01-31T10:00:00.1234567Z', dateTime('2026-01-31T10:00:00.123')],
    ['2026-01-31T10:00:00.5-07:00', cql.atOffset(dateTime('2026-01-31T17:00:00.500'), -420)],
    ['2026-01-31T', new CqlDateTime(date('2026-01-31').date, 0, Day, 0)],
  ])('%s', (text, expected) => expect(cql.parseDateTime(text, 0)).toEqual(expected));

  it.each([
    '2026-02-30',
    '2026-13',
    '0000',
    '26-01-01',
    '2026-01-01T24:00',
    '2026-01-01T10:60',
    '2026-01-01T10:00:00.',
    '2026-01-01T10:00+15:00',
    '2026-01-01T10:00Zx',
    '2026-01-01 10:00',
    '2026/01/01',
    '2026-1-1',
    '',
    'T10:00',
  ])('refuses %s', (text) => expect(cql.parseDateTime(text, 0)).toBeNull());
});

describe('18. Date and time operators', () => {
  const now = environment;
  it.each<[string, Value, Value]>([
    [
      'NewDateTime ends at the first null',
      cql.NewDateTime(2020, 3, null, 5, null, null, null, null, now),
      dateTime('2020-03'),
    ],
    ['NewDateTime without a year', cql.NewDateTime(null, 3, 1, null, null, null, null, null, now), null],
    [
      'NewDateTime with an offset in hours',
      cql.NewDateTime(2020, 3, 1, 5, 0, 0, 0, decimal('-7.5'), now),
      cql.parseDateTime('2020-03-01T05:00:00.000-07:30', 0),
    ],
    ['NewTime', cql.NewTime(10, 30, null, null), time('10:30')],
    ['Today', cql.Today(now), date('2026-06-15')],
    ['DateTimeComponentFrom a known part', cql.DateTimeComponentFrom(dateTime('2020-03-01T05'), Hour), 5],
    ['DateTimeComponentFrom an unknown part', cql.DateTimeComponentFrom(dateTime('2020-03-01T05'), Minute), null],
    ['TimezoneOffsetFrom', cql.TimezoneOffsetFrom(cql.parseDateTime('2020-01-01T00:00:00-07:30', 0)), decimal('-7.5')],
    [
      'DateFrom keeps the own offset',
      cql.DateFrom(cql.parseDateTime('2020-01-01T23:00:00-07:00', 0)),
      date('2020-01-01'),
    ],
    ['TimeFrom without hours', cql.TimeFrom(dateTime('2020-01-01')), null],
    ['a leap day plus a year', cql.Add(date('2012-02-29'), quantity('1', 'year')), date('2013-02-28')],
    ['the 31st plus a month', cql.Add(date('2014-01-31'), quantity('1', 'month')), date('2014-02-28')],
    ['a year plus 25 months', cql.Add(date('2014'), quantity('25', 'months')), date('2016')],
    ['a year plus 735 days', cql.Add(dateTime('2014'), quantity('735', 'days')), dateTime('2016')],
    [
      'a month less almost a year in seconds',
      cql.Subtract(dateTime('2016-05'), quantity('31535999', 'seconds')),
      dateTime('2015-05'),
    ],
    [
      'half a second',
      cql.Add(dateTime('2016-01-01T00:00:00.000'), quantity('0.5', 's')),
      dateTime('2016-01-01T00:00:00.500'),
    ],
    ['half a day is nothing', cql.Add(date('2016-01-01'), quantity('0.9', 'days')), date('2016-01-01')],
    ['a time wraps at midnight', cql.Add(time('23:30'), quantity('1', 'hour')), time('00:30')],
    ["a length can't be added", cql.Add(date('2016-01-01'), quantity('1', 'cm')), null],
  ])('%s', (_, actual, expected) => expect(actual).toEqual(expected));

  it.each<[string, () => Value]>([
    ['a date beyond 9999', () => cql.Add(date('9999-12-31'), quantity('1', 'day'))],
    ['the 30th of February', () => cql.NewDate(2020, 2, 30)],
    ['the 13th month', () => cql.NewDate(2020, 13, null)],
    ['the year 10000', () => cql.NewDate(10_000, null, null)],
  ])('%s fails', (_, evaluate) => expect(evaluate).toThrow(cql.CqlRuntimeError));

  it.each<[string, Value, Value, Precision, Value]>([
    ['years to the day before', date('2000-05-10'), date('2010-05-09'), Year, 9],
    ['years to the day', date('2000-05-10'), date('2010-05-10'), Year, 10],
    ['years from a leap day', date('2012-02-29'), date('2013-02-28'), Year, 1],
    ['backwards', date('2010-05-10'), date('2000-05-11'), Year, -9],
    ['months from the 31st', date('2014-01-31'), date('2014-02-27'), Month, 0],
    ['years between years', dateTime('2005'), dateTime('2010'), Year, new Uncertainty(4, 5)],
    ['days to a month', dateTime('2015-02-10'), dateTime('2015-03'), Day, new Uncertainty(18, 49)],
    ['hours between seconds', dateTime('2017-03-12T01:00:00-07:00'), dateTime('2017-03-12T03:00:00-06:00'), Hour, 1],
    ['minutes of times', time('23:20:16.555'), time('23:25:15.555'), Minute, 4],
    ['a date and a time', date('2014-01-31'), time('10:00'), Day, null],
  ])('18.11. DurationBetween: %s', (_, a, b, precision, expected) =>
    expect(cql.DurationBetween(a, b, precision)).toEqual(expected),
  );

  it.each<[string, Value, Value, Precision, Value]>([
    ['New Year crossed', date('2013-12-31'), date('2014-01-01'), Year, 1],
    ['weeks from Sunday to Saturday', dateTime('2000-10-15'), dateTime('2000-10-28'), Week, 1],
    ['weeks from Sunday to Sunday', dateTime('2000-10-15'), dateTime('2000-10-29'), Week, 2],
    ['days in own offsets', dateTime('2017-03-12T00:00:00-07:00'), dateTime('2017-03-13T00:00:00-06:00'), Day, 1],
    [
      'milliseconds across offsets',
      dateTime('2000-10-10T10:05:45.500-06:00'),
      dateTime('2000-10-10T10:05:45.900-07:00'),
      Millisecond,
      3_600_400,
    ],
    ['months of a year', dateTime('2005'), dateTime('2006-07'), Month, new Uncertainty(7, 18)],
  ])('18.10. DifferenceBetween: %s', (_, a, b, precision, expected) =>
    expect(cql.DifferenceBetween(a, b, precision)).toEqual(expected),
  );

  it('5.4. Arithmetic and comparison keep what is uncertain', () => {
    const days = cql.DurationBetween(dateTime('2014-01-15'), dateTime('2014-02'), Day);
    expect(cql.Add(days, days)).toEqual(new Uncertainty(32, 88));
    expect(cql.Multiply(days, days)).toEqual(new Uncertainty(256, 1936));
    expect([cql.Greater(days, 15), cql.Greater(days, 16), cql.Greater(days, 44)]).toEqual([true, null, false]);
    expect(() => cql.TruncatedDivide(days, 2)).toThrow(cql.CqlRuntimeError);
  });

  it.each<[string, Value, Value, Precision, (boolean | null)[]]>([
    // SameAs, Before, After, SameOrBefore, SameOrAfter
    [
      'points on one day',
      dateTime('2020-01-01T10:00'),
      dateTime('2020-01-01T11:00'),
      Day,
      [true, false, false, true, true],
    ],
    [
      'points without a stated precision',
      dateTime('2020-01-01T10:00'),
      dateTime('2020-01-01T11:00'),
      0,
      [false, true, false, true, false],
    ],
    ['a month and a day of it', dateTime('2020-01'), dateTime('2020-01-05'), Day, [null, null, null, null, null]],
    [
      'a month and a day of it, by month',
      dateTime('2020-01'),
      dateTime('2020-01-05'),
      Month,
      [true, false, false, true, true],
    ],
    [
      'a second and its start',
      dateTime('2020-01-01T10:00:00'),
      dateTime('2020-01-01T10:00:00.000'),
      0,
      [null, null, null, null, null],
    ],
    [
      'a date and a date-time',
      date('2020-01-01'),
      dateTime('2020-01-02T10:00'),
      Day,
      [false, true, false, true, false],
    ],
    [
      'a point and an interval',
      date('2020-01-01'),
      interval('[]', date('2020-01-02'), date('2020-01-05')),
      0,
      [false, true, false, true, false],
    ],
    [
      'an interval and the point of its end',
      interval('[]', date('2020-01-02'), date('2020-01-05')),
      date('2020-01-05'),
      0,
      [false, false, false, true, false],
    ],
    ['null', null, date('2020-01-05'), 0, [null, null, null, null, null]],
  ])('18.14 to 18.16, 19.26. Timing: %s', (_, a, b, precision, expected) => {
    const operators = [cql.SameAs, cql.Before, cql.After, cql.SameOrBefore, cql.SameOrAfter];
    expect(operators.map((operator) => operator(a, b, precision))).toEqual(expected);
  });
});
