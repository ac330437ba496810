import { readFileSync } from 'node:fs';
import * as schema from '@cqframework/cql/elm';
import { isSupported } from '../../cql/compiler/compile.ts';
import {
  type CodeStore,
  type CqlValue,
  createCompiler,
  type ElmExpressionDef,
  type ElmLibrary,
  type ElmNode,
  type FhirResource,
  linkLibraries,
  PatientRecord,
  type PreparedLibrary,
  UnsupportedElm,
} from '../../cql/index.ts';
import { now } from './evaluate.ts';

const system = (name: string): string => `{urn:hl7-org:elm-types:r1}${name}`;
const fhir = (name: string): string => `{http://hl7.org/fhir}${name}`;
const node = (type: string, parts: object = {}): ElmNode => ({ type, ...parts });
const integer = (value: number): ElmNode => node('Literal', { valueType: system('Integer'), value: String(value) });
const text = (value: string): ElmNode => node('Literal', { valueType: system('String'), value });
const list = (...element: readonly ElmNode[]): ElmNode => node('List', { element });
const add = (...operand: readonly ElmNode[]): ElmNode => node('Add', { operand });
const day = (year: number, month: number, of: number): ElmNode =>
  node('DateTime', {
    ...{ year: integer(year), month: integer(month), day: integer(of) },
    ...{ hour: integer(0), minute: integer(0), second: integer(0), millisecond: integer(0) },
  });
const year2026 = node('Interval', { low: day(2026, 1, 1), high: day(2026, 12, 31), lowClosed: true, highClosed: true });

function libraryOf(expression: ElmNode, more: readonly ElmExpressionDef[] = []): ElmLibrary {
  return {
    library: {
      identifier: { id: 'Nodes', version: '1' },
      statements: { def: [{ name: 'Result', context: 'Patient', expression }, ...more] },
    },
  };
}

/** The value, which must be the same when the code was kept and is read again by another process. */
async function evaluated(expression: ElmNode, ...resources: readonly FhirResource[]): Promise<CqlValue> {
  const kept = new Map<string, Uint8Array>();
  const store: CodeStore = {
    read: (key) => kept.get(key) ?? null,
    write: (key, content) => void kept.set(key, content),
  };
  const linked = linkLibraries(libraryOf(expression), () => null);
  const valueSets = { find: () => null };
  const prepared = createCompiler(store).prepare(linked, valueSets);
  const resultOf = async ({ evaluate }: PreparedLibrary): Promise<CqlValue> => {
    const record = new PatientRecord([{ resourceType: 'Patient', id: 'p', birthDate: '1970-03-01' }, ...resources]);
    const request = { expressions: ['Result'], parameters: {}, now, budgetMs: 5_000 };
    return (await evaluate(record, request)).values.get('Result') ?? null;
  };
  const restored = createCompiler(store).restore?.(prepared.keep?.() ?? '', () => linked, valueSets);
  if (restored === null || restored === undefined) throw new Error('the code was not kept');
  const value = await resultOf(prepared);
  expect(await resultOf(restored)).toEqual(value);
  return value;
}

describe('Loops over elements that FHIRPath brings into ELM', () => {
  const numbers = list(integer(5), integer(7), integer(9));

  it.each([
    ['Iteration in ForEach', node('ForEach', { source: numbers, element: node('Iteration') }), [0, 1, 2]],
    [
      'Iteration in Filter',
      node('Filter', {
        source: numbers,
        condition: node('Greater', { operand: [node('Iteration'), integer(0)] }),
      }),
      [7, 9],
    ],
    [
      'Aggregate with Total, Current and Iteration',
      node('Aggregate', {
        source: numbers,
        iteration: add(add(node('Total'), node('Current')), node('Iteration')),
        initialValue: integer(100),
      }),
      124,
    ],
    [
      'Aggregate of no elements is what it starts with',
      node('Aggregate', { source: list(), iteration: node('Total'), initialValue: integer(100) }),
      100,
    ],
    ['Aggregate of null', node('Aggregate', { source: node('Null'), iteration: node('Total') }), null],
    [
      'Current of the outer loop, by its scope',
      node('ForEach', {
        scope: 'Outer',
        source: list(integer(10), integer(20)),
        element: node('Aggregate', {
          source: list(integer(1), integer(2)),
          iteration: add(add(node('Total'), node('Current')), node('Current', { scope: 'Outer' })),
          initialValue: integer(0),
        }),
      }),
      [23, 43],
    ],
    [
      'Repeat until nothing is new',
      node('Repeat', {
        source: list(integer(1)),
        element: list(node('Modulo', { operand: [add(node('Current'), integer(2)), integer(5)] })),
      }),
      [3, 0, 2, 4, 1],
    ],
    ['Repeat of null', node('Repeat', { source: node('Null'), element: node('Current') }), null],
  ])('%s', async (_, expression, value) => {
    expect(await evaluated(expression)).toEqual(value);
  });
});

describe('Children and Descendents', () => {
  const quantity = node('Quantity', { value: 5, unit: 'mg' });
  const tuple = node('Tuple', {
    element: [
      { name: 'a', value: list(integer(1), integer(2)) },
      { name: 'b', value: quantity },
      { name: 'c', value: node('Null') },
    ],
  });
  const patient = node('SingletonFrom', { operand: node('Retrieve', { dataType: fhir('Patient') }) });

  it.each([
    ['Children of null', node('Children', { source: node('Null') }), null],
    ['Children of a quantity', node('Children', { source: quantity }), [5, 'mg']],
    ['Children of a number', node('Children', { source: integer(1) }), []],
    ['Children of a tuple', node('Children', { source: tuple }), [1, 2, { type: 'Quantity', value: 5, unit: 'mg' }]],
    [
      'Descendents of a tuple',
      node('Descendents', { source: tuple }),
      [1, 2, { type: 'Quantity', value: 5, unit: 'mg' }, 5, 'mg'],
    ],
    ['Descendants, as the schema writes it too', node('Descendants', { source: quantity }), [5, 'mg']],
    ['Descendents of null', node('Descendents', { source: node('Null') }), null],
  ])('%s', async (_, expression, value) => {
    expect(await evaluated(expression)).toEqual(value);
  });

  it('of a resource are its elements, and the System values of primitives', async () => {
    expect(await evaluated(node('Descendents', { source: patient }))).toEqual([
      { type: 'Element', fhirType: 'date', value: '1970-03-01' },
      { type: 'Date', value: '1970-03-01' },
      { type: 'Element', fhirType: 'id', value: 'p' },
      'p',
    ]);
  });
});

describe('A retrieve with a date range', () => {
  const encounters = [
    { resourceType: 'Encounter', id: 'in', period: { start: '2026-02-01', end: '2026-02-02' } },
    { resourceType: 'Encounter', id: 'over', period: { start: '2025-12-30T00:00:00Z', end: '2026-01-02T00:00:00Z' } },
    { resourceType: 'Encounter', id: 'undated' },
  ];
  const observations = [
    { resourceType: 'Observation', id: 'day', effectiveDateTime: '2026-05-05T10:00:00Z' },
    { resourceType: 'Observation', id: 'year', effectiveDateTime: '2026' },
    { resourceType: 'Observation', id: 'before', effectiveDateTime: '2025-05-05' },
    { resourceType: 'Observation', id: 'period', effectivePeriod: { start: '2026-03-01', end: '2026-03-04' } },
    { resourceType: 'Observation', id: 'timing', effectiveTiming: { repeat: { frequency: 1 } } },
  ];
  const ids = (value: CqlValue): unknown =>
    JSON.parse(JSON.stringify(value)).map(({ resource }: { readonly resource: FhirResource }) => resource.id);

  it.each([
    ['Encounter', { dateProperty: 'period' }, ['in']],
    ['Observation', { dateProperty: 'effective' }, ['day', 'period']],
    ['Encounter', { dateLowProperty: 'period.start', dateHighProperty: 'period.end' }, ['in']],
    ['Encounter', { dateHighProperty: 'period.end', dateLowProperty: 'period.end' }, ['in', 'over']],
  ])('of %s by %j finds what is certain to be in it', async (type, by, found) => {
    const retrieve = node('Retrieve', { dataType: fhir(type), dateRange: year2026, ...by });
    expect(ids(await evaluated(retrieve, ...encounters, ...observations))).toEqual(found);
  });

  it('that is null finds nothing', async () => {
    const retrieve = node('Retrieve', { dataType: fhir('Encounter'), dateRange: node('Null'), dateProperty: 'period' });
    expect(await evaluated(retrieve, ...encounters)).toEqual([]);
  });
});

describe('CanConvert and TimezoneFrom', () => {
  it.each([
    [node('CanConvert', { operand: text('5'), toType: system('Integer') }), true],
    [node('CanConvert', { operand: text('five'), toType: system('Integer') }), false],
    [node('CanConvert', { operand: node('Null'), toType: system('Integer') }), null],
    [node('TimezoneFrom', { operand: day(2026, 1, 1) }), 0],
  ])('%j', async (expression, value) => {
    expect(await evaluated(expression)).toEqual(value);
  });
});

/** Classes of ELM's schema that are evaluated and that the compiler refuses, with the reason (cql/compiler/README.md). */
const refused: readonly (readonly [ElmNode, string])[] = [
  [node('SubsumedBy', { operand: [text('a'), text('b')] }), 'SubsumedBy'],
  [node('Subsumes', { operand: [text('a'), text('b')] }), 'Subsumes'],
  [node('Search', { path: 'a' }), 'Search'],
  [node('Convert', { operand: text('a'), toType: fhir('string') }), 'Convert to a type that is not a System type'],
  [
    node('CanConvert', { operand: text('a'), toType: fhir('string') }),
    'CanConvert to a type that is not a System type',
  ],
  [node('Iteration'), 'Iteration outside of a loop'],
  [node('Total'), 'Total outside of a loop'],
  [
    node('Retrieve', { dataType: fhir('Encounter'), dateRange: year2026 }),
    'Retrieve with a date range that names no date property',
  ],
  [node('Invented', {}), 'Invented'],
];

/** Classes of ELM's schema that are no expressions: definitions, types, clauses of a Query, abstract classes, and what a Retrieve may carry. */
const notEvaluated = new Set(
  `AccessModifier AggregateClause AggregateExpression AliasedQuerySource Annotation BinaryExpression ByColumn ByDirection
  ByExpression CaseItem ChoiceTypeSpecifier CodeDef CodeFilterElement CodeSystemDef ConceptDef ContextDef CqlToElmBase
  CqlToElmError CqlToElmInfo DateFilterElement DateTimePrecision Element ErrorSeverity ErrorType Expression ExpressionDef
  FunctionDef IncludeDef IncludeElement InstanceElement IntervalTypeSpecifier LetClause Library ListTypeSpecifier Locator
  NamedTypeSpecifier Narrative NaryExpression OperandDef OperatorExpression OtherFilterElement ParameterDef
  ParameterTypeSpecifier RelationshipClause ReturnClause SortByItem SortClause SortDirection Tag TernaryExpression
  TupleElement TupleElementDefinition TupleTypeSpecifier TypeSpecifier UnaryExpression UsingDef ValueSetDef
  VersionedIdentifier With Without`.split(/\s+/),
);

describe("Every class of ELM's schema", () => {
  // The translator's module also exports classes under scrambled names: a name and letters without meaning.
  const names = Object.keys(schema).filter((name) => /^[A-Z][A-Za-z]+$/.test(name));
  const scrambled = (name: string): boolean =>
    names.some((other) => name.startsWith(other) && /^[a-z]{10,}$/.test(name.slice(other.length)));
  const classes = names.filter((name) => !scrambled(name));
  const refusedClasses = new Set(refused.map(([{ type = '' }]) => type));

  it.each(classes.filter((name) => !notEvaluated.has(name)))('%s is compiled, or refused with a reason', (name) => {
    expect([name, isSupported(name) || refusedClasses.has(name)]).toEqual([name, true]);
  });

  it('that is said to be no expression is in the schema, and is not compiled', () => {
    expect(classes.length).toBeGreaterThan(230);
    expect([...notEvaluated].filter((name) => !classes.includes(name) || isSupported(name))).toEqual([]);
  });
});

describe('What the compiler does not support', () => {
  it('is listed with its reason in cql/compiler/README.md', () => {
    const readme = readFileSync(new URL('../../cql/compiler/README.md', import.meta.url), 'utf8');
    const listed = readme.slice(readme.indexOf('| node | why |'));
    for (const [{ type = '' }] of refused) if (type !== 'Invented') expect(listed).toContain(type);
  });

  const prepare = (library: ElmLibrary): unknown => {
    try {
      return createCompiler().prepare(
        linkLibraries(library, () => null),
        { find: () => null },
      );
    } catch (error) {
      return error;
    }
  };

  it.each(refused)('%j is refused when the library is prepared, by name and place', (expression, what) => {
    const error = prepare(libraryOf({ ...expression, locator: '7:3-7:20' }));
    expect(error).toBeInstanceOf(UnsupportedElm);
    expect(error).toMatchObject({ node: what, library: 'Nodes|1', locator: '7:3-7:20' });
  });

  it('an external function is refused by its name', () => {
    const external = { type: 'FunctionDef', name: 'Outside', external: true, operand: [], locator: '3:1-3:9' };
    const error = prepare(libraryOf(node('FunctionRef', { name: 'Outside', operand: [] }), [external]));
    expect(error).toMatchObject({ name: 'UnsupportedElm', node: 'external function Outside' });
  });
});
