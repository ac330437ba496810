import type { ElmNode } from '../../elm.ts';
import { type Code, js, list } from '../code.ts';
import { operands, optionalText, text } from '../elm-parts.ts';
import { elementOfType } from '../fhir/read.ts';
import { fhirTypeOf } from '../infer.ts';
import { type CompileContext, defineNode, type Raw } from '../node.ts';
import { overloadsOf } from '../overloads.ts';
import type { FunctionReference } from '../references.ts';
import type { Variable } from '../scope.ts';
import { any, type Type } from '../types.ts';

/** 5.1 to 5.5 and 9.2: names. */

function variableNamed(node: ElmNode, cx: CompileContext): Variable {
  const found = cx.scope.find(text(node, 'name'));
  if (found === null) throw cx.unsupported(node, `${node.type} "${text(node, 'name')}" that names nothing`);
  return found;
}

export function variableValue({ code, raw, type }: Variable, cx: CompileContext): Code {
  if (!raw) return code;
  const fhir = fhirTypeOf(type, cx.model);
  return js`${cx.use(elementOfType)}(${fhir?.name ?? ''}, ${code})`;
}

export function rawOf({ code, raw, type }: Variable, cx: CompileContext): Raw | null {
  const fhir = fhirTypeOf(type, cx.model);
  if (fhir === null) return null;
  return { code: raw || fhir.resource ? code : js`${code}?.value`, type: fhir, list: false };
}

const variables = ['AliasRef', 'QueryLetRef', 'OperandRef'].map((type) =>
  defineNode(type, (node, cx) => variableValue(variableNamed(node, cx), cx), {
    raw: (node, cx) => rawOf(variableNamed(node, cx), cx),
    infer: (node, cx) => cx.scope.find(optionalText(node, 'name') ?? '')?.type ?? any,
  }),
);

/** A name that the translator left open: an element of the row that is sorted, a variable, a definition. */
function identified(node: ElmNode, cx: CompileContext): ElmNode | null {
  const name = text(node, 'name');
  if (optionalText(node, 'libraryName') === null) {
    if (cx.scope.find(name) !== null) return { type: 'AliasRef', name };
    if (cx.references.identifier(node) === null && cx.scope.find('$this') !== null)
      return { type: 'Property', path: name, source: { type: 'AliasRef', name: '$this' } };
  }
  return null;
}

const IdentifierRef = defineNode(
  'IdentifierRef',
  (node, cx) => {
    const target = identified(node, cx);
    if (target !== null) return cx.compile(target);
    const definition = cx.references.identifier(node);
    if (definition === null) throw cx.unsupported(node, `IdentifierRef "${text(node, 'name')}" that names nothing`);
    return definition.code;
  },
  {
    raw: (node, cx) => {
      const target = identified(node, cx);
      return target === null ? null : cx.raw(target);
    },
    infer: (node, cx) => {
      const target = identified(node, cx);
      return target === null ? (cx.references.identifier(node)?.type() ?? any) : cx.typeOf(target);
    },
  },
);

const ExpressionRef = defineNode('ExpressionRef', (node, cx) => cx.references.definition(node).code, {
  infer: (node, cx) => cx.references.definition(node).type(),
  raw: (node, cx) => {
    const fhir = fhirTypeOf(cx.typeOf(node), cx.model);
    return fhir?.resource === true ? { code: cx.references.definition(node).code, type: fhir, list: false } : null;
  },
});

const ParameterRef = defineNode('ParameterRef', (node, cx) => cx.references.parameter(node).code, {
  infer: (node, cx) => cx.references.parameter(node).type(),
});

/** A function that only reads the `value` of its operand (FHIRHelpers.ToString and its like) is that reading. */
function readsValue({ source }: FunctionReference): boolean {
  const body = source.expression;
  if (body?.type !== 'Property' || body['path'] !== 'value') return false;
  const inner = body['source'];
  return typeof inner === 'object' && inner !== null && 'type' in inner && inner.type === 'OperandRef';
}

function valueReading(node: ElmNode): ElmNode {
  return { type: 'Property', path: 'value', source: operands(node)[0] };
}

function argument(node: ElmNode, raw: boolean, cx: CompileContext): Code {
  if (!raw) return cx.compile(node);
  const direct = cx.raw(node);
  return direct !== null && !direct.list ? direct.code : js`(${cx.compile(node)})?.value`;
}

const FunctionRef = defineNode(
  'FunctionRef',
  (node, cx) => {
    const overloads = overloadsOf(node, cx);
    const [first] = overloads;
    if (first === undefined) throw cx.unsupported(node, `function ${text(node, 'name')} with these operands`);
    const inputs = operands(node);
    if (overloads.length > 1) return dispatched(overloads, inputs, cx);
    if (!cx.tracing && readsValue(first)) return cx.compile(valueReading(node));
    const values = inputs.map((input, i) => argument(input, first.operands[i]?.raw === true, cx));
    return js`${first.code}(${list([js`cx`, ...values])})`;
  },
  {
    infer: (node, cx): Type => {
      const [first, ...others] = overloadsOf(node, cx);
      return first === undefined || others.length > 0 ? any : first.type();
    },
  },
);

/** Overloads that only the values can tell apart, in the order of their definition; null goes with any type. */
function dispatched(overloads: readonly FunctionReference[], inputs: readonly ElmNode[], cx: CompileContext): Code {
  const values = inputs.map(() => cx.scope.temporary());
  const assignments = values.map((value, i) => js`${value} = ${cx.compile(inputs[i] ?? { type: 'Null' })}`);
  const none = cx.make({ make: 'no-overload' });
  const chain = overloads.reduceRight<Code>((rest, overload) => {
    const tests = overload.operands.flatMap(({ type }, i) =>
      type.kind === 'any'
        ? []
        : [js`(${values[i] ?? js``} === null || ${cx.make({ make: 'type-test', type })}(${values[i] ?? js``}))`],
    );
    const condition = tests.reduce<Code>((all, test) => js`${all} && ${test}`, js`true`);
    const given = overload.operands.map(({ raw }, i) => (raw ? js`${values[i] ?? js``}?.value` : (values[i] ?? js``)));
    return js`${condition} ? ${overload.code}(${list([js`cx`, ...given])}) : ${rest}`;
  }, js`${none}()`);
  return js`(${list(assignments)}, ${chain})`;
}

/** 3.3 to 3.13: names of terminology, known when the library is compiled. */
const terminology = [
  defineNode('ValueSetRef', (node, cx) => cx.use(cx.references.valueSet(node))),
  defineNode('CodeSystemRef', (node, cx) => cx.use(cx.references.codeSystem(node))),
  defineNode('CodeRef', (node, cx) => cx.use(cx.references.code(node))),
  defineNode('ConceptRef', (node, cx) => cx.use(cx.references.concept(node))),
];

export const references = [...variables, IdentifierRef, ExpressionRef, ParameterRef, FunctionRef, ...terminology];
