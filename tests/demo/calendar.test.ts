import fc from 'fast-check';
import { ageOn, dateOf, dayFrom, dayOf, yearOf } from '../../demo/calendar.ts';
import { seededRandom } from '../../demo/random.ts';

const anyDay = fc.integer({ min: -30_000, max: 40_000 });

describe('The calendar of the demo', () => {
  it('agrees with that of JavaScript', () => {
    fc.assert(
      fc.property(anyDay, (day) => {
        const date = new Date(day * 86_400_000);
        expect(dateOf(day)).toBe(date.toISOString().slice(0, 10));
        expect(dayOf(dateOf(day))).toBe(day);
        expect(yearOf(day)).toBe(date.getUTCFullYear());
      }),
    );
  });

  it.each([
    ['2000-02-29', '2025-02-28', 24],
    ['2000-02-29', '2025-03-01', 25],
    ['1980-06-15', '2026-06-14', 45],
    ['1980-06-15', '2026-06-15', 46],
  ])('makes someone born on %s on %s aged %i', (birth, on, age) => {
    expect(ageOn(dayOf(birth), dayOf(on))).toBe(age);
  });

  it('counts days from 1970-01-01', () => {
    expect(dayFrom(1970, 1, 1)).toBe(0);
  });
});

describe('A seeded stream of draws', () => {
  it('repeats for the same seed, and for no other', () => {
    const draws = (seed: string): number[] => Array.from({ length: 20 }, seededRandom(seed).next);
    expect(draws('a')).toEqual(draws('a'));
    expect(draws('a')).not.toEqual(draws('b'));
  });

  it('keeps to its bounds', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: -50, max: 50 }), fc.nat(80), (seed, low, width) => {
        const random = seededRandom(seed);
        for (let draw = 0; draw < 50; draw++) {
          const whole = random.integer(low, low + width);
          expect(whole).toBeGreaterThanOrEqual(low);
          expect(whole).toBeLessThanOrEqual(low + width);
        }
      }),
    );
  });

  it('has the mean and deviation that are asked for', () => {
    const random = seededRandom('moments');
    const draws = Array.from({ length: 20_000 }, () => random.normal(100, 15));
    const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
    const deviation = Math.sqrt(draws.reduce((sum, draw) => sum + (draw - mean) ** 2, 0) / draws.length);
    expect(mean).toBeCloseTo(100, 0);
    expect(deviation).toBeCloseTo(15, 0);
  });

  it('draws weighted values by their weights', () => {
    const random = seededRandom('weights');
    const heads = Array.from({ length: 10_000 }, () =>
      random.weighted([
        ['head', 3],
        ['tail', 1],
      ]),
    ).filter((side) => side === 'head');
    expect(heads.length / 10_000).toBeCloseTo(0.75, 1);
  });
});
