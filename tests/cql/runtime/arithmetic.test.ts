import fc from 'fast-check';
import * as cql from '../../../cql/runtime/index.ts';
import { Decimal, formatDecimal, parseDecimal, type Value } from '../../../cql/runtime/index.ts';
import { date, dateTime, decimal, environment, quantity, time } from './literals.ts';

/** Text of a decimal with up to eight places, small and very large alike. */
const decimals = fc
  .tuple(
    fc.oneof(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n })),
    fc.integer({ min: 0, max: 8 }),
  )
  .map(([digits, scale]) => {
    const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
    const whole = text.slice(0, text.length - scale);
    return decimal(`${digits < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${text.slice(-scale)}`}`);
  });

/** Units of 10^-8, read from the text alone. */
function unitsOf(value: Value): bigint {
  if (!(value instanceof Decimal)) throw new Error('not a decimal');
  const [whole = '', places = ''] = formatDecimal(value).split('.');
  return BigInt(whole + places.padEnd(8, '0'));
}

function rounded(dividend: bigint, divisor: bigint): bigint {
  const [a, b] = [dividend < 0n ? -dividend : dividend, divisor < 0n ? -divisor : divisor];
  const size = (2n * a + b) / (2n * b);
  return dividend < 0n === divisor < 0n ? size : -size;
}

describe('Decimal arithmetic is that of rationals', () => {
  const one = 10n ** 8n;
  it('in sums and differences', () => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        expect(unitsOf(cql.Add(a, b))).toBe(unitsOf(a) + unitsOf(b));
        expect(unitsOf(cql.Subtract(a, b))).toBe(unitsOf(a) - unitsOf(b));
        expect(cql.Equal(cql.Subtract(cql.Add(a, b), b), a)).toBe(true);
      }),
    );
  });
  it('in products, rounded at the eighth place', () => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        const exact = rounded(unitsOf(a) * unitsOf(b), one);
        const product = cql.Multiply(a, b);
        if (exact > 10n ** 36n || exact < -(10n ** 36n)) expect(product).toBeNull();
        else expect(unitsOf(product)).toBe(exact);
      }),
    );
  });
  it('in quotients and remainders', () => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        fc.pre(unitsOf(b) !== 0n);
        expect(unitsOf(cql.Divide(a, b))).toBe(rounded(unitsOf(a) * one, unitsOf(b)));
        expect(unitsOf(cql.Modulo(a, b))).toBe(unitsOf(a) % unitsOf(b));
        expect(unitsOf(cql.TruncatedDivide(a, b))).toBe((unitsOf(a) / unitsOf(b)) * one);
      }),
    );
  });
  it('in comparisons', () => {
    fc.assert(fc.property(decimals, decimals, (a, b) => expect(cql.Less(a, b)).toBe(unitsOf(a) < unitsOf(b))));
  });
  it('and what is written is read again', () => {
    fc.assert(fc.property(decimals, (a) => expect(formatDecimal(decimal(formatDecimal(a)))).toBe(formatDecimal(a))));
  });
});

describe('16. Arithmetic operators', () => {
  it.each<[string, Value, Value]>([
    ['Abs of the least Integer is out of range', cql.Abs(-2_147_483_648), null],
    ['Add overflows to null', cql.Add(2_147_483_647, 1), null],
    ['Add of Longs overflows to null', cql.Add(9_223_372_036_854_775_807n, 1n), null],
    ['Add of a Long and an Integer is a Decimal', cql.Add(1n, 1), decimal('2')],
    ['Add of lengths takes the finer unit', cql.Add(quantity('1', 'm'), quantity('1', 'cm')), quantity('101', 'cm')],
    ['Add of a length and a mass is null', cql.Add(quantity('1', 'm'), quantity('1', 'g')), null],
    ['Divide by zero is null', cql.Divide(decimal('1'), decimal('0')), null],
    [
      'Divide of a mass by a volume has both units',
      cql.Divide(quantity('4', 'g'), quantity('2', 'mL')),
      quantity('2', 'g/mL'),
    ],
    ['Divide of masses has no unit', cql.Divide(quantity('1', 'g'), quantity('500', 'mg')), quantity('2', '1')],
    ['Multiply of lengths is an area', cql.Multiply(quantity('2', 'cm'), quantity('3', 'cm')), quantity('6', 'cm2')],
    ['Modulo keeps the sign of the dividend', cql.Modulo(-7, 3), -1],
    ['Power of a negative exponent is a Decimal', cql.Power(2, -2), decimal('0.25')],
    ['Power out of range is null', cql.Power(2, 31), null],
    ['Power of a Decimal is exact', cql.Power(decimal('1.1'), decimal('3')), decimal('1.331')],
    ['Round takes halves away from zero', cql.Round(decimal('-2.5')), decimal('-3')],
    ['Round to places', cql.Round(decimal('3.14159'), 3), decimal('3.142')],
    ['Truncate cuts towards zero', cql.Truncate(decimal('-1.9')), -1],
    ['Ceiling beyond Integer is null', cql.Ceiling(decimal('2147483647.2')), null],
    ['Log to the base one is null', cql.Log(2, 1), null],
    ['Ln of one', cql.Ln(1), decimal('0')],
    ['PrecisionOf counts trailing zeros', cql.PrecisionOf(decimal('1.58700')), 5],
    ['HighBoundary of a negative Decimal is nearer to zero', cql.HighBoundary(decimal('-1.5'), 2), decimal('-1.50')],
    ['LowBoundary of a negative Decimal is further from zero', cql.LowBoundary(decimal('-1.5'), 2), decimal('-1.59')],
    ['HighBoundary of a month', cql.HighBoundary(date('2024-02'), 8), date('2024-02-29')],
    ['LowBoundary of a date-time', cql.LowBoundary(dateTime('2024'), 17), dateTime('2024-01-01T00:00:00.000')],
    ['HighBoundary of a time', cql.HighBoundary(time('10:30'), 9), time('10:30:59.999')],
    ['Successor of a day', cql.Successor(date('2024-02-28')), date('2024-02-29')],
    ['Predecessor of a year', cql.Predecessor(dateTime('2024')), dateTime('2023')],
    ['MaxValue', cql.MaxValue('{urn:hl7-org:elm-types:r1}Integer', environment), 2_147_483_647],
    ['Null operands give null', cql.Multiply(null, 2), null],
  ])('%s', (_, actual, expected) => expect(actual).toEqual(expected));

  it.each<[string, () => Value]>([
    ['Successor of the last time of day', () => cql.Successor(time('23:59:59.999'))],
    ['Successor of the greatest Integer', () => cql.Successor(2_147_483_647)],
    ['Ln of zero', () => cql.Ln(0)],
    ['Exp out of range', () => cql.Exp(1000)],
    ['MinValue of Boolean', () => cql.MinValue('Boolean', environment)],
  ])('%s fails', (_, evaluate) => expect(evaluate).toThrow(cql.CqlRuntimeError));

  it('has no decimal of nine places or 29 digits', () => {
    expect([
      parseDecimal('0.000000001'),
      parseDecimal(`1${'0'.repeat(28)}`),
      parseDecimal('1e5'),
      parseDecimal(''),
    ]).toEqual([null, null, null, null]);
  });
});
