import type { ElmNode } from '../../elm.ts';
import * as runtime from '../../runtime/index.ts';
import { type Code, js } from '../code.ts';
import { child, operand, optionalChild, optionalText } from '../elm-parts.ts';
import { Children, Descendents } from '../fhir/children.ts';
import { elementOfType } from '../fhir/read.ts';
import { castType, fhirTypeOf } from '../infer.ts';
import { type CompileContext, defineNode, type Raw } from '../node.ts';
import { isSubtype } from '../type-tests.ts';
import { any, listOf, type Type, typeNamed, typeOfSpecifier } from '../types.ts';
import { operators } from './operators.ts';
import { rawChoice } from './property.ts';

const { ToBoolean, ToChars, ToConcept, ToDate, ToDateTime, ToDecimal, ToInteger, ToLong } = runtime;
const { ToQuantity, ToRatio, ToString, ToTime, CanConvertQuantity, ConvertQuantity } = runtime;
const { ConvertsToBoolean, ConvertsToDate, ConvertsToDateTime, ConvertsToDecimal, ConvertsToInteger } = runtime;
const { ConvertsToLong, ConvertsToQuantity, ConvertsToRatio, ConvertsToString, ConvertsToTime } = runtime;

/** 22.1. As: null for a value of another type; an error when strict. */
const As = defineNode(
  'As',
  (node, cx) => {
    const inner = operand(node, 0);
    const type = castType(node);
    if (!cx.tracing && isSubtype(cx.typeOf(inner), type, cx.model)) return cx.compile(inner);
    const raw = ownRaw(node, cx);
    if (raw !== null && raw.type.primitive === null) return js`${cx.use(elementOfType)}(${raw.type.name}, ${raw.code})`;
    const cast = cx.make({ make: 'cast', type, strict: node['strict'] === true });
    return js`${cast}(${cx.compile(inner)})`;
  },
  {
    raw: (node, cx) => {
      const inner = operand(node, 0);
      const type = castType(node);
      const known = cx.typeOf(inner);
      if (fhirTypeOf(known, cx.model) !== null && isSubtype(known, type, cx.model)) return cx.raw(inner);
      return ownRaw(node, cx);
    },
  },
);

/** The cast of a choice element is the reading of one property. */
function ownRaw(node: ElmNode, cx: CompileContext): Raw | null {
  const type = fhirTypeOf(castType(node), cx.model);
  if (cx.tracing || type === null || node['strict'] === true) return null;
  const code = rawChoice(operand(node, 0), type.name, cx);
  return code === null ? null : { code, type, list: false };
}

/** 22.19. Is: false for null. */
const Is = defineNode('Is', (node, cx) => isOfType(node, cx), {
  test: isOfType,
  testFalse: (node, cx) => js`!(${isOfType(node, cx)})`,
});

function isOfType(node: ElmNode, cx: CompileContext): Code {
  const type = castType(node);
  const inner = operand(node, 0);
  const fhir = fhirTypeOf(type, cx.model);
  if (!cx.tracing && fhir !== null && fhir.leaf && fhir.primitive === null) {
    const raw = rawChoice(inner, fhir.name, cx);
    if (raw !== null) return js`(${raw}) != null`;
  }
  return js`${cx.make({ make: 'type-test', type })}(${cx.compile(inner)})`;
}

const conversions: ReadonlyMap<string, (...operands: never[]) => unknown> = new Map<
  string,
  (...operands: never[]) => unknown
>(
  Object.entries({
    Boolean: ToBoolean,
    Concept: ToConcept,
    Date: ToDate,
    DateTime: ToDateTime,
    Decimal: ToDecimal,
    Integer: ToInteger,
    Long: ToLong,
    Quantity: ToQuantity,
    Ratio: ToRatio,
    String: ToString,
    Time: ToTime,
  }),
);

function targetType(node: ElmNode): Type {
  const name = optionalText(node, 'toType');
  if (name !== null) return typeNamed(name);
  const specifier = optionalChild(node, 'toTypeSpecifier');
  return specifier === null ? any : typeOfSpecifier(specifier);
}

/** 22.6. Convert: to a System type, as the operator of that name does. */
const Convert = defineNode(
  'Convert',
  (node, cx) => {
    const type = targetType(node);
    const convert = type.kind === 'named' ? conversions.get(type.name.replace(/^System\./, '')) : undefined;
    if (convert === undefined) throw cx.unsupported(node, 'Convert to a type that is not a System type');
    return js`${cx.use(convert)}(${cx.compile(operand(node, 0))}, cx.env)`;
  },
  { infer: targetType },
);

const tests: ReadonlyMap<string, (...operands: never[]) => unknown> = new Map<
  string,
  (...operands: never[]) => unknown
>(
  Object.entries({
    Boolean: ConvertsToBoolean,
    Date: ConvertsToDate,
    DateTime: ConvertsToDateTime,
    Decimal: ConvertsToDecimal,
    Integer: ConvertsToInteger,
    Long: ConvertsToLong,
    Quantity: ConvertsToQuantity,
    Ratio: ConvertsToRatio,
    String: ConvertsToString,
    Time: ConvertsToTime,
  }),
);

/** 22.2. CanConvert: to a System type, as its ConvertsTo operator tells. */
const CanConvert = defineNode(
  'CanConvert',
  (node, cx) => {
    const type = targetType(node);
    const test = type.kind === 'named' ? tests.get(type.name.replace(/^System\./, '')) : undefined;
    if (test === undefined) throw cx.unsupported(node, 'CanConvert to a type that is not a System type');
    return js`${cx.use(test)}(${cx.compile(operand(node, 0))}, cx.env)`;
  },
  { infer: () => typeNamed('{urn:hl7-org:elm-types:r1}Boolean') },
);

/** 22.5. Children, 22.17. Descendents, which ELM's schema also calls Descendants. */
const elements = Object.entries({ Children, Descendents, Descendants: Descendents }).map(([type, run]) =>
  defineNode(type, (node, cx) => js`${cx.use(run)}(${cx.compile(child(node, 'source'))}, cx)`, {
    infer: () => listOf(any),
  }),
);

/** 22. Type operators. */
export const types = [
  As,
  Is,
  CanConvert,
  Convert,
  ...elements,
  ...operators({ ToBoolean, ToChars, ToConcept, ToDate, ToDecimal, ToInteger, ToLong, ToQuantity, ToRatio, ToTime }),
  ...operators({ ToDateTime, ToString }, { environment: true }),
  ...operators({ CanConvertQuantity, ConvertQuantity }),
  ...operators({ ConvertsToBoolean, ConvertsToDate, ConvertsToDecimal, ConvertsToInteger, ConvertsToLong }),
  ...operators({ ConvertsToQuantity, ConvertsToRatio, ConvertsToTime }),
  ...operators({ ConvertsToDateTime, ConvertsToString }, { environment: true }),
];
