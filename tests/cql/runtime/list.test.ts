import fc from 'fast-check';
import * as cql from '../../../cql/runtime/index.ts';
import { Code, precisions, Tuple, type Value } from '../../../cql/runtime/index.ts';
import { dateTime, decimal, quantity, time } from './literals.ts';

const { Unstated } = precisions;

describe('Lists as sets', () => {
  const values = fc.array(fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constant(null)), { maxLength: 10 });
  it('agree with sets of the same numbers', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(cql.Distinct(a)).toEqual([...new Set(a)]);
        expect(cql.Union(a, b)).toEqual([...new Set([...a, ...b])]);
        expect(cql.Intersect(a, b)).toEqual([...new Set(a)].filter((value) => b.includes(value)));
        expect(cql.Except(a, b)).toEqual([...new Set(a)].filter((value) => !b.includes(value)));
        expect(cql.Includes(a, b, Unstated)).toBe(b.every((value) => a.includes(value)));
        expect(cql.ProperIncludes(a, b, Unstated)).toBe(a.length > b.length && b.every((value) => a.includes(value)));
      }),
    );
  });

  const encounter = (id: string): Value => ({ resourceType: 'Encounter', id, status: 'finished' });
  it.each<[string, Value[], number]>([
    ['a resource read twice', [encounter('1'), encounter('1'), encounter('2')], 2],
    ['resources of two types with one id', [encounter('1'), { resourceType: 'Patient', id: '1' }], 2],
    ['elements with the same content', [{ code: 'a' }, { code: 'a' }, { code: 'b' }], 2],
    ['decimals written in two ways', [decimal('1.0'), decimal('1.00'), 1], 1],
    [
      'one instant in two offsets',
      [dateTime('2012-01-01T23:00:00.000-05:00'), dateTime('2012-01-02T04:00:00.000Z')],
      1,
    ],
    ['dates of which one is less precise', [dateTime('2012'), dateTime('2012-01')], 2],
    ['quantities in two units', [quantity('1', 'g'), quantity('1000', 'mg')], 1],
    ['codes', [new Code('a', 's'), new Code('a', 's'), new Code('a', 't')], 2],
    ['tuples', [new Tuple({ a: 1, b: null }), new Tuple({ b: null, a: 1 }), new Tuple({ a: 2, b: null })], 2],
    [
      'lists of lists',
      [
        [1, 2],
        [1, 2],
        [2, 1],
      ],
      2,
    ],
    ['a string and a number', ['1', 1], 2],
    ['true and one', [true, 1], 2],
  ])('20.8. Distinct: %s', (_, list, count) => expect(cql.Distinct(list)).toHaveLength(count));
});

describe('20. Lists', () => {
  it.each<[string, Value, Value]>([
    ['Contains null where there is one', cql.Contains([1, null], null, Unstated), true],
    ['Contains in a null list', cql.Contains(null, 1, Unstated), false],
    ['Includes with null', cql.Includes([1], null, Unstated), null],
    ['Union with null', cql.Union(null, [1, 1]), [1]],
    ['Union of nulls', cql.Union(null, null), null],
    ['Intersect with null', cql.Intersect([1], null), null],
    ['Except null', cql.Except([1, 4], null), [1, 4]],
    ['Exists of nulls', cql.Exists([null]), false],
    ['Flatten leaves null lists out', cql.Flatten([[1], null, [null]]), [1, null]],
    ['First of nothing', cql.First([]), null],
    ['Last', cql.Last([1, null]), null],
    ['IndexOf a missing element', cql.IndexOf([1, 2], 3), -1],
    ['IndexOf null', cql.IndexOf([1, null], null), null],
    ['Indexer past the end', cql.Indexer([1, 2], 2), null],
    ['Slice to the end', cql.Slice([1, 2, 3], 1), [2, 3]],
    ['Slice from the end', cql.Slice([1, 2, 3], -2, null), [2, 3]],
    ['SingletonFrom nothing', cql.SingletonFrom([]), null],
    [
      'Times',
      cql.Times([new Tuple({ a: 1 })], [new Tuple({ b: 2 }), new Tuple({ b: 3 })]),
      [new Tuple({ a: 1, b: 2 }), new Tuple({ a: 1, b: 3 })],
    ],
    ['ProperContains of the only value', cql.ProperContains(['a', 'a'], 'a', Unstated), false],
    ['ProperContains beside null', cql.ProperContains(['a', null], 'a', Unstated), null],
    ['ProperContains beside null and another', cql.ProperContains(['a', 'b', null], 'a', Unstated), true],
    [
      'ProperContains of a value that may be there',
      cql.ProperContains([time('15:59:59.999'), time('20:00:00.000')], time('15:59:59'), Unstated),
      null,
    ],
  ])('%s', (_, actual, expected) => expect(actual).toEqual(expected));

  it('SingletonFrom several fails', () => expect(() => cql.SingletonFrom([1, 2])).toThrow(cql.CqlRuntimeError));
});

describe('21. Aggregates leave nulls out', () => {
  const numbers = ['1.0', '2.0', '3.0', '4.0', '5.0'].map(decimal);
  it.each<[string, Value, Value]>([
    ['Count', cql.Count([1, null, 2]), 2],
    ['Count of null', cql.Count(null), 0],
    ['Sum', cql.Sum([null, 1, 2]), 3],
    ['Sum of nothing', cql.Sum([]), null],
    ['Sum of quantities in two units', cql.Sum([quantity('1', 'g'), quantity('500', 'mg')]), quantity('1500', 'mg')],
    ['Sum that overflows', cql.Sum([2_147_483_647, 1]), null],
    ['Product of Longs', cql.Product([5n, 4n, 5n]), 100n],
    ['Min', cql.Min(['hi', null, 'bye']), 'bye'],
    ['Max', cql.Max([dateTime('2012-10-05'), dateTime('2012-10-06')]), dateTime('2012-10-06')],
    ['Avg of Integers', cql.Avg([1, 2]), decimal('1.5')],
    ['Avg of quantities', cql.Avg([quantity('1', 'g'), quantity('2', 'g')]), quantity('1.5', 'g')],
    ['Median of an even count', cql.Median(numbers.slice(0, 4)), decimal('2.5')],
    ['Median of nothing', cql.Median([null]), null],
    ['Mode', cql.Mode([2, 1, 8, 2, 9, 1, 9, 9]), 9],
    ['Variance', cql.Variance(numbers), decimal('2.5')],
    ['Variance of one', cql.Variance([1]), null],
    ['PopulationVariance', cql.PopulationVariance(numbers), decimal('2')],
    ['StdDev', cql.StdDev(numbers), decimal('1.58113883')],
    ['PopulationStdDev', cql.PopulationStdDev(numbers), decimal('1.41421356')],
    ['StdDev of quantities', cql.StdDev([quantity('1', 'g'), quantity('3', 'g')]), quantity('1.41421356', 'g')],
    ['GeometricMean', cql.GeometricMean([2, 8]), decimal('4')],
    ['AllTrue of null', cql.AllTrue(null), true],
    ['AnyTrue', cql.AnyTrue([null, true]), true],
  ])('%s', (_, actual, expected) => expect(actual).toEqual(expected));
});
