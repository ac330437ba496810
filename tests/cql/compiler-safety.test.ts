import fc from 'fast-check';
import { type Code, js, list, moduleText, object, runModule } from '../../cql/compiler/code.ts';
import {
  CqlError,
  createCompiler,
  type ElmExpressionDef,
  type ElmLibrary,
  type ElmNode,
  type LinkedLibrary,
  PatientRecord,
} from '../../cql/index.ts';

/** Texts of a measure must stay data: whoever posts one chooses them. */

declare global {
  var breach: boolean | undefined;
}

const attacks = [
  '"; globalThis.breach = true; //',
  "'; globalThis.breach = true; //",
  '`; globalThis.breach = true; `',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: hostile text, not a template
  '${globalThis.breach = true}',
  '*/ globalThis.breach = true; /*',
  '\\"; globalThis.breach = true; //',
  '\n globalThis.breach = true \n',
  '\u2028 globalThis.breach = true \u2029',
  '</script><script>globalThis.breach = true</script>',
  ')}; globalThis.breach = true; ({(',
  '(() => { globalThis.breach = true })()',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'a12',
  'cx',
  'k0',
];

const hostile = fc.oneof(
  fc.constantFrom(...attacks),
  fc.tuple(fc.string(), fc.constantFrom(...attacks), fc.string()).map((parts) => parts.join('')),
  fc.string({ unit: 'binary' }),
);

const system = (name: string) => `{urn:hl7-org:elm-types:r1}${name}`;

/** A library in which `text` stands wherever ELM has text. */
function libraryOf(text: string): LinkedLibrary {
  const literal = { type: 'Literal', valueType: system('String'), value: text, localId: text, locator: text };
  const ref = (type: string) => ({ type, name: text, localId: text, locator: text });
  const element = { name: text, value: literal };
  const query = {
    type: 'Query',
    source: [{ alias: text, expression: { type: 'List', element: [literal, literal] } }],
    let: [{ identifier: `${text}!`, expression: ref('AliasRef') }],
    relationship: [
      {
        type: 'With',
        alias: `${text}?`,
        expression: { type: 'List', element: [literal] },
        suchThat: { type: 'Equal', operand: [literal, literal] },
      },
    ],
    return: { expression: { type: 'QueryLetRef', name: `${text}!` } },
    sort: { by: [{ type: 'ByDirection', direction: text }] },
  };
  const retrieve = {
    type: 'Retrieve',
    dataType: '{http://hl7.org/fhir}Condition',
    templateId: text,
    codeProperty: text,
    codeComparator: text,
    codes: ref('CodeRef'),
  };
  const expressions: Record<string, ElmNode> = {
    Literal: literal,
    Tuple: { type: 'Property', path: text, source: { type: 'Tuple', element: [element] } },
    Query: query,
    Retrieve: retrieve,
    Quantity: { type: 'Quantity', value: 1, unit: text },
    Code: ref('CodeRef'),
    Parameter: ref('ParameterRef'),
    Call: { type: 'FunctionRef', name: text, operand: [literal] },
    Is: { type: 'Is', operand: literal, isType: `{http://hl7.org/fhir}${text}` },
    As: { type: 'As', operand: literal, asType: system(text) },
    Message: {
      type: 'Message',
      source: literal,
      condition: { type: 'Null' },
      code: literal,
      severity: literal,
      message: literal,
    },
    Property: {
      type: 'Property',
      path: text,
      source: { type: 'SingletonFrom', operand: { type: 'Retrieve', dataType: '{http://hl7.org/fhir}Patient' } },
    },
  };
  const definitions: ElmExpressionDef[] = Object.entries(expressions).map(([name, expression]) => ({
    name,
    context: 'Patient',
    expression,
    locator: text,
    localId: text,
  }));
  const called = {
    type: 'FunctionDef',
    name: text,
    operand: [{ name: text, operandTypeSpecifier: { type: 'NamedTypeSpecifier', name: system('String') } }],
    expression: ref('OperandRef'),
  };
  const main: ElmLibrary = {
    library: {
      identifier: { id: text, version: text },
      parameters: { def: [{ name: text, default: literal, locator: text }] },
      codeSystems: { def: [{ name: text, id: text, version: text }] },
      codes: { def: [{ name: text, id: text, display: text, ...{ codeSystem: { name: text } } }] },
      statements: { def: [...definitions, called] },
    },
  };
  return { main, includes: [], hash: '' };
}

const record = new PatientRecord([
  { resourceType: 'Patient', id: 'ada' },
  { resourceType: 'Condition', id: 'c', code: { text: 'x' } },
]);

const run = (body: Code): unknown => runModule(moduleText(body), [], null).result;

describe('No text of a measure is ever run', () => {
  beforeEach(() => {
    globalThis.breach = undefined;
  });

  it('whatever stands in names, literals, paths, units, urls and locators', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, fc.boolean(), async (text, trace) => {
        const linked = libraryOf(text);
        try {
          const prepared = createCompiler().prepare(linked, { find: () => null });
          const expressions = ['Literal', 'Tuple', 'Query', 'Parameter', 'Call'];
          const request = { expressions, parameters: {}, now: '2026-01-01T00:00:00Z', trace };
          const { values } = await prepared.evaluate(record, request);
          expect(expressions.map((name) => values.get(name))).toEqual([text, text, [text], text, text]);
          for (const name of ['Retrieve', 'Quantity', 'Code', 'Is', 'As', 'Message', 'Property'])
            await prepared.evaluate(record, { ...request, expressions: [name] });
        } catch (error) {
          if (!(error instanceof CqlError)) throw error;
        }
        expect(globalThis.breach).toBeUndefined();
      }),
      { numRuns: 150 },
    );
  });

  it('because only quoted literals and our own fragments are spliced', () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 4 }), (texts) => {
        const values = list(texts.map((text) => js`${text}`));
        const named = object(texts.map((text, i) => [text, js`${i}`] as const));
        const [back, keys] = run(js`return [[${values}], ${named}];`) as [string[], object];
        expect(back).toEqual(texts);
        expect(new Set(Object.keys(keys))).toEqual(new Set(texts));
        expect(Object.getPrototypeOf(keys)).toBe(Object.getPrototypeOf(run(js`return {};`)));
        expect(globalThis.breach).toBeUndefined();
      }),
    );
  });
});
