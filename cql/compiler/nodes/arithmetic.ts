import * as runtime from '../../runtime/index.ts';
import { js } from '../code.ts';
import { text } from '../elm-parts.ts';
import { defineNode } from '../node.ts';
import { typeNamed } from '../types.ts';
import { operators } from './operators.ts';

const { Abs, Add, Ceiling, Divide, Exp, Floor, HighBoundary, Ln, Log, LowBoundary, MaxValue, MinValue, Modulo } =
  runtime;
const { Multiply, Negate, Power, PrecisionOf, Predecessor, Round, Subtract, Successor, Truncate, TruncatedDivide } =
  runtime;

const limits = Object.entries({ MaxValue, MinValue }).map(([type, limit]) =>
  defineNode(type, (node, cx) => js`${cx.use(limit)}(${text(node, 'valueType').replace(/^\{.*\}/, '')}, cx.env)`, {
    infer: (node) => typeNamed(text(node, 'valueType')),
  }),
);

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
    Negate,
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
];
