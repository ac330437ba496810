import type { ElmNode } from '../../elm.ts';
import * as runtime from '../../runtime/index.ts';
import { type Code, js } from '../code.ts';
import { operand, optionalChild, optionalText } from '../elm-parts.ts';
import { elementOfType } from '../fhir/read.ts';
import { castType, fhirTypeOf } from '../infer.ts';
import { type CompileContext, defineNode, type Raw } from '../node.ts';
import { isSubtype, type TypeTest, typeTest } from '../type-tests.ts';
import { any, type Type, typeNamed, typeOfSpecifier } from '../types.ts';
import { operators } from './operators.ts';
import { rawChoice } from './property.ts';

type Value = runtime.Value;

const { CqlRuntimeError, ToBoolean, ToChars, ToConcept, ToDate, ToDateTime, ToDecimal, ToInteger, ToLong } = runtime;
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
    const cast = casting(typeTest(type, cx.model), node['strict'] === true);
    return js`${cx.use(cast)}(${cx.compile(inner)})`;
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

function casting(test: TypeTest, strict: boolean): (value: Value) => Value {
  return (value) => {
    if (value === null || test(value)) return value;
    if (strict) throw new CqlRuntimeError('the value is not of the type that the cast names');
    return null;
  };
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
  return js`${cx.use(typeTest(type, cx.model))}(${cx.compile(inner)})`;
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

/** 22. Type operators. */
export const types = [
  As,
  Is,
  Convert,
  ...operators({ ToBoolean, ToChars, ToConcept, ToDate, ToDecimal, ToInteger, ToLong, ToQuantity, ToRatio, ToTime }),
  ...operators({ ToDateTime, ToString }, { environment: true }),
  ...operators({ CanConvertQuantity, ConvertQuantity }),
  ...operators({ ConvertsToBoolean, ConvertsToDate, ConvertsToDecimal, ConvertsToInteger, ConvertsToLong }),
  ...operators({ ConvertsToQuantity, ConvertsToRatio, ConvertsToTime }),
  ...operators({ ConvertsToDateTime, ConvertsToString }, { environment: true }),
];
