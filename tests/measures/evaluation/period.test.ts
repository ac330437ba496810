import { InvalidPeriod, measurementPeriod, offsetOf, periodParameter } from '../../../measures/index.ts';

describe('A measurement period', () => {
  it.each([
    ['2026', '2026', '2026-01-01', '2026-12-31'],
    ['2024-02', '2024-02', '2024-02-01', '2024-02-29'],
    ['2026-02', '2026-02', '2026-02-01', '2026-02-28'],
    ['2026-03-05', '2026-03-05', '2026-03-05', '2026-03-05'],
    ['2026-01-01T00:00:00Z', '2026-12-31T23:59:59Z', '2026-01-01', '2026-12-31'],
  ])('from %s to %s is %s to %s', (start, end, first, last) => {
    expect(measurementPeriod(start, end)).toEqual({ start: first, end: last });
  });

  it.each([
    ['2026-12-31', '2026-01-01'],
    ['2026-02-30', '2026-12-31'],
    ['2026-13-45', '2026-12-31'],
    ['2026-13', '2026-12-31'],
    ['soon', '2026'],
    ['2026-1-1', '2026'],
  ])('from %s to %s is refused', (start, end) => {
    expect(() => measurementPeriod(start, end)).toThrow(InvalidPeriod);
  });

  it('is for CQL the closed interval from the first to the last millisecond in the timezone of the request', () => {
    expect(periodParameter({ start: '2026-01-01', end: '2026-12-31' }, offsetOf('2026-06-01T10:00:00-05:00'))).toEqual({
      type: 'Interval',
      low: { type: 'DateTime', value: '2026-01-01T00:00:00.000-05:00' },
      high: { type: 'DateTime', value: '2026-12-31T23:59:59.999-05:00' },
      lowClosed: true,
      highClosed: true,
    });
  });
});
