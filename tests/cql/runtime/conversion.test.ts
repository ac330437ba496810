import { codeSet } from '../../../cql/index.ts';
import * as cql from '../../../cql/runtime/index.ts';
import {
  Code,
  CodeSystem,
  Concept,
  FhirElement,
  precisions,
  Ratio,
  type Value,
  ValueSet,
} from '../../../cql/runtime/index.ts';
import { date, dateTime, decimal, environment, interval, quantity, time } from './literals.ts';

describe('22. Type conversions', () => {
  it.each<[string, Value, Value]>([
    ['ToBoolean', cql.ToBoolean('Yes'), true],
    ['ToBoolean of 1.0', cql.ToBoolean(decimal('1.0')), true],
    ['ToBoolean of other text', cql.ToBoolean('maybe'), null],
    ['ToInteger', cql.ToInteger('-25'), -25],
    ['ToInteger beyond its range', cql.ToInteger('2147483648'), null],
    ['ToLong', cql.ToLong('+2147483648'), 2_147_483_648n],
    ['ToLong beyond its range', cql.ToLong('9223372036854775808'), null],
    ['ToDecimal', cql.ToDecimal('+25.50'), decimal('25.50')],
    ['ToDecimal of a Boolean', cql.ToDecimal(true), decimal('1')],
    ['ToString of a Decimal keeps its places', cql.ToString(decimal('-0.50')), '-0.50'],
    ['ToString of a quantity', cql.ToString(quantity('125', 'cm')), "125 'cm'"],
    ['ToString of a duration', cql.ToString(quantity('3', 'days')), '3 day'],
    [
      'ToString in the offset of the request',
      cql.ToString(dateTime('2000-01-01T15:25:25.300'), environment),
      '2000-01-01T15:25:25.300',
    ],
    [
      'ToString in another offset',
      cql.ToString(dateTime('2000-01-01T08:25:25.300-07:00'), environment),
      '2000-01-01T08:25:25.300-07:00',
    ],
    ['ToString of a ratio', cql.ToString(new Ratio(quantity('1'), quantity('2', 'mL'))), "1:2 'mL'"],
    ['ToChars', cql.ToChars('ab'), ['a', 'b']],
    ['ToDate of a date-time', cql.ToDate(dateTime('2014-01-01T23:00')), date('2014-01-01')],
    ['ToDate of the text of a date-time', cql.ToDate('2014-01-01T23:00:00Z'), date('2014-01-01')],
    ['ToDateTime leaves the time unknown', cql.ToDateTime(date('2014-01-01'), environment), dateTime('2014-01-01')],
    ['ToDateTime of malformed text', cql.ToDateTime('2014/01/01', environment), null],
    ['ToTime reads over an offset', cql.ToTime('T14:30:00.0+05:30'), time('14:30:00.000')],
    ['ToQuantity', cql.ToQuantity("5.5 'cm'"), quantity('5.5', 'cm')],
    ['ToQuantity of a duration', cql.ToQuantity('3 days'), quantity('3', 'day')],
    ['ToQuantity without a unit', cql.ToQuantity('3'), quantity('3')],
    ['ToQuantity of a word', cql.ToQuantity('3 apples'), null],
    ['ToRatio', cql.ToRatio("1 'mg':2 'mL'"), new Ratio(quantity('1', 'mg'), quantity('2', 'mL'))],
    ['ToConcept', cql.ToConcept(new Code('a', 's', null, 'A')), new Concept([new Code('a', 's', null, 'A')], 'A')],
    ['ConvertsToInteger', cql.ConvertsToInteger('foo'), false],
    ['ConvertsToInteger of null', cql.ConvertsToInteger(null), null],
    ['ConvertQuantity', cql.ConvertQuantity(quantity('5', 'mg'), 'g'), quantity('0.005', 'g')],
    ['ConvertQuantity of hours', cql.ConvertQuantity(quantity('90', 'minutes'), 'h'), quantity('1.5', 'h')],
    [
      'ConvertQuantity of a temperature',
      cql.ConvertQuantity(quantity('37', 'Cel'), '[degF]'),
      quantity('98.6', '[degF]'),
    ],
    ['ConvertQuantity to another dimension', cql.ConvertQuantity(quantity('5', 'mg'), 'cm'), null],
    ['CanConvertQuantity', cql.CanConvertQuantity(quantity('5', 'mg'), 'cm'), false],
  ])('%s', (_, actual, expected) => expect(actual).toEqual(expected));

  it.each<[Value, string, boolean]>([
    [5, 'Integer', true],
    [decimal('5'), 'Integer', false],
    [new CodeSystem('s', null, null), 'Vocabulary', true],
    [interval('[]', 1, 2), 'Interval', true],
    [[], 'List', true],
    [null, 'Any', false],
    ['x', 'Unheard', false],
  ])('22.13. %p is %s: %s', (value, name, expected) => expect(cql.isType(value, name)).toBe(expected));

  it('tells FHIR types by resourceType or by what an element says', () => {
    expect(cql.isFhirType({ resourceType: 'Patient' }, 'Patient')).toBe(true);
    expect(cql.isFhirType(new FhirElement('dateTime', '2020'), 'dateTime')).toBe(true);
    expect(cql.isFhirType('2020', 'dateTime')).toBe(false);
  });
});

describe('23. Clinical operators', () => {
  const set = new ValueSet(
    'http://example.org/vs',
    null,
    'Set',
    codeSet({
      codes: [
        { system: 's', code: 'a' },
        { system: 's', code: 'b' },
        { system: 't', code: 'b' },
      ],
    }),
  );
  const [a, c] = [new Code('a', 's', '2020', 'A'), new Code('c', 's')];
  it.each<[string, Value, Value]>([
    ['a member, whatever its version', cql.InValueSet(a, set), true],
    ['another code', cql.InValueSet(c, set), false],
    ['a code without a system', cql.InValueSet(new Code('a', null), set), false],
    ['a concept of which one code is a member', cql.InValueSet(new Concept([c, a]), set), true],
    ['a string that names one member', cql.InValueSet('a', set), true],
    ['a string that names two', cql.InValueSet('b', set), false],
    ['a list with a member', cql.AnyInValueSet([null, c, a], set), true],
    ['null', cql.InValueSet(null, set), false],
    ['a code of a code system', cql.InCodeSystem(a, new CodeSystem('s', null, null)), true],
    ['a code of another', cql.InCodeSystem(a, new CodeSystem('t', null, null)), false],
  ])('23.6 to 23.9. Membership: %s', (_, actual, expected) => expect(actual).toBe(expected));

  it.each<[string, Value, Value]>([
    ['the day before a birthday', cql.CalculateAgeAt(date('1990-05-10'), date('2026-05-09'), precisions.Year), 35],
    ['a birthday', cql.CalculateAgeAt(date('1990-05-10'), date('2026-05-10'), precisions.Year), 36],
    [
      'a date of birth at a date-time',
      cql.CalculateAgeAt(date('1990-05-10'), dateTime('2026-05-10T00:00:00.000'), precisions.Year),
      36,
    ],
    ['in months', cql.CalculateAgeAt(date('2026-01-31'), date('2026-04-30'), precisions.Month), 3],
    ['today', cql.CalculateAge(date('1990-06-15'), precisions.Year, environment), 36],
    [
      'of a birth known to the year',
      cql.CalculateAgeAt(date('1990'), date('2026-05-09'), precisions.Year),
      new cql.Uncertainty(35, 36),
    ],
    ['of nobody', cql.CalculateAgeAt(null, date('2026-05-09'), precisions.Year), null],
  ])('23.4 and 23.5. Age on %s', (_, actual, expected) => expect(actual).toEqual(expected));
});

describe('24.1. Message', () => {
  it('tells what it is told, and ends the evaluation at an error without the text', () => {
    const heard: (string | null)[][] = [];
    const listening = { ...environment, onMessage: (...told: (string | null)[]) => void heard.push(told) };
    expect(cql.Message(1, true, '200', 'Warning', 'careful', listening)).toBe(1);
    expect(cql.Message(2, false, '400', 'Error', 'secret', listening)).toBe(2);
    expect(heard).toEqual([['Warning', '200', 'careful']]);
    expect(() => cql.Message(3, true, '400', 'Error', 'secret', listening)).toThrow('The library raised the error 400');
  });
});
