import {
  type ClauseResult,
  createCompiler,
  createInterpreter,
  type EvaluationRequest,
  type LinkedLibrary,
  libraryKey,
} from '../../cql/index.ts';
import { reachableNodes } from '../../cql/reachable.ts';
import { type Content, loadContent, recordOf } from '../conformance/content.ts';
import { describeWithReferenceData } from '../support/reference-data.ts';
import { casesFor } from './agreement.ts';
import { library, now, record, translator, valueSetsOf } from './evaluate.ts';

const compiler = createCompiler();
const interpreter = createInterpreter();
afterAll(() => translator.close());

type Values = ReadonlyMap<string, ClauseResult['value']>;

function byClause(clauses: readonly ClauseResult[]): Values {
  return new Map(clauses.map(({ library: where, localId, value }) => [`${where} ${localId}`, value]));
}

/** What the trace says of the literals of a library, by their value: each literal is a clause whose result is known. */
async function literals(definitions: string, expressions = ['Result']): Promise<{ [literal: string]: string }> {
  const linked = await library(`context Patient\n${definitions}`);
  const { clauses } = await compiler
    .prepare(linked, valueSetsOf())
    .evaluate(record(), { expressions, parameters: {}, now, trace: true });
  const values = byClause(clauses);
  return Object.fromEntries(
    reachableNodes(linked, null)
      .filter(({ node }) => node.type === 'Literal')
      .map(({ library: where, node }) => [
        String(node['value']),
        values.get(`${libraryKey(where.library.identifier)} ${node.localId}`) ?? 'not listed',
      ]),
  );
}

describe('A trace', () => {
  it.each<[string, string, { [literal: string]: string }]>([
    ['the branch of an If', 'if 1 = 1 then 2 else 3', { 1: 'true', 2: 'true', 3: 'not-reached' }],
    [
      'the items of a Case after the one that holds',
      "case when 'a' = 'b' then 1 when 'c' = 'c' then 2 when 'd' = 'd' then 3 else 4 end",
      {
        a: 'true',
        b: 'true',
        c: 'true',
        d: 'not-reached',
        1: 'not-reached',
        2: 'true',
        3: 'not-reached',
        4: 'not-reached',
      },
    ],
    ['the arguments of Coalesce after a value', 'Coalesce(null as Integer, 1, 2)', { 1: 'true', 2: 'not-reached' }],
    [
      'what is asked of rows, of which there are none',
      '[Encounter] E where 1 = 2 return 3',
      { 1: 'not-reached', 2: 'not-reached', 3: 'not-reached' },
    ],
    [
      'what is returned of rows, when none is left',
      '({ 1 }) N where N = 2 return 3',
      { 1: 'true', 2: 'true', 3: 'not-reached' },
    ],
  ])('says what was not reached: %s', async (_, expression, expected) => {
    expect(await literals(`define Result: ${expression}`)).toEqual(expected);
  });

  it.each<[string, { [literal: string]: string }]>([
    ['false and 7 = 7', { false: 'false', 7: 'true' }],
    ['true or 7 = 7', { true: 'true', 7: 'true' }],
    ['false implies 7 = 7', { false: 'false', 7: 'true' }],
  ])('has both sides of %s, which reasons ask for', async (expression, expected) => {
    expect(await literals(`define Result: ${expression}`)).toEqual(expected);
  });

  it('lists definitions and functions that nothing asked for as not reached', async () => {
    const definitions = `define function Twice(x Integer): x * 2
define Other: Twice(3)
define Result: 4`;
    expect(await literals(definitions)).toEqual({ 2: 'not-reached', 3: 'not-reached', 4: 'true' });
    expect(await literals(definitions, ['Other'])).toEqual({ 2: 'true', 3: 'true', 4: 'not-reached' });
  });

  it('says true of what is evaluated several times and gave a value once', async () => {
    const values = await literals('define Result: ({ 5, 6 }) N return if N = 6 then 7 else 8');
    expect(values).toEqual({ 5: 'true', 6: 'true', 7: 'true', 8: 'true' });
  });
});

const measures = [
  'CMS125FHIRBreastCancerScreen',
  'CMS347FHIRStatinPreventionTxCVD',
  'CMS104FHIRSTKDCAntithrombotic',
  'CMS1028FHIRPCSevereOBComps',
];

/** Parts of expressions that have localIds and no values. */
const withoutValue = /TypeSpecifier$|^(CaseItem|TupleElementDefinition|ReturnClause|SortClause|By\w+)$/;

describeWithReferenceData('A trace of an official measure', () => {
  it.each(measures)(
    'of %s lists every expression, and has all that cql-execution records, with the same results',
    async (name) => {
      content ??= loadContent();
      const measure = content.measures.get(name);
      if (measure === undefined) throw new Error(`There is no measure ${name}`);
      const linked = content.link(measure);
      const expressions = expressionsOf(linked);
      const compiled = compiler.prepare(linked, content.valueSets);
      const interpreted = interpreter.prepare(linked, content.valueSets);
      const nodes = new Map(
        reachableNodes(linked, expressions)
          .filter(({ node }) => node.localId !== undefined && !withoutValue.test(node.type ?? ''))
          .map(({ library: where, node }) => [
            `${libraryKey(where.library.identifier)} ${node.localId}`,
            node.type ?? '',
          ]),
      );
      const unlisted = new Set<string>();
      const differing = new Set<string>();
      let compared = 0;
      for (const { bundle, expected } of casesFor(name, 4)) {
        const request = requestFor(expected.period, expressions);
        const ours = byClause((await compiled.evaluate(recordOf(bundle), request)).clauses);
        const theirs = byClause((await interpreted.evaluate(recordOf(bundle), request)).clauses);
        for (const [key, type] of nodes) if (!ours.has(key)) unlisted.add(`${key} ${type}`);
        for (const [key, value] of theirs) {
          const type = nodes.get(key);
          // The others are declarations of value sets, codes and parameters, which are no part of an expression.
          if (type === undefined) continue;
          compared += 1;
          if (ours.get(key) !== value) differing.add(`${key} ${type}: ${ours.get(key)}, not ${value}`);
        }
      }
      expect([...unlisted]).toEqual([]);
      expect(compared).toBeGreaterThan(500);
      expect([...differing].filter((each) => !explained.some((known) => known.test(each)))).toEqual([]);
    },
    240_000,
  );
});

let content: Content | null = null;

/** Where cql-execution records another result, and why ours is right. */
const explained: readonly RegExp[] = [
  // A null goes with every overload of ToInterval: cql-execution takes that for ranges, we take the first; both give null.
  /^FHIRHelpers\|4\.4\.000 (215|683|684|685|686|696) /,
  // 22.1, As: a Concept is no Reference, so the value is null. cql-execution leaves it as it is.
  /^(CMS1028FHIRPCSevereOBComps\|1\.0\.000 1648|CQMCommon\|4\.1\.000 (2519|3085|3156)|QICoreCommon\|4\.0\.000 1735) /,
];

function expressionsOf({ main }: LinkedLibrary): string[] {
  return (main.library.statements?.def ?? []).filter(({ type }) => type !== 'FunctionDef').map(({ name }) => name);
}

function requestFor(
  period: { readonly start?: string | undefined; readonly end?: string | undefined } | undefined,
  expressions: readonly string[],
): EvaluationRequest {
  const instant = (date: string | undefined, time: string) =>
    ({ type: 'DateTime', value: `${date?.slice(0, 10)}T${time}+00:00` }) as const;
  const [low, high] = [instant(period?.start, '00:00:00.000'), instant(period?.end, '23:59:59.999')];
  const parameters = {
    'Measurement Period': { type: 'Interval', low, high, lowClosed: true, highClosed: true },
  } as const;
  return { expressions, now: high.value, trace: true, parameters };
}
