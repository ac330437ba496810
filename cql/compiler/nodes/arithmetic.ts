import * as runtime from '../../runtime/index.ts';
import { js } from '../code.ts';
import { operand, text } from '../elm-parts.ts';
import { defineNode } from '../node.ts';
import { typeNamed } from '../types.ts';
import { operators } from './operators.ts';

const { Abs, Add, Ceiling, Divide, Exp, Floor, HighBoundary, Ln, Log, LowBoundary, MaxValue, MinValue, Modulo } =
  runtime;
const { Multiply, Power, PrecisionOf, Predecessor, Round, Subtract, Successor, Truncate, TruncatedDivide } = runtime;

const limits = Object.entries({ MaxValue, MinValue }).map(([type, limit]) =>
  defineNode(type, (node, cx) => js`${cx.use(limit)}(${text(node, 'valueType').replace(/^\{.*\}/, '')}, cx.env)`, {
    infer: (node) => typeNamed(text(node, 'valueType')),
  }),
);

/** 16.15. Negate: the least Integer is written as the negation of a literal that is one too large to be one. */
const Negate = defineNode('Negate', (node, cx) => {
  const inner = operand(node, 0);
  if (inner.type === 'Literal' && inner['value'] === '2147483648' && /Integer$/.test(text(inner, 'valueType')))
    return js`${-2_147_483_648}`;
  return js`${cx.use(runtime.Negate)}(${cx.compile(inner)})`;
});

/** 16. Arithmetic operators. */
export const arithmetic = [
  ...operators({
    Abs,
    Add,
    Ceiling,
    Divide,
    Exp,
    Floor,
    HighBoundary,
    Ln,
    Log,
    LowBoundary,
    Modulo,
    Multiply,
    Power,
    Precision: PrecisionOf,
    Predecessor,
    Subtract,
    Successor,
    Truncate,
    TruncatedDivide,
  }),
  ...operators({ Round }, { parts: ['operand', 'precision'] }),
  ...limits,
  Negate,
];
