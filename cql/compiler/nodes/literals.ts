import type { ElmNode } from '../../elm.ts';
import { pointTypeOf } from '../../runtime/bounds.ts';
import {
  Concept,
  Code as CqlCode,
  Interval as CqlInterval,
  Quantity as CqlQuantity,
  Ratio as CqlRatio,
  CqlRuntimeError,
  Tuple as CqlTuple,
  decimalFromNumber,
  NewInterval,
  normalUnit,
  type PointType,
  parseDecimal,
  type Value,
} from '../../runtime/index.ts';
import { endsBeforeItStarts } from '../../runtime/interval.ts';
import { type Code, js, list, object } from '../code.ts';
import { child, children, MalformedElm, optionalChild, optionalText, text } from '../elm-parts.ts';
import { instanceMaker } from '../instances.ts';
import { type CompileContext, defineNode } from '../node.ts';
import { type Type, typeNamed } from '../types.ts';

/** 1.1. Literal: parsed once, when the library is compiled. */
const Literal = defineNode('Literal', (node, cx) => {
  const value = optionalText(node, 'value') ?? '';
  const type = text(node, 'valueType').replace(/^\{.*\}/, '');
  switch (type) {
    case 'Integer':
      // One too large: only the negation of it is an Integer, see arithmetic.ts.
      return integer(node, value) === maxInteger ? js`${cx.use(tooLarge)}()` : js`${integer(node, value)}`;
    case 'Boolean':
      return js`${value === 'true'}`;
    case 'String':
      return js`${value}`;
    case 'Long':
      return cx.use(long(node, value));
    case 'Decimal':
      return cx.use(parseDecimal(value) ?? malformed(node));
    default:
      throw cx.unsupported(node, `Literal of type ${type}`);
  }
});

const maxInteger = 2_147_483_648;

export function tooLarge(): never {
  throw new CqlRuntimeError('An Integer lies between -2147483648 and 2147483647');
}

function integer(node: ElmNode, value: string): number {
  const number = Number(value);
  if (!/^-?\d+$/.test(value) || number > maxInteger || number < -maxInteger) return malformed(node);
  return number;
}

function long(node: ElmNode, value: string): bigint {
  return /^-?\d+L?$/.test(value) ? BigInt(value.replace(/L$/, '')) : malformed(node);
}

function malformed(node: ElmNode): never {
  throw new MalformedElm(node, `a value that is a ${(optionalText(node, 'valueType') ?? '').replace(/^\{.*\}/, '')}`);
}

function quantityOf(node: ElmNode): CqlQuantity {
  const given = node['value'];
  const value = typeof given === 'number' ? decimalFromNumber(given) : parseDecimal(String(given));
  if (value === null) throw new MalformedElm(node, 'a value');
  return new CqlQuantity(value, normalUnit(optionalText(node, 'unit')));
}

/** 3.9. Quantity, 3.10. Ratio. */
const Quantity = defineNode('Quantity', (node, cx) => cx.use(quantityOf(node)));
const Ratio = defineNode('Ratio', (node, cx) =>
  cx.use(new CqlRatio(quantityOf(child(node, 'numerator')), quantityOf(child(node, 'denominator')))),
);

function codeOf(node: ElmNode, cx: CompileContext): CqlCode {
  const system = optionalChild(node, 'system');
  const found = system === null ? null : cx.references.codeSystem(system);
  return new CqlCode(
    optionalText(node, 'code'),
    found?.id ?? null,
    found?.version ?? null,
    optionalText(node, 'display'),
  );
}

/** 3.1. Code, 3.5. Concept. */
const CodeNode = defineNode('Code', (node, cx) => cx.use(codeOf(node, cx)));
const ConceptNode = defineNode('Concept', (node, cx) =>
  cx.use(
    new Concept(
      children(node, 'code').map((code) => codeOf(code, cx)),
      optionalText(node, 'display'),
    ),
  ),
);

const pointTypes: ReadonlySet<string> = new Set(['Integer', 'Long', 'Decimal', 'Date', 'DateTime', 'Time', 'Quantity']);

function isPointType(name: string): name is PointType {
  return pointTypes.has(name);
}

function pointType(type: Type): PointType | null {
  if (type.kind !== 'interval' || type.of.kind !== 'named') return null;
  const name = type.of.name.replace(/^System\./, '');
  return isPointType(name) ? name : null;
}

/**
 * An interval whose bounds come from data or are computed. When they end it before it starts there is no such interval, and the
 * value is null: an interval that counts as inside of a year that it does not lie in would be a wrong count, and an error
 * would cost a patient the measure for what official content does on purpose (`expand { Interval[1, days] }` for no days).
 */
export function intervalOf(
  low: Value,
  high: Value,
  lowClosed: boolean,
  highClosed: boolean,
  pointType: PointType | null,
): CqlInterval | null {
  const type = pointTypeOf(low) ?? pointTypeOf(high) ?? pointType;
  if (type === null && low === null && high === null) return null;
  const interval = new CqlInterval(low, high, lowClosed, highClosed, type);
  return endsBeforeItStarts(interval) ? null : interval;
}

/**
 * 2.2. Interval. Bounds that are written in the CQL must be in order; see intervalOf for others. Where a closedness is computed and unknown, so is the interval: conversions of an interval's points are
 * written as a selector over the properties of the interval, which are all null when there is none.
 */
const Interval = defineNode('Interval', (node, cx) => {
  const bound = (part: string): Code => {
    const found = optionalChild(node, part);
    return found === null ? js`null` : cx.compile(found);
  };
  const unknown: Code[] = [];
  const closed = (part: string): Code => {
    const expression = optionalChild(node, `${part}Expression`);
    if (expression === null) return js`${node[part] !== false && node[part] !== 'false'}`;
    const value = cx.scope.temporary();
    unknown.push(js`(${value} = ${cx.compile(expression)}) === null`);
    return js`${value} === true`;
  };
  const [lowClosed, highClosed] = [closed('lowClosed'), closed('highClosed')];
  const args = list([bound('low'), bound('high'), lowClosed, highClosed]);
  const isWritten = ['low', 'high'].every((part) => optionalChild(node, part)?.type === 'Literal');
  const interval = js`${cx.use(isWritten ? NewInterval : intervalOf)}(${args}, ${pointType(cx.typeOf(node))})`;
  return unknown.reduceRight<Code>((rest, condition) => js`(${condition} ? null : ${rest})`, interval);
});

/** 2.4. List. */
const List = defineNode(
  'List',
  (node, cx) => js`[${list(children(node, 'element').map((element) => cx.compile(element)))}]`,
);

/** 2.1. Tuple. */
const Tuple = defineNode(
  'Tuple',
  (node, cx) =>
    js`new (${cx.use(CqlTuple)})(${object(children(node, 'element').map((element) => [text(element, 'name'), cx.compile(child(element, 'value'))] as const))})`,
  {
    infer: (node, cx) => ({
      kind: 'tuple',
      elements: new Map(
        children(node, 'element').map((element) => [text(element, 'name'), cx.typeOf(child(element, 'value'))]),
      ),
    }),
  },
);

/** 2.3. Instance: of a System class or of a FHIR class. */
const Instance = defineNode(
  'Instance',
  (node, cx) => {
    const type = typeNamed(text(node, 'classType'));
    if (type.kind !== 'named' || instanceMaker(type.name, cx.model) === null)
      throw cx.unsupported(node, `Instance of ${text(node, 'classType')}`);
    const elements = children(node, 'element').map(
      (element) => [text(element, 'name'), cx.compile(child(element, 'value'))] as const,
    );
    return js`${cx.make({ make: 'instance', name: type.name })}(${object(elements)})`;
  },
  { infer: (node) => typeNamed(optionalText(node, 'classType') ?? '') },
);

export const literals = [Literal, Quantity, Ratio, CodeNode, ConceptNode, Interval, List, Tuple, Instance];
