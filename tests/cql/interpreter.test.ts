import {
  EvaluationFailed,
  type FhirResource,
  MissingValueSet,
  UnknownExpression,
  UnsupportedElm,
} from '../../cql/index.ts';
import { cqlValueOf, evaluateLibrary, evaluator, library, now, record, translator, valueSetsOf } from './evaluate.ts';

const loinc = 'http://loinc.org';
const url = 'http://example.org/fhir/ValueSet/hba1c';
const hba1c = valueSetsOf({ url, version: '1', codes: [{ system: loinc, code: '4548-4' }] });
const header = `valueset "HbA1c": '${url}'
codesystem "LOINC": '${loinc}'
code "HbA1c by electrophoresis": '4548-4' from "LOINC"`;

function lab(id: string, code: string, value: number, when = '2026-02-03'): FhirResource {
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { coding: [{ system: loinc, code }] },
    effectiveDateTime: when,
    valueQuantity: { value, unit: '%', system: 'http://unitsofmeasure.org', code: '%' },
  };
}

afterAll(() => translator.close());

describe('An expression', () => {
  it.each<[string, unknown]>([
    ['1 + 1', 2],
    ["'a' & null", 'a'],
    ['5 / 0', null],
    ['@2026-01-31', { type: 'Date', value: '2026-01-31' }],
    ['@2026-01-31T10:00:00.0', { type: 'DateTime', value: '2026-01-31T10:00:00.000+00:00' }],
    ['@T10:30', { type: 'Time', value: '10:30' }],
    ["3 'mg'", { type: 'Quantity', value: 3, unit: 'mg' }],
    ['3 days', { type: 'Quantity', value: 3, unit: 'days' }],
    ['{1, null, 1}', [1, null, 1]],
    ['distinct {1, 2, 1}', [1, 2]],
    ["Tuple { name: 'x', value: 2 }", { type: 'Tuple', elements: { name: 'x', value: 2 } }],
    ['Interval[1, 3)', { type: 'Interval', low: 1, high: 3, lowClosed: true, highClosed: false }],
    ['from ({1, 2}) A, ({3}) B return A + B', [4, 5]],
    ['from ({1, 2}) A, ({1, 2}) B where A < B', [{ type: 'Tuple', elements: { A: 1, B: 2 } }]],
    ['({2, 3, 1}) X sort desc', [3, 2, 1]],
    ['({2, null, 1}) X sort asc', [null, 1, 2]],
    [
      '({@2026-01-01T10:00:00.0-05:00, @2026-01-01T11:00:00.0+00:00}) X sort asc',
      [
        { type: 'DateTime', value: '2026-01-01T11:00:00.000+00:00' },
        { type: 'DateTime', value: '2026-01-01T10:00:00.000-05:00' },
      ],
    ],
    ['({1, 2, 3}) X aggregate Total starting 0: Total + X', 6],
    ["Message(1, true, 'code', 'Error', 'text')", 1],
    ['(null as Integer) X return X is null', null],
    ['(null as Interval<Date>) overlaps day of Interval[@2026-01-01T00:00:00.0, @2026-12-31T00:00:00.0]', null],
    ['Interval[@2026-02-01, @2026-02-28] overlaps day of Interval[@2026-01-01T00:00:00.0, null]', true],
  ])('%s', async (expression, value) => {
    expect(await cqlValueOf(expression)).toEqual(value);
  });

  it('knows the patient of the record', async () => {
    expect(await cqlValueOf("Patient.gender = 'female' and AgeInYearsAt(@2026-02-28) = 55")).toBe(true);
  });

  it('reads Now() from the request, and not from a clock', async () => {
    const request = { now: '2020-02-29T23:30:00.000-05:00' };
    expect(await cqlValueOf('Today()', record(), '', valueSetsOf(), request)).toEqual({
      type: 'Date',
      value: '2020-02-29',
    });
  });

  it.each([
    ['2026-06-15T12:00:00.000+00:00', '2026-01-01T08:00:00.000+00:00'],
    ['2026-06-15T12:00:00.000-05:00', '2026-01-01T08:00:00.000-05:00'],
    ['2026-06-15T12:00:00.000+05:30', '2026-01-01T08:00:00.000+05:30'],
  ])('gives date-times without an offset that of the request (%s)', async (instant, value) => {
    const patient = record({ ...lab('a', '4548-4', 7), effectiveDateTime: '2026-01-01T08:00:00' });
    const expression = 'First([Observation]).effective as FHIR.dateTime';
    const request = { now: instant };
    expect(await cqlValueOf(`ToDateTime('2026-01-01T08:00:00.000')`, record(), '', valueSetsOf(), request)).toEqual({
      type: 'DateTime',
      value,
    });
    expect(await cqlValueOf(`(${expression}).value`, patient, '', valueSetsOf(), request)).toEqual({
      type: 'DateTime',
      value: value.replace('.000', ''),
    });
  });
});

describe('A retrieve', () => {
  const high = lab('high', '4548-4', 9.5);
  const low = lab('low', '4548-4', 6);
  const other = lab('other', '2345-7', 120);
  const patient = record(high, low, other);

  it.each<[string, FhirResource[]]>([
    ['[Observation]', [high, low, other]],
    ['[Observation: "HbA1c"]', [high, low]],
    ['[Observation: "HbA1c by electrophoresis"]', [high, low]],
    ['[Observation: code in "HbA1c"] O where O.value as Quantity > 9 \'%\'', [high]],
    ['[Observation] O where O.code in "HbA1c" and O.effective as dateTime before @2026-02-03T00:00:00.0', []],
    ['[Observation: "HbA1c"] union [Observation: "HbA1c by electrophoresis"]', [high, low]],
    ['[Condition]', []],
  ])('%s', async (expression, resources) => {
    const value = await cqlValueOf(expression, patient, header, hba1c);
    expect(value).toEqual(resources.map((resource) => ({ type: 'Resource', resource })));
  });

  it('gives the very objects of the record', async () => {
    const value = await cqlValueOf('First([Observation: "HbA1c"])', patient, header, hba1c);
    expect(value).toHaveProperty('resource');
    expect((value as { resource: unknown }).resource).toBe(high);
  });

  it('gives an element that is no resource as its JSON', async () => {
    expect(await cqlValueOf('First([Observation]).status', patient)).toEqual({
      type: 'Element',
      fhirType: 'ObservationStatus',
      value: 'final',
    });
    expect(await cqlValueOf('First([Observation]).code', patient)).toEqual({
      type: 'Element',
      fhirType: 'CodeableConcept',
      value: high['code'],
    });
  });

  it('holds two copies of one resource to be one, whatever the order of their properties', async () => {
    const copy = Object.fromEntries(Object.entries(high).reverse()) as FhirResource;
    expect(await cqlValueOf('Count([Observation] union [Observation])', record(high, copy))).toBe(1);
    expect(await cqlValueOf('Count([Observation])', record(high, copy))).toBe(2);
  });

  it('needs the system of a code as well as the code', async () => {
    const stranger = { ...high, code: { coding: [{ system: 'http://example.org', code: '4548-4' }] } };
    expect(await cqlValueOf('exists [Observation: "HbA1c"]', record(stranger), header, hba1c)).toBe(false);
  });
});

describe('Evaluating a library', () => {
  it('takes parameters, and defaults where none are given', async () => {
    const linked = await library(`parameter "Measurement Period" Interval<DateTime>
parameter "Limit" Integer default 9
context Patient
define Result: start of "Measurement Period"
define Limited: "Limit" + 1`);
    const low = { type: 'DateTime', value: '2026-01-01T00:00:00.000+00:00' } as const;
    const period = { type: 'Interval', low, high: low, lowClosed: true, highClosed: true } as const;
    const { values } = await evaluateLibrary(linked, record(), {
      expressions: ['Result', 'Limited'],
      parameters: { 'Measurement Period': period },
    });
    expect(values.get('Result')).toEqual(low);
  });

  it('traces retrieves and clauses only when it is asked to', async () => {
    const linked = await library('context Patient\ndefine Result: exists [Observation]');
    const patient = record(lab('a', '4548-4', 9));
    const untraced = await evaluateLibrary(linked, patient);
    expect([untraced.clauses, untraced.retrieves]).toEqual([[], []]);
    const traced = await evaluateLibrary(linked, patient, { trace: true });
    expect(traced.retrieves).toEqual([
      { library: 'Tested|1.0.0', localId: expect.any(String), resources: [{ resourceType: 'Observation', id: 'a' }] },
    ]);
    expect(traced.clauses).toContainEqual({ library: 'Tested|1.0.0', localId: expect.any(String), value: 'true' });
  });

  it('says which definition failed and where, and nothing of the data', async () => {
    const linked = await library(`context Patient
define Several: singleton from ([Observation])
define Result: "Several" is null`);
    const failing = evaluateLibrary(linked, record(lab('secret-1', '1', 1), lab('secret-2', '1', 2)));
    const error: unknown = await failing.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(EvaluationFailed);
    const { expression, locator, message, library: where } = error as EvaluationFailed;
    expect([where, expression]).toEqual(['Tested|1.0.0', 'Several']);
    expect(locator).toMatch(/^\d+:\d+/);
    expect(message).not.toContain('secret');
  });

  it('refuses a definition that the library does not have', async () => {
    const linked = await library('context Patient\ndefine Result: 1');
    await expect(evaluateLibrary(linked, record(), { expressions: ['Other'] })).rejects.toThrow(UnknownExpression);
  });

  it('stops when its time is used up', async () => {
    const numbers = `expand { Interval[1, 3000] } per 1`;
    const linked = await library(`context Patient
define Numbers: (${numbers}) I return start of I
define Result: Count(from "Numbers" A, "Numbers" B, "Numbers" C where A + B + C = 0)`);
    const started = performance.now();
    await expect(evaluateLibrary(linked, record(), { budgetMs: 200 })).rejects.toThrow('stopped after 200 ms');
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('runs many evaluations at once without mixing their offsets', async () => {
    const prepared = evaluator.prepare(
      await library("context Patient\ndefine Result: ToDateTime('2026-01-01T08:00')"),
      valueSetsOf(),
    );
    const offsets = ['+00:00', '-05:00', '+05:30', '-08:00'];
    const results = await Promise.all(
      offsets.map((offset) =>
        prepared.evaluate(record(), { expressions: ['Result'], parameters: {}, now: now.replace('+00:00', offset) }),
      ),
    );
    expect(results.map(({ values }) => values.get('Result'))).toEqual(
      offsets.map((offset) => ({ type: 'DateTime', value: `2026-01-01T08:00${offset}` })),
    );
  });
});

describe('Preparing a library', () => {
  it('names a value set that is not there', async () => {
    const linked = await library(`valueset "Absent": 'http://example.org/absent'
context Patient
define Result: exists [Observation: "Absent"]`);
    expect(() => evaluator.prepare(linked, valueSetsOf())).toThrow(MissingValueSet);
  });

  it('names an ELM node that the engine does not know, and where it is', async () => {
    const linked = await library('context Patient\ndefine Result: 1 + 1');
    const text = JSON.stringify(linked).replaceAll('"type":"Add"', '"type":"Frobnicate"');
    const error = (() => {
      try {
        evaluator.prepare(JSON.parse(text), valueSetsOf());
        return null;
      } catch (caught) {
        return caught;
      }
    })();
    expect(error).toBeInstanceOf(UnsupportedElm);
    expect(error).toMatchObject({ node: 'Frobnicate', library: 'Tested|1.0.0', locator: '5:16-5:20' });
  });
});
