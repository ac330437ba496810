import type { ElmNode } from '../../elm.ts';
import { precisionNamed } from '../../runtime/index.ts';
import { type Code, js, list } from '../code.ts';
import { children, optionalChild, optionalText } from '../elm-parts.ts';
import { type CompileContext, defineNode, type NodeDefinition } from '../node.ts';

/** A function over run-time values. */
type Operator = (...operands: never[]) => unknown;

interface Shape {
  /** Names of the operands; without them, the node has a list of operands, or one. */
  readonly parts?: readonly string[];
  /** How many operands the function takes, where the node may leave the last ones out. */
  readonly exactly?: number;
  /** The function takes the node's precision after its operands. */
  readonly precision?: boolean;
  /** The function takes the environment last. */
  readonly environment?: boolean;
}

/** Nodes that are calls of a function with the values of their operands. */
export function operators(table: Readonly<Record<string, Operator>>, shape: Shape = {}): NodeDefinition[] {
  return Object.entries(table).map(([type, run]) =>
    defineNode(type, (node, cx) => js`${cx.use(run)}(${list(operandsOf(node, cx, shape))})`),
  );
}

function operandsOf(node: ElmNode, cx: CompileContext, { parts, exactly, precision, environment }: Shape): Code[] {
  const values = parts === undefined ? children(node, 'operand') : parts.map((part) => optionalChild(node, part));
  const codes = values.map((value) => (value === null ? js`null` : cx.compile(value)));
  while (codes.length < (exactly ?? 0)) codes.push(js`null`);
  if (precision === true) codes.push(js`${precisionNamed(optionalText(node, 'precision'))}`);
  if (environment === true) codes.push(js`cx.env`);
  return codes;
}
