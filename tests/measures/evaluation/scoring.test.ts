import fc from 'fast-check';
import { aggregate, aggregateMethods } from '../../../measures/evaluation/scoring/aggregate.ts';
import { weightedMean } from '../../../measures/index.ts';

describe('Aggregate methods', () => {
  it.each<[string, number[], number | null]>([
    ['sum', [1, 2, 3.5], 6.5],
    ['sum', [], null],
    ['sum', [1e16, 1, -1e16], 1],
    ['average', [1, 2, 6], 3],
    ['average', [], null],
    ['median', [3, 1, 2], 2],
    ['median', [4, 1, 2, 3], 2.5],
    ['median', [], null],
    ['minimum', [3, -1, 2], -1],
    ['maximum', [3, -1, 2], 3],
    ['count', [3, 3], 2],
    ['count', [], 0],
  ])('%s of %j is %p', (method, values, expected) => {
    expect(aggregate(method, values)).toBe(expected);
  });

  it('give the same for any order', () => {
    const numbers = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { maxLength: 20 });
    fc.assert(
      fc.property(fc.constantFrom(...aggregateMethods), numbers, fc.func(fc.nat()), (method, values, rank) => {
        const shuffled = [...values].sort((a, b) => rank(a) - rank(b));
        expect(aggregate(method, shuffled)).toBe(aggregate(method, values));
      }),
    );
  });

  it('give nothing when the measure names no method', () => {
    expect(aggregate(null, [1, 2])).toBeNull();
  });
});

describe('The mean of components', () => {
  const component = (
    score: number | null,
    weight: number | null = null,
    improvementNotation: 'increase' | 'decrease' = 'increase',
  ) => ({
    score,
    weight,
    improvementNotation,
  });

  it.each([
    ['counts all alike when linear', 'linear' as const, [component(1, 9), component(0, 1)], 0.5],
    ['counts by weight when weighted', 'weighted' as const, [component(1, 3), component(0, 1)], 0.75],
    ['turns round a component of which less is better', 'linear' as const, [component(0.25, 1, 'decrease')], 0.75],
    ['leaves out a component without a rate', 'weighted' as const, [component(null, 5), component(0.5, 1)], 0.5],
    ['is null when no component has a rate', 'linear' as const, [component(null)], null],
  ])('%s', (_, scoring, components, expected) => {
    expect(weightedMean(components, scoring)).toBe(expected);
  });
});
