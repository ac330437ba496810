import type { ElmLibrary, ElmNode } from '../../cql/index.ts';
import { literal, property, valueSet } from './leaves.ts';
import { fhir, node, system } from './types.ts';

const text = (value: string): ElmNode => literal('String', value);
const one = literal('Integer', '1');
const tuple = node('Tuple', {
  element: [
    { name: 'first', value: one },
    { name: 'second', value: text('x') },
  ],
});
const list = node('List', { element: [tuple, tuple] });
const row = node('AliasRef', { name: 'X' });
const at = { localId: '7', locator: '3:1-3:9' };

const expressions: Readonly<Record<string, ElmNode>> = {
  Patient: node('SingletonFrom', {
    operand: node('Retrieve', {
      dataType: fhir('Patient'),
      templateId: 'http://hl7.org/fhir/StructureDefinition/Patient',
    }),
  }),
  Literals: node('List', {
    element: [
      text('a'),
      node('ToString', { operand: literal('Decimal', '1.5') }),
      node('ToString', { operand: literal('Boolean', 'true') }),
    ],
  }),
  Tuples: node('Query', {
    ...at,
    source: [{ alias: 'X', expression: list }],
    let: [{ identifier: 'L', expression: property(row, 'first') }],
    relationship: [
      node('With', {
        alias: 'Y',
        expression: list,
        suchThat: node('Equal', {
          operand: [property(node('AliasRef', { name: 'Y' }), 'first'), node('QueryLetRef', { name: 'L' })],
        }),
      }),
    ],
    where: node('Equal', { operand: [node('Property', { path: 'second', scope: 'X' }), text('x')] }),
    return: {
      distinct: true,
      expression: node('Tuple', { element: [{ name: 'made', value: property(row, 'first') }] }),
    },
    sort: { by: [node('ByColumn', { path: 'made', direction: 'asc' })] },
  }),
  SortedByExpression: node('Query', {
    source: [{ alias: 'X', expression: list }],
    relationship: [],
    sort: { by: [node('ByExpression', { direction: 'desc', expression: node('IdentifierRef', { name: 'first' }) })] },
  }),
  Aggregated: node('Query', {
    source: [{ alias: 'X', expression: list }],
    relationship: [],
    aggregate: {
      identifier: 'Sum',
      distinct: false,
      starting: one,
      expression: node('Add', { operand: [node('QueryLetRef', { name: 'Sum' }), property(row, 'first')] }),
    },
  }),
  Terms: node('List', {
    element: [
      node('InValueSet', { code: node('CodeRef', { name: 'Red' }), valueset: { name: 'Colours' } }),
      node('Equivalent', { operand: [node('ConceptRef', { name: 'Warm' }), node('ConceptRef', { name: 'Warm' })] }),
    ],
  }),
  Written: node('Code', { code: 'red', display: 'Red', system: { name: 'Colours' } }),
  Retrieved: node('Query', {
    source: [
      {
        alias: 'O',
        expression: node('Retrieve', {
          ...at,
          dataType: fhir('Observation'),
          templateId: 'http://hl7.org/fhir/StructureDefinition/Observation',
          codeProperty: 'code',
          codeComparator: '~',
          codes: node('ToList', { operand: node('CodeRef', { name: 'Red' }) }),
        }),
      },
    ],
    relationship: [],
    return: { expression: property(node('Property', { path: 'status', scope: 'O' }), 'value') },
  }),
  Read: node('List', {
    element: [
      property(property(node('ExpressionRef', { name: 'Patient' }), 'birthDate'), 'value'),
      property(
        node('As', {
          asType: fhir('boolean'),
          operand: property(node('ExpressionRef', { name: 'Patient' }), 'deceased'),
        }),
        'value',
      ),
    ],
  }),
  Made: node('Instance', {
    classType: system('Quantity'),
    element: [
      { name: 'value', value: literal('Decimal', '1.0') },
      { name: 'unit', value: text('mg') },
    ],
  }),
  Types: node('Is', { operand: text('a'), isTypeSpecifier: node('NamedTypeSpecifier', { name: system('String') }) }),
  Called: node('FunctionRef', {
    name: 'Double',
    operand: [one],
    signature: [node('NamedTypeSpecifier', { name: system('Integer') })],
  }),
  Given: node('ParameterRef', { name: 'Limit' }),
  Messaged: node('Message', {
    source: one,
    condition: literal('Boolean', 'true'),
    code: text('100'),
    severity: text('Warning'),
    message: text('Look'),
  }),
  Dated: node('Overlaps', {
    precision: 'Day',
    operand: [
      node('Interval', { lowClosed: true, highClosed: true, low: node('Today'), high: node('Today') }),
      node('Null'),
    ],
  }),
  Measured: node('Add', {
    operand: [node('Quantity', { value: 1, unit: 'mg' }), node('Quantity', { value: 1, unit: 'g' })],
  }),
  Matched: node('ReplaceMatches', { operand: [text('abc'), text('b'), text('$&')] }),
};

/** A library that uses every kind of string that ELM has. */
export const everything: ElmLibrary = {
  library: {
    identifier: { id: 'Everything', version: '1' },
    usings: {
      def: [
        { localIdentifier: 'System', uri: 'urn:hl7-org:elm-types:r1' },
        { localIdentifier: 'FHIR', uri: 'http://hl7.org/fhir', version: '4.0.1' },
      ],
    },
    parameters: {
      def: [
        {
          name: 'Limit',
          default: one,
          parameterTypeSpecifier: node('NamedTypeSpecifier', { name: system('Integer') }),
        },
      ],
    },
    codeSystems: { def: [{ name: 'Colours', id: valueSet.system, version: '1' }] },
    valueSets: { def: [{ name: 'Colours', id: valueSet.url }] },
    codes: { def: [{ name: 'Red', id: 'red', display: 'Red', codeSystem: { name: 'Colours' } }] },
    concepts: { def: [{ name: 'Warm', display: 'Warm', code: [{ name: 'Red' }] }] },
    statements: {
      def: [
        ...Object.entries(expressions).map(([name, expression]) => ({
          name,
          context: 'Patient',
          accessLevel: 'Public' as const,
          expression,
        })),
        {
          type: 'FunctionDef',
          name: 'Double',
          context: 'Patient',
          operand: [{ name: 'n', operandTypeSpecifier: node('NamedTypeSpecifier', { name: system('Integer') }) }],
          expression: node('Add', { operand: [node('OperandRef', { name: 'n' }), node('OperandRef', { name: 'n' })] }),
        },
      ],
    },
  },
};
