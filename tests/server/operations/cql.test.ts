import type { Resource } from '@medplum/fhirtypes';
import { baseProblems } from '../../support/base-r4.ts';
import { type Answer, issuesOf, openPractice, type Practice, parameters } from './practice.ts';
import { errorsIn, observation, storeWeights, ucum } from './weights.ts';

let practice: Practice;
beforeAll(async () => {
  practice = await openPractice();
  await storeWeights(practice);
}, 60_000);
afterAll(() => practice.close());

const base = 'http://hl7.org/fhir/StructureDefinition';
const cqlType = (text: string): object => ({ extension: [{ url: `${base}/cqf-cqlType`, valueString: text }] });
const without = (kind: string, value: object): object => ({
  _valueBoolean: { extension: [{ url: `${base}/${kind}`, ...value }] },
});
const absent = without('data-absent-reason', { valueCode: 'unknown' });
const emptyList = without('cqf-isEmptyList', { valueBoolean: true });

async function ask(expression: string, ...more: object[]): Promise<Answer> {
  return practice.post('$cql', parameters([{ name: 'expression', valueString: expression }, ...more]));
}

function returned({ body }: Answer): object[] {
  return ((body.parameter ?? []) as { name: string }[]).map(({ name: _, ...rest }) => rest);
}

describe('$cql', () => {
  it.each<[string, object[]]>([
    ['2 + 2', [{ valueInteger: 4 }]],
    ['10.0 / 4', [{ valueDecimal: 2.5 }]],
    ['1.0', [{ valueDecimal: 1 }]],
    ["'a' + 'b'", [{ valueString: 'ab' }]],
    ['1 < 2', [{ valueBoolean: true }]],
    ['10L', [{ ...cqlType('System.Long'), valueInteger: 10 }]],
    ['null as Integer', [{ ...cqlType('System.Integer'), ...absent }]],
    ['1 / 0', [{ ...cqlType('System.Decimal'), ...absent }]],
    ['List<Integer>{}', [{ ...cqlType('List<System.Integer>'), ...emptyList }]],
    ['{ 1, 2 }', [{ valueInteger: 1 }, { valueInteger: 2 }]],
    ['{ 1 }', [{ ...cqlType('List<System.Integer>'), valueInteger: 1 }]],
    ['{ 1, null }', [{ valueInteger: 1 }, { ...cqlType('System.Integer'), ...absent }]],
    [
      '{ { 1, 2 }, { 3 } }',
      [
        { ...cqlType('List<System.Integer>'), part: [1, 2].map((n) => ({ name: 'element', valueInteger: n })) },
        {
          ...cqlType('List<System.Integer>'),
          part: [{ name: 'element', valueInteger: 3 }],
        },
      ],
    ],
    ['@2024', [{ valueDate: '2024' }]],
    ['@2024-01-01T10', [{ valueDateTime: '2024-01-01T10:00:00+00:00' }]],
    ['@T10:30', [{ valueTime: '10:30:00' }]],
    ["5 'mg'", [{ valueQuantity: { value: 5, unit: 'mg', system: ucum, code: 'mg' } }]],
    ['3 years', [{ valueQuantity: { value: 3, unit: 'year', system: ucum, code: 'a' } }]],
    [
      'Interval[1, 5]',
      [{ ...cqlType('Interval<System.Integer>'), valueRange: { low: { value: 1 }, high: { value: 5 } } }],
    ],
    [
      'Interval[@2024-01-01, @2024-01-31]',
      [{ ...cqlType('Interval<System.Date>'), valuePeriod: { start: '2024-01-01', end: '2024-01-31' } }],
    ],
    [
      'Interval[1, 5)',
      [
        {
          ...cqlType('Interval<System.Integer>'),
          part: [
            { name: 'low', valueInteger: 1 },
            { name: 'high', valueInteger: 5 },
            { name: 'lowClosed', valueBoolean: true },
            { name: 'highClosed', valueBoolean: false },
          ],
        },
      ],
    ],
    [
      'Tuple { a: 1, b: { 2, 3 } }',
      [{ part: [{ name: 'a', valueInteger: 1 }, ...[2, 3].map((n) => ({ name: 'b', valueInteger: n }))] }],
    ],
    ['Now()', [{ valueDateTime: '2026-11-22T10:00:00.000+00:00' }]],
  ])('gives %s as FHIR has it', async (expression, expected) => {
    const answer = await ask(expression);
    expect([answer.status, returned(answer)]).toEqual([200, expected]);
    expect(baseProblems(answer.body as unknown as Resource)).toEqual([]);
  });

  it('takes parameters by name: lists, tuples, quantities', async () => {
    const given = parameters([
      { name: 'X', valueInteger: 2 },
      { name: 'L', valueInteger: 1 },
      { name: 'L', valueInteger: 5 },
      { name: 'T', part: [{ name: 'a', valueString: 'b' }] },
    ]);
    const answer = await ask('Tuple { sum: 2 + X + Sum(L), a: T.a }', { name: 'parameters', resource: given });
    expect(returned(answer)).toEqual([
      {
        part: [
          { name: 'sum', valueInteger: 10 },
          { name: 'a', valueString: 'b' },
        ],
      },
    ]);
  });

  it('reads the data of the subject, its elements by their FHIR types', async () => {
    const subject = { name: 'subject', valueString: 'Patient/ann' };
    expect(returned(await ask('AgeInYears()', subject))).toEqual([{ valueInteger: 56 }]);
    expect(returned(await ask('Patient.gender', subject))).toEqual([{ valueCode: 'female' }]);
    expect(returned(await ask("First([Observation] O where O.id = 'weight-1').effective", subject))).toEqual([
      { valuePeriod: { start: '2026-01-01' } },
    ]);
    const [first] = returned(await ask("First([Observation] O where O.id = 'weight-1')", subject));
    expect(first).toEqual({ resource: expect.objectContaining({ id: 'weight-1', status: 'final' }) });
  });

  it('reads the data of the request first, and those of the server only when it may', async () => {
    const bundle = {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [
        { resource: { resourceType: 'Patient', id: 'ann', birthDate: '2020-01-01' } },
        { resource: { ...observation('weight-3', 1) } },
        { resource: { ...observation('other', 1), subject: { reference: 'Patient/bob' } } },
      ],
    };
    const subject = { name: 'subject', valueString: 'Patient/ann' };
    const count = 'Tuple { n: Count([Observation]), age: AgeInYears() }';
    const both = await ask(count, subject, { name: 'data', resource: bundle });
    expect(returned(both)).toEqual([
      {
        part: [
          { name: 'n', valueInteger: 3 },
          { name: 'age', valueInteger: 6 },
        ],
      },
    ]);
    const own = await ask(count, { name: 'data', resource: bundle }, { name: 'useServerData', valueBoolean: false });
    expect(returned(own)).toEqual([
      {
        part: [
          { name: 'n', valueInteger: 1 },
          { name: 'age', valueInteger: 6 },
        ],
      },
    ]);
    const prefetched = await ask(count, subject, {
      name: 'prefetchData',
      part: [
        { name: 'key', valueString: 'k' },
        { name: 'data', resource: bundle },
      ],
    });
    expect(returned(prefetched)).toEqual(returned(both));
  });

  it('includes stored libraries under the name that the request gives them', async () => {
    const part = [
      { name: 'url', valueCanonical: 'http://example.org/Library/Weights|1.0.0' },
      { name: 'name', valueString: 'W' },
    ];
    const answer = await ask(
      'Count(W."Heavy Weights")',
      { name: 'subject', valueString: 'Patient/ann' },
      { name: 'library', part },
    );
    expect(returned(answer)).toEqual([{ valueInteger: 1 }]);
  });

  it.each<[string, string, RegExp]>([
    ['does not parse', '2 +', /^The expression, line 1, column \d: Syntax error/],
    ['names what is not there, in its second line', '1\n + nothing', /^The expression, line 2, column 4: .*nothing/],
    ['reads a patient without a subject', 'AgeInYears()', /Could not resolve identifier Patient/],
    ['needs a value set that is not there', '\'a\' in "Nowhere"', /Nowhere/],
  ])('answers with an evaluation error when the expression %s', async (_, expression, reason) => {
    const answer = await ask(expression);
    expect(answer.status).toBe(200);
    expect(errorsIn(answer)[0]).toMatch(reason);
  });

  it.each<[string, object[], number, RegExp]>([
    ['no expression', [], 400, /expression: is required/],
    [
      'definitions beside the expression',
      [{ name: 'expression', valueString: '1 define "x": 2' }],
      400,
      /must be one expression/,
    ],
    [
      'an expression without end',
      [{ name: 'expression', valueString: `1${' + 1'.repeat(10_000)}` }],
      400,
      /more than 20000/,
    ],
    ['data without a subject', [{ name: 'expression', valueString: '[Observation]' }], 400, /subject: is required/],
    [
      'a subject that is not there',
      [
        { name: 'expression', valueString: '1' },
        { name: 'subject', valueString: 'Patient/nobody' },
      ],
      404,
      /Patient\/nobody/,
    ],
    [
      'a library that is not there',
      [
        { name: 'expression', valueString: '1' },
        { name: 'library', part: [{ name: 'url', valueCanonical: 'http://example.org/Library/None' }] },
      ],
      404,
      /no Library http:\/\/example.org\/Library\/None/,
    ],
    [
      'a name that would become text of the library',
      [
        { name: 'expression', valueString: '1' },
        {
          name: 'library',
          part: [
            { name: 'url', valueCanonical: 'http://example.org/Library/Weights' },
            { name: 'name', valueString: 'W"\ndefine "x": 1 //' },
          ],
        },
      ],
      400,
      /names and versions/,
    ],
    [
      'an endpoint that it would have to ask',
      [
        { name: 'expression', valueString: '1' },
        { name: 'dataEndpoint', resource: { resourceType: 'Endpoint' } },
      ],
      400,
      /dataEndpoint: there is no such parameter/,
    ],
  ])('refuses %s', async (_, given, status, reason) => {
    const answer = await practice.post('$cql', parameters(given));
    expect([answer.status, issuesOf(answer).join()]).toEqual([status, expect.stringMatching(reason)]);
  });

  it.each<[string, string, RegExp]>([
    [
      'time',
      'Count(from (expand Interval[1, 100000] per 1) X, (expand Interval[1, 100000] per 1) Y where X + Y = -1 return X)',
      /stopped after/,
    ],
    ['memory', 'Count(expand Interval[1, 2000000000] per 1)', /stopped|memory/],
    [
      'a long answer',
      "(expand Interval[1, 400000] per 1) X return all 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'",
      /more than 20000000|stopped/,
    ],
    ['brackets', `${'('.repeat(500)}1${')'.repeat(500)}`, /nested more than 200 deep/],
  ])(
    'ends expressions that have no end (%s), and goes on',
    async (_, expression, reason) => {
      const started = performance.now();
      expect(errorsIn(await ask(expression)).join()).toMatch(reason);
      expect(performance.now() - started).toBeLessThan(40_000);
      expect(returned(await ask('2 + 2'))).toEqual([{ valueInteger: 4 }]);
    },
    60_000,
  );
});
