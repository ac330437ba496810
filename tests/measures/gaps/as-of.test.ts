import { AsOf } from '../../../measures/gaps/as-of.ts';

describe('The date on which a gap is looked at', () => {
  it.each<[string, (asOf: AsOf) => boolean, boolean, string | null]>([
    ['a date that is over', (asOf) => asOf.isPast('2026-06-30'), true, null],
    ['today', (asOf) => asOf.isPast('2026-07-01'), false, '2026-07-01'],
    ['a date to come', (asOf) => asOf.isPast('2026-12-31'), false, '2026-12-31'],
    ['a window that is open', (asOf) => asOf.hasBegun('2026-07-01'), true, null],
    ['a window that opens', (asOf) => asOf.hasBegun('2027-01-01'), false, '2026-12-31'],
    ['a date of the year only', (asOf) => asOf.isPast('2027'), false, '2026-07-01'],
  ])('tells how long what it said of %s holds', (_, compare, answer, holdsThrough) => {
    const asOf = new AsOf('2026-07-01T10:00:00.000+00:00');
    expect(compare(asOf)).toBe(answer);
    expect(asOf.holdsThrough).toBe(holdsThrough);
  });

  it('holds no longer than the first comparison that turns', () => {
    const asOf = new AsOf('2026-07-01');
    asOf.isPast('2026-12-31');
    asOf.hasBegun('2026-10-01');
    asOf.isPast('2026-11-30');
    expect(asOf.holdsThrough).toBe('2026-09-30');
  });
});
