import {
  type CqlValue,
  createCompiler,
  createInterpreter,
  EvaluationFailed,
  type EvaluationRequest,
  type EvaluationResult,
  type LinkedLibrary,
  type PatientRecord,
  UnsupportedElm,
} from '../../cql/index.ts';
import { library, now, record, translator, valueSetsOf } from './evaluate.ts';

const compiler = createCompiler();
const interpreter = createInterpreter();
const valueSet = 'http://example.org/fhir/ValueSet/visits';
const sets = valueSetsOf({ url: valueSet, version: '1', codes: [{ system: 'http://example.org/cs', code: 'visit' }] });
const header = `valueset "Visits": '${valueSet}'
codesystem "CS": 'http://example.org/cs'
code "Visit": 'visit' from "CS"
define function Doubled(x Integer): x * 2
define function Doubled(x String): x + x
define function Name(n FHIR.HumanName): n.family.value
define function Encountered(e FHIR.Encounter): e.type[0] ~ ToConcept("Visit")
define function Known(d FHIR.dateTime): d.value is not null`;

afterAll(() => translator.close());

const concept = (code: string) => ({ coding: [{ system: 'http://example.org/cs', code }], text: `a ${code}` });

const patient = record(
  {
    resourceType: 'Patient',
    id: 'ada',
    birthDate: '1970-03-01',
    gender: 'female',
    name: [{ family: 'Lovelace', given: ['Ada', 'Augusta'] }, { text: 'no family' }],
    _deceasedBoolean: { extension: [{ url: 'http://example.org/unknown', valueCode: 'unknown' }] },
    extension: [{ url: 'http://example.org/level', valueInteger: 3 }],
  },
  {
    resourceType: 'Encounter',
    id: 'e1',
    status: 'finished',
    type: [concept('visit')],
    period: { start: '2026-02-01T10:00:00Z', end: '2026-02-01T11:00:00Z' },
    location: [{ location: { reference: 'Location/l' }, period: { start: '2026-02-01' } }],
  },
  { resourceType: 'Encounter', id: 'e2', status: 'planned', type: [concept('other')], period: { start: '2026-03-01' } },
  { resourceType: 'Encounter', id: 'e3', status: 'finished', type: [concept('visit')] },
  {
    resourceType: 'Observation',
    id: 'o1',
    status: 'final',
    code: concept('visit'),
    valueQuantity: { value: 5.5, unit: 'mg' },
  },
  {
    resourceType: 'Observation',
    id: 'o2',
    status: 'final',
    code: concept('visit'),
    valueCodeableConcept: concept('high'),
  },
  {
    resourceType: 'Observation',
    id: 'o3',
    status: 'final',
    code: concept('x'),
    valueString: 'text',
    effectiveDateTime: '2026-04',
  },
  {
    resourceType: 'Condition',
    id: 'c1',
    code: concept('visit'),
    onsetAge: { value: 40, unit: 'a', code: 'a', system: 'http://unitsofmeasure.org' },
  },
);

async function evaluated(
  engine: typeof compiler,
  linked: LinkedLibrary,
  of: PatientRecord = patient,
  request: Partial<EvaluationRequest> = {},
): Promise<EvaluationResult> {
  return engine.prepare(linked, sets).evaluate(of, { expressions: ['Result'], parameters: {}, now, ...request });
}

function comparable(value: CqlValue | undefined): unknown {
  if (value === null || typeof value !== 'object') return value;
  return JSON.parse(JSON.stringify(value));
}

describe('A compiled expression', () => {
  it.each([
    'Patient.birthDate.value',
    'Patient.name N return Name(N)',
    'flatten (Patient.name N where exists N.given return (N.given G return G.value))',
    'Patient.deceased is not null',
    '(Patient.deceased as FHIR.boolean).value',
    "singleton from (Patient.extension E where E.url.value = 'http://example.org/level' return E.value as FHIR.integer).value",
    '[Encounter: "Visits"]',
    '[Encounter: type in "Visits"] E where E.status = \'finished\' return E.id.value',
    '[Encounter: "Visit"]',
    '[Encounter] E return E.period',
    '[Encounter] E return start of E.period',
    '[Encounter] E where E.period during Interval[@2026-01-01, @2026-02-15] return E.id.value',
    '[Encounter] E with [Observation] O such that O.code ~ E.type[0] return E.id.value',
    '[Encounter] E without [Observation] O such that O.code.coding[0].code = E.type[0].coding[0].code return E.id.value',
    '[Encounter] E let p: E.period, s: start of p return Tuple { id: E.id.value, start: s }',
    '[Encounter] E sort by id.value desc',
    '[Encounter] E return Tuple { s: start of E.period } sort by s desc',
    'from [Encounter] E, [Observation] O where E.type[0] ~ O.code return E.id.value + O.id.value',
    '[Observation] O return O.value is FHIR.Quantity',
    '[Observation] O return O.value',
    '[Observation] O where O.value is FHIR.Quantity return (O.value as FHIR.Quantity).value.value',
    "[Observation] O where (O.value as FHIR.Quantity) > 5 'mg' return O.id.value",
    "[Observation] O where exists (O.code.coding C where C.code = 'visit') return O.id.value",
    '[Observation] O where O.effective is FHIR.dateTime and Known(O.effective as FHIR.dateTime) return O.id.value',
    '[Condition] C return C.onset as FHIR.Age',
    'Doubled(4)',
    "Doubled('x')",
    'AgeInYears()',
    'AgeInYearsAt(@2026-02-28)',
    'exists ([Encounter]) and not exists ([Procedure])',
    '(null as Boolean) and false',
    '(null as Boolean) or true',
    'not (null as Boolean)',
    '(null as Boolean) implies false',
    'if null then 1 else 2',
    'case when (null as Boolean) then 1 when true then 2 else 3 end',
    "case 'b' when 'a' then 1 when 'b' then 2 else 0 end",
    'Coalesce(null, null, 3)',
    '({1, 2, 2, 3}) X return all X',
    '({1, 2, 2, 3}) X return X',
    '({3, 1, 2}) X aggregate all Total starting 0: Total + X',
    '({1, 1, 2}) X aggregate distinct Total starting 0: Total + X',
    'First([Encounter] E sort by id.value desc).id.value',
    'Count([Observation])',
    '[Encounter] union [Observation]',
    '([Encounter] union [Observation]) R where R is FHIR.Encounter return R.id.value',
    'Interval[@2026-01-01, @2026-02-01) overlaps Interval[@2026-01-31, null]',
    "System.Quantity { value: 3.0, unit: 'mg' } * 2",
    'FHIR.Period { start: FHIR.dateTime { value: @2026-01-01T00:00:00.0Z } }.start.value',
    "Tuple { a: 1, b: 'x' }.b",
    'Now()',
    'Encountered(First([Encounter]))',
  ])('%s gives what the interpreter gives, traced and untraced', async (expression) => {
    const linked = await library(`${header}\ncontext Patient\ndefine Result:\n  ${expression}`);
    const [plain, traced, expected] = [
      await evaluated(compiler, linked),
      await evaluated(compiler, linked, patient, { trace: true }),
      await evaluated(interpreter, linked),
    ];
    expect(comparable(plain.values.get('Result'))).toEqual(comparable(expected.values.get('Result')));
    expect(comparable(traced.values.get('Result'))).toEqual(comparable(expected.values.get('Result')));
  });

  it('counts one overload by the run-time type where the static type leaves it open', async () => {
    const linked = await library(`${header}\ncontext Patient
define Mixed: { 1 as Choice<Integer, String>, 'x' as Choice<Integer, String> }
define Result: "Mixed" M return case when M is Integer then Doubled(M as Integer) else 0 end`);
    expect((await evaluated(compiler, linked)).values.get('Result')).toEqual([2, 0]);
  });

  it.each<[string, unknown]>([
    ['Interval[1, Count({ 1 }) - 1] is null', true],
    ['Interval[Count({ 1 }), Count({ 1 })) is null', true],
    ['Interval[Count({ 1 }), Count({ 1 })] is null', false],
    ['exists (expand { Interval[1, Count({ 1 }) - 1] })', false],
    ['exists (({ @2026-06-01 }) D where Interval[D, D + 1 month] during Interval[@2026-01-01, @2026-12-31])', true],
    ['exists (({ @2026-06-01 }) D where Interval[D, D - 1 month] during Interval[@2026-01-01, @2026-12-31])', false],
  ])('makes no interval of bounds that are computed and end it before it starts: %s', async (expression, expected) => {
    const linked = await library(`context Patient\ndefine Result: ${expression}`);
    expect((await evaluated(compiler, linked)).values.get('Result')).toBe(expected);
  });

  it('keeps decimals exact', async () => {
    const linked = await library('context Patient\ndefine Result: 0.1 + 0.2 = 0.3');
    expect((await evaluated(compiler, linked)).values.get('Result')).toBe(true);
  });
});

describe('A compiled library', () => {
  it('notes the same retrieves and the same clauses as the interpreter', async () => {
    const linked = await library(`${header}\ncontext Patient
define Finished: [Encounter: "Visits"] E where E.status = 'finished'
define Result: exists "Finished" and exists [Procedure]`);
    const ours = await evaluated(compiler, linked, patient, { trace: true });
    const theirs = await evaluated(interpreter, linked, patient, { trace: true });
    expect(ours.retrieves).toEqual(expect.arrayContaining([...theirs.retrieves]));
    const known = new Map(ours.clauses.map(({ library: where, localId, value }) => [`${where} ${localId}`, value]));
    const shared = theirs.clauses.filter(({ library: where, localId }) => known.has(`${where} ${localId}`));
    expect(shared.length).toBeGreaterThan(5);
    for (const { library: where, localId, value } of shared) expect(known.get(`${where} ${localId}`)).toBe(value);
  });

  it('says which definition failed and where, and nothing of the data', async () => {
    const linked = await library(`context Patient
define Several: singleton from ([Encounter])
define Result: "Several" is null`);
    const error: unknown = await evaluated(compiler, linked).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(EvaluationFailed);
    expect(error).toMatchObject({ library: 'Tested|1.0.0', expression: 'Several' });
    const { locator, message } = error as EvaluationFailed;
    expect(locator).toMatch(/^\d+:\d+/);
    expect(message).not.toMatch(/e1|e2/);
  });

  it('does not evaluate what a short circuit leaves out, and traces it without failing', async () => {
    const linked = await library(`context Patient
define Several: singleton from ([Encounter])
define Result: false and "Several" is null`);
    for (const trace of [false, true])
      expect((await evaluated(compiler, linked, patient, { trace })).values.get('Result')).toBe(false);
  });

  it('stops a product of lists when its time is used up', async () => {
    const linked = await library(`context Patient
define Numbers: (expand { Interval[1, 3000] } per 1) I return start of I
define Result: Count(from "Numbers" A, "Numbers" B, "Numbers" C where A + B + C = 0)`);
    await expect(evaluated(compiler, linked, patient, { budgetMs: 150 })).rejects.toThrow('stopped after 150 ms');
  });

  it('survives a function that calls itself without end', async () => {
    const linked = await library(`context Patient
define function Once(x Integer): x + 1
define function Forever(x Integer): Once(x) + 1
define Result: Forever(1)`);
    // The translator refuses recursion, ELM from elsewhere may have it: `Once(x)` becomes `Forever(x)`.
    const changed = JSON.parse(JSON.stringify(linked), (_, value: { type?: string; name?: string }) =>
      value?.type === 'FunctionRef' && value.name === 'Once' ? { ...value, name: 'Forever' } : value,
    );
    await expect(evaluated(compiler, changed, patient)).rejects.toThrow(EvaluationFailed);
  });

  it('keeps the values of one request apart from those of another', async () => {
    const linked = await library(
      'parameter P Integer default 1\ncontext Patient\ndefine Result: Tuple { p: P, now: Now() }',
    );
    const value = async (request: Partial<EvaluationRequest>) =>
      comparable((await evaluated(compiler, linked, patient, request)).values.get('Result'));
    const [first, second, third] = [
      await value({}),
      await value({ parameters: { P: 2 } }),
      await value({ now: '2030-01-01T00:00:00Z' }),
    ];
    expect([first, second, third]).toMatchObject([
      { elements: { p: 1 } },
      { elements: { p: 2 } },
      { elements: { p: 1, now: { value: expect.stringContaining('2030') } } },
    ]);
    expect(await value({})).toEqual(first);
  });

  it('refuses a node that it does not know when it is prepared, also in a function that is only called', async () => {
    const linked = await library('context Patient\ndefine function F(x Integer): x + 1\ndefine Result: F(1)');
    const changed = JSON.parse(JSON.stringify(linked).replaceAll('"type":"Add"', '"type":"Frobnicate"'));
    expect(() => compiler.prepare(changed, sets)).toThrow(UnsupportedElm);
  });
});
