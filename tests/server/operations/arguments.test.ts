import fc from 'fast-check';
import { argumentDefinitions, readArguments } from '../../../server/operations/arguments.ts';
import { cqlParameters } from '../../../server/operations/cql-parameters.ts';
import { InvalidArguments } from '../../../server/operations/errors.ts';
import { instantIn } from '../../../server/operations/instant.ts';
import { operations } from '../../../server/operations/operations.ts';
import { addressedOperation, preferences } from '../../../server/operations/request.ts';

const input = {
  one: 'date',
  maybe: 'date?',
  some: 'date+',
  any: 'date*',
  kind: { type: 'code?', documentation: '', codes: { individual: ['subject'], summary: ['population'] } },
  named: { type: 'boolean?', documentation: '', aliases: ['older'] },
} as const;
const text = (name: string, valueString: string) => ({ name, valueString });
const complete = [text('one', '2026'), text('some', '2026-01')];
const problems = (parameters: Parameters<typeof readArguments>[1]): readonly string[] => {
  try {
    readArguments(input, parameters);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidArguments)) throw error;
    return error.issues.map(({ code, diagnostics }) => `${code} ${diagnostics.split(':')[0]}`);
  }
};

describe('Arguments of an operation', () => {
  it('are typed by their shape: one, perhaps one, a list', () => {
    expect(readArguments(input, complete)).toEqual({
      one: '2026',
      maybe: null,
      some: ['2026-01'],
      any: [],
      kind: null,
      named: null,
    });
  });

  it.each([
    ['date', '1', 1, '1'],
    ['date?', '', 0, '1'],
    ['date+', '1', 1, '*'],
    ['date*', '', 0, '*'],
  ] as const)('have the cardinality that their shape says: %s', (shape, _, min, max) => {
    expect(argumentDefinitions({ x: shape })).toMatchObject([{ name: 'x', type: 'date', min, max }]);
  });

  it('lists every problem, by name', () => {
    expect(problems([text('maybe', 'x'), text('kind', 'none'), text('other', '1')])).toEqual([
      'not-supported other',
      'required one',
      'value maybe',
      'required some',
      'value kind',
    ]);
    expect(problems([...complete, text('one', '2027')])).toEqual(['too-many one']);
  });

  it('take older names and older codes', () => {
    expect(readArguments(input, [...complete, text('older', 'true'), text('kind', 'population')])).toMatchObject({
      named: true,
      kind: 'summary',
    });
  });

  it('ignores what belongs to the server', () => {
    expect(problems([...complete, text('_format', 'json')])).toEqual([]);
  });

  it.each([
    [{ valueDate: '2026' }, true],
    [{ valueDateTime: '2026-01-01T00:00:00Z' }, true],
    [{ valueReference: { reference: 'Patient/x' } }, false],
    [{ valueDate: '2026-1-1' }, false],
    [{ valueDate: 2026 }, false],
    [{}, false],
  ])('read value[x] of any type that fits: %j', (value, fits) => {
    expect(problems([{ name: 'one', ...value }, text('some', '2026')])).toEqual(fits ? [] : ['value one']);
  });

  it('never fails otherwise than by naming problems', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ name: fc.constantFrom('one', 'kind', 'named', 'x'), valueString: fc.anything() })),
        (given) => {
          expect(problems(given).length).toBeGreaterThan(0);
        },
      ),
    );
  });
});

describe('CQL parameters', () => {
  it('come from a Parameters resource: repeated names are lists, parts are tuples', () => {
    const parameter = [
      { name: 'a', valueInteger: 1 },
      { name: 'a', valueInteger: 2 },
      { name: 'b', part: [{ name: 'c', valueBoolean: true }] },
      { name: 'p', valuePeriod: { start: '2026-01-01', end: '2026-12-31' } },
      { name: 'q', valueQuantity: { value: 5, code: 'mg' } },
    ];
    expect(cqlParameters({ resourceType: 'Parameters', parameter })).toEqual({
      a: [1, 2],
      b: { type: 'Tuple', elements: { c: true } },
      p: {
        type: 'Interval',
        low: { type: 'DateTime', value: '2026-01-01' },
        high: { type: 'DateTime', value: '2026-12-31' },
        lowClosed: true,
        highClosed: true,
      },
      q: { type: 'Quantity', value: 5, unit: 'mg' },
    });
  });

  it('refuse a value that CQL has no type for', () => {
    const resource = { resourceType: 'Parameters', parameter: [{ name: 'x', valueAddress: {} }] };
    expect(() => cqlParameters(resource)).toThrow(InvalidArguments);
  });
});

describe('An instant in a time zone', () => {
  it.each([
    ['2026-01-15T12:00:00Z', 'UTC', '2026-01-15T12:00:00.000+00:00'],
    ['2026-01-15T12:00:00Z', 'America/New_York', '2026-01-15T07:00:00.000-05:00'],
    ['2026-07-15T12:00:00Z', 'America/New_York', '2026-07-15T08:00:00.000-04:00'],
    ['2026-01-15T23:00:00Z', 'Asia/Kolkata', '2026-01-16T04:30:00.000+05:30'],
    ['2026-01-15T12:00:00Z', '-05:00', '2026-01-15T07:00:00.000-05:00'],
    ['2026-01-01T02:00:00Z', 'America/St_Johns', '2025-12-31T22:30:00.000-03:30'],
  ])('%s in %s is %s', (instant, zone, expected) => {
    expect(instantIn(new Date(instant), zone)).toBe(expected);
    expect(Date.parse(expected)).toBe(Date.parse(instant));
  });
});

describe('The header Prefer', () => {
  it.each([
    ['respond-async', [['respond-async', '']]],
    [
      'return=minimal, respond-async',
      [
        ['return', 'minimal'],
        ['respond-async', ''],
      ],
    ],
    [
      'respond-async; timezone="America/New_York"',
      [
        ['respond-async', ''],
        ['timezone', 'America/New_York'],
      ],
    ],
  ])('%s', (header, expected) => {
    expect([...preferences(header)]).toEqual(expected);
  });
});

describe('A path', () => {
  it.each([
    [['Measure', '$care-gaps'], 'care-gaps'],
    [['Measure', 'x', '$care-gaps'], 'care-gaps'],
    [['Measure', '$evaluate'], 'evaluate'],
    [['Measure', 'x', '$evaluate'], null],
    [['Patient', '$evaluate'], null],
    [['$evaluate'], null],
    [['Measure', 'x'], null],
    [[], null],
  ])('%j calls %s', (path, code) => {
    expect(addressedOperation(operations, path)?.operation.code ?? null).toBe(code);
  });
});
