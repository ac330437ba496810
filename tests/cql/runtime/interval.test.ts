import fc from 'fast-check';
import * as cql from '../../../cql/runtime/index.ts';
import { Interval, precisions, type Value } from '../../../cql/runtime/index.ts';
import { date, dateTime, decimal, environment, interval, quantity, time } from './literals.ts';

const { Unstated, Day } = precisions;
const points = Array.from({ length: 34 }, (_, i) => i - 2);
const intervals = fc
  .tuple(
    fc.integer({ min: 0, max: 29 }),
    fc.integer({ min: 2, max: 10 }),
    fc.constantFrom<'[]' | '[)' | '(]' | '()'>('[]', '[)', '(]', '()'),
  )
  .map(([low, width, brackets]) => interval(brackets, low, Math.min(low + width, 31)))
  .filter((each) => each !== null);
const holds = (each: Value, point: Value): boolean | null =>
  each === null ? false : cql.Contains(each, point, Unstated);
const members = (each: Value): number[] => points.filter((point) => holds(each, point) === true);

describe('Intervals are sets of points', () => {
  it('in intersections', () => {
    fc.assert(
      fc.property(intervals, intervals, (a, b) => {
        const shared = members(a).filter((point) => members(b).includes(point));
        expect(members(cql.Intersect(a, b))).toEqual(shared);
        expect(cql.Overlaps(a, b, Unstated)).toBe(shared.length > 0);
      }),
    );
  });
  it('in unions, where there are no gaps', () => {
    fc.assert(
      fc.property(intervals, intervals, (a, b) => {
        const all = points.filter((point) => holds(a, point) === true || holds(b, point) === true);
        const [first = 0, last = 0] = [all[0], all.at(-1)];
        expect(members(cql.Union(a, b))).toEqual(all.length === last - first + 1 ? all : []);
      }),
    );
  });
  it('in differences, where one interval is left', () => {
    fc.assert(
      fc.property(intervals, intervals, (a, b) => {
        const left = members(a).filter((point) => !members(b).includes(point));
        const [first = 0, last = 0] = [left[0], left.at(-1)];
        expect(members(cql.Except(a, b))).toEqual(left.length === last - first + 1 ? left : []);
      }),
    );
  });
  it('in inclusion, meeting, starting and ending', () => {
    fc.assert(
      fc.property(intervals, intervals, (a, b) => {
        const [x, y] = [members(a), members(b)];
        const included = y.every((point) => x.includes(point));
        expect(cql.Includes(a, b, Unstated)).toBe(included);
        expect(cql.IncludedIn(b, a, Unstated)).toBe(included);
        expect(cql.ProperIncludes(a, b, Unstated)).toBe(included && x.length > y.length);
        expect(cql.Meets(a, b, Unstated)).toBe((x.at(-1) ?? 0) + 1 === y[0] || (y.at(-1) ?? 0) + 1 === x[0]);
        expect(cql.Starts(a, b, Unstated)).toBe(x[0] === y[0] && x.length <= y.length);
        expect(cql.Ends(a, b, Unstated)).toBe(x.at(-1) === y.at(-1) && x.length <= y.length);
        expect(cql.Before(a, b, Unstated)).toBe((x.at(-1) ?? 0) < (y[0] ?? 0));
        expect(cql.Equal(a, b)).toBe(included && x.length === y.length);
      }),
    );
  });
  it('and collapsing keeps them, leaves no two that touch, and changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.array(intervals, { maxLength: 8 }), (list) => {
        const collapsed = cql.Collapse(list, null, environment) ?? [];
        expect(collapsed.flatMap(members)).toEqual(
          points.filter((point) => list.some((each) => holds(each, point) === true)),
        );
        collapsed.forEach((each, i) => {
          const next = collapsed[i + 1];
          if (next !== undefined)
            expect(cql.Or(cql.Overlaps(each, next, Unstated), cql.Meets(each, next, Unstated))).toBe(false);
        });
        expect(cql.Collapse(collapsed, null, environment)).toEqual(collapsed);
        expect(cql.Collapse(list.toReversed(), null, environment)?.flatMap(members)).toEqual(
          collapsed.flatMap(members),
        );
      }),
    );
  });
  it('and expanding gives them one by one', () => {
    fc.assert(
      fc.property(intervals, (each) => expect(cql.Expand(each, quantity('1'), environment)).toEqual(members(each))),
    );
  });
});

describe('19. Intervals', () => {
  const year = interval('[]', dateTime('2026-01-01T00:00:00.000'), dateTime('2026-12-31T23:59:59.999'));
  const untilNewYear = interval('[)', dateTime('2026-01-01T00:00:00.000'), dateTime('2027-01-01T00:00:00.000'));
  const since = interval('[]', 5, null);
  const unknownEnd = interval('[)', 5, null);
  it.each<[string, Value, Value]>([
    [
      'Start of an open interval is the next point',
      cql.Start(interval('(]', decimal('1.0'), decimal('2.0'))),
      decimal('1.00000001'),
    ],
    ['End of an interval that never ends', cql.End(since), 2_147_483_647],
    ['End that is not known', cql.End(unknownEnd), null],
    [
      'Includes of intervals without an end that start in different offsets',
      cql.Includes(
        interval('[]', dateTime('2010-01-01T00:00:00Z'), null),
        interval('[]', dateTime('2011-01-01T00:00:00-05:00'), null),
        Unstated,
      ),
      true,
    ],
    ['Width', cql.Width(interval('[)', 1, 5)), 3],
    ['Size', cql.Size(interval('[)', 1, 5)), 4],
    ['PointFrom', cql.PointFrom(interval('[)', 1, 2)), 1],
    ['Contains beyond the start of an unknown end', cql.Contains(unknownEnd, 7, Unstated), null],
    ['Contains before the start of an unknown end', cql.Contains(unknownEnd, 4, Unstated), false],
    ['Contains null', cql.Contains(since, null, Unstated), null],
    ['a null interval contains nothing', cql.Contains(null, 5, Unstated), false],
    ['Contains at the precision of the day', cql.Contains(year, dateTime('2026-12-31'), Day), true],
    ['Contains of a less precise point', cql.Contains(year, dateTime('2026'), Day), null],
    ['an open end by day is the day before', cql.In(dateTime('2027-01-01T00:00:00.000'), untilNewYear, Day), false],
    ['the last day before an open end', cql.In(dateTime('2026-12-31T10:00:00.000'), untilNewYear, Day), true],
    ['ProperContains of the first point', cql.ProperContains(interval('[]', 1, 3), 1, Unstated), false],
    [
      "Meets with unknown boundaries that can't",
      cql.MeetsAfter(
        new Interval(null, 5, false, true, 'Integer'),
        new Interval(11, null, true, false, 'Integer'),
        Unstated,
      ),
      false,
    ],
    [
      'Meets with unknown boundaries that may',
      cql.MeetsBefore(
        new Interval(null, 5, false, true, 'Integer'),
        new Interval(null, 25, false, true, 'Integer'),
        Unstated,
      ),
      null,
    ],
    [
      'Meets by day',
      cql.Meets(
        interval('[]', dateTime('2026-01-01T08:00:00.000'), dateTime('2026-01-02T08:00:00.000')),
        interval('[]', dateTime('2026-01-03T20:00:00.000'), dateTime('2026-01-05T08:00:00.000')),
        Day,
      ),
      true,
    ],
    [
      'Overlaps of imprecise dates',
      cql.Overlaps(
        interval('[]', date('2012-02-25'), date('2012-03-26')),
        interval('[]', date('2012-01-10'), date('2012-02')),
        Unstated,
      ),
      null,
    ],
    ['OverlapsBefore', cql.OverlapsBefore(interval('[]', 1, 10), interval('(]', 4, 10), Unstated), true],
    ['OverlapsAfter', cql.OverlapsAfter(interval('[]', 4, 10), interval('[)', 4, 10), Unstated), true],
    ['Intersect with an unknown end', cql.Intersect(interval('[]', 1, 10), unknownEnd), unknownEnd],
    [
      'Except of a quantity interval',
      cql.Except(
        interval('[]', quantity('1', 'g'), quantity('10', 'g')),
        interval('[]', quantity('5', 'g'), quantity('10', 'g')),
      ),
      interval('[]', quantity('1', 'g'), quantity('4.99999999', 'g')),
    ],
    ['Except with null', cql.Except(interval('[]', 1, 2), null), null],
    [
      'Collapse of days that touch',
      cql.Collapse(
        [
          interval('[]', date('2026-01-03'), date('2026-01-04')),
          null,
          interval('[]', date('2026-01-01'), date('2026-01-02')),
        ],
        null,
        environment,
      ),
      [interval('[]', date('2026-01-01'), date('2026-01-04'))],
    ],
    [
      'Collapse per three days',
      cql.Collapse(
        [
          interval('[]', date('2026-01-01'), date('2026-01-02')),
          interval('[]', date('2026-01-05'), date('2026-01-06')),
        ],
        quantity('3', 'days'),
        environment,
      ),
      [interval('[]', date('2026-01-01'), date('2026-01-06'))],
    ],
    [
      'Collapse per day across hours',
      cql.Collapse(
        [
          interval('[]', dateTime('2026-01-01T08:00:00.000'), dateTime('2026-01-01T20:00:00.000')),
          interval('[]', dateTime('2026-01-02T22:00:00.000'), dateTime('2026-01-03T22:00:00.000')),
        ],
        quantity('1', 'day'),
        environment,
      ),
      [interval('[]', dateTime('2026-01-01T08:00:00.000'), dateTime('2026-01-03T22:00:00.000'))],
    ],
    [
      'Expand per hour',
      cql.Expand(interval('[)', time('10:00'), time('12:30')), quantity('1', 'hour'), environment),
      [time('10'), time('11'), time('12')],
    ],
    [
      'Expand finer than the boundaries',
      cql.Expand(interval('[]', time('10'), time('10')), quantity('1', 'minute'), environment),
      [],
    ],
    [
      'Expand of a list per two days',
      cql.Expand([interval('[]', date('2018-01-01'), date('2018-01-05'))], quantity('2', 'days'), environment),
      [interval('[]', date('2018-01-01'), date('2018-01-02')), interval('[]', date('2018-01-03'), date('2018-01-04'))],
    ],
    [
      'Expand per tenths',
      cql.Expand(interval('[]', decimal('1.0'), decimal('1.2')), quantity('0.1'), environment),
      [decimal('1.0'), decimal('1.1'), decimal('1.2')],
    ],
    [
      'Expand of quantities in another unit',
      cql.Expand(interval('[]', quantity('1', 'g'), quantity('2', 'g')), quantity('1000', 'mg'), environment),
      [quantity('1', 'g'), quantity('2', 'g')],
    ],
    ['an interval of nothing known', cql.NewInterval(null, null, true, true, null), null],
  ])('%s', (_, actual, expected) => expect(actual).toEqual(expected));

  it.each<[string, () => Value]>([
    ['that ends before it starts', () => cql.NewInterval(5, 3, true, true, null)],
    ['without points', () => cql.NewInterval(5, 5, true, false, null)],
    ['of two points asked for its one', () => cql.PointFrom(interval('[]', 1, 2))],
    ['of dates asked for its width', () => cql.Width(year)],
  ])('an interval %s fails', (_, evaluate) => expect(evaluate).toThrow(cql.CqlRuntimeError));

  it('spends the budget as it expands', () => {
    let steps = 0;
    const step = (): void => {
      steps += 1;
      if (steps > 1_000) throw new RangeError('spent');
    };
    expect(() => cql.Expand(interval('[]', 1, 2_000_000_000), null, { ...environment, budget: { step } })).toThrow(
      RangeError,
    );
  });
});
