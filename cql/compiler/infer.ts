import type { ElmNode } from '../elm.ts';
import { children, optionalChild, optionalText } from './elm-parts.ts';
import type { FhirModel, FhirType } from './fhir/model.ts';
import type { CompileContext } from './node.ts';
import { any, elementOf, listOf, named, oneOf, type Type, typeNamed, typeOfSpecifier } from './types.ts';

/** The class of a static type; null unless it is one FHIR class whose values are exactly of it. */
export function fhirTypeOf(type: Type, model: FhirModel): FhirType | null {
  if (type.kind !== 'named' || !type.name.startsWith('FHIR.')) return null;
  const found = model.type(type.name.slice(5));
  // Age, Count and the like are profiles of Quantity and have the same elements.
  return found !== null && (found.leaf || found.name === 'Quantity') ? found : null;
}

/** The static type of an element of a FHIR class; `any` when the class has no such element. */
export function elementType(owner: FhirType, path: string): Type {
  const properties = owner.properties(path);
  const types = properties.map(({ type, system, list }): Type => {
    const one = type === null ? named(`System.${system}`) : named(`FHIR.${type.name}`);
    return list ? listOf(one) : one;
  });
  return types.length === 0 ? any : oneOf(types);
}

const booleans = new Set(
  `And Or Xor Implies Not IsNull IsTrue IsFalse Is Exists Equal NotEqual Equivalent Less Greater LessOrEqual GreaterOrEqual
  In Contains ProperIn ProperContains Includes IncludedIn ProperIncludes ProperIncludedIn Before After SameAs SameOrBefore
  SameOrAfter Meets MeetsBefore MeetsAfter Overlaps OverlapsBefore OverlapsAfter Starts Ends InValueSet AnyInValueSet
  InCodeSystem AnyInCodeSystem StartsWith EndsWith Matches AllTrue AnyTrue ToBoolean`.split(/\s+/),
);

const results: { readonly [node: string]: string } = {
  ToString: 'String',
  ToInteger: 'Integer',
  ToDecimal: 'Decimal',
  ToLong: 'Long',
  ToDate: 'Date',
  ToDateTime: 'DateTime',
  ToTime: 'Time',
  ToQuantity: 'Quantity',
  ToConcept: 'Concept',
  DateFrom: 'Date',
  Today: 'Date',
  Now: 'DateTime',
  Date: 'Date',
  DateTime: 'DateTime',
  Time: 'Time',
  Quantity: 'Quantity',
  Ratio: 'Ratio',
  Code: 'Code',
  Concept: 'Concept',
  CodeRef: 'Code',
  ConceptRef: 'Concept',
  ValueSetRef: 'ValueSet',
  CodeSystemRef: 'CodeSystem',
  Count: 'Integer',
  Concatenate: 'String',
  Combine: 'String',
  Substring: 'String',
  Upper: 'String',
  Lower: 'String',
};
const fixed: ReadonlyMap<string, string> = new Map(Object.entries(results));

const likeOperand = new Set(['Distinct', 'Union', 'Intersect', 'Except', 'Coalesce', 'Negate', 'Abs', 'Collapse']);
const elementOfOperand = new Set(['First', 'Last', 'SingletonFrom', 'Min', 'Max', 'Indexer']);

/** What can be told of a node's type by its own statement or by its parts, when its definition has no rule of its own. */
export function inferType(node: ElmNode, cx: CompileContext): Type {
  const { type = '' } = node;
  if (booleans.has(type)) return named('System.Boolean');
  const known = fixed.get(type);
  if (known !== undefined) return named(`System.${known}`);
  const operandNodes = [...children(node, 'operand'), ...children(node, 'source')];
  const [first] = operandNodes;
  if (elementOfOperand.has(type)) return first === undefined ? any : elementOf(cx.typeOf(first));
  if (likeOperand.has(type)) return oneOf(operandNodes.map((operand) => cx.typeOf(operand)));
  if (type === 'Start' || type === 'End') {
    const interval = first === undefined ? any : cx.typeOf(first);
    return interval.kind === 'interval' ? interval.of : any;
  }
  if (type === 'ToList') return first === undefined ? any : listOf(cx.typeOf(first));
  if (type === 'Flatten') return first === undefined ? any : elementOf(cx.typeOf(first));
  if (type === 'List') {
    const elements = children(node, 'element');
    return listOf(elements.length === 0 ? any : oneOf(elements.map((element) => cx.typeOf(element))));
  }
  if (type === 'Interval') {
    const bounds = [optionalChild(node, 'low'), optionalChild(node, 'high')].flatMap((bound) =>
      bound === null || bound.type === 'Null' ? [] : [cx.typeOf(bound)],
    );
    return { kind: 'interval', of: oneOf(bounds) };
  }
  if (type === 'If') return oneOf(['then', 'else'].flatMap((part) => branch(node, part, cx)));
  if (type === 'Case')
    return oneOf([
      ...children(node, 'caseItem').flatMap((item) => branch(item, 'then', cx)),
      ...branch(node, 'else', cx),
    ]);
  if (type === 'As') return castType(node);
  if (type === 'Literal') return typeNamed(optionalText(node, 'valueType') ?? '');
  return any;
}

function branch(node: ElmNode, part: string, cx: CompileContext): Type[] {
  const found = optionalChild(node, part);
  return found === null || found.type === 'Null' ? [] : [cx.typeOf(found)];
}

/** The type that an As or an Is names. */
export function castType(node: ElmNode): Type {
  const verb = node.type === 'Is' ? 'is' : 'as';
  const name = optionalText(node, `${verb}Type`);
  if (name !== null) return typeNamed(name);
  const specifier = optionalChild(node, `${verb}TypeSpecifier`);
  return specifier === null ? any : typeOfSpecifier(specifier);
}
