import type { ElmNode } from '../../elm.ts';
import { And as and, Implies as implies, Not as not, Or as or, Xor as xor } from '../../runtime/index.ts';
import { type Code, js } from '../code.ts';
import { operand } from '../elm-parts.ts';
import { type CompileContext, defineNode } from '../node.ts';

/**
 * The right side is evaluated only where the left one doesn't decide; for a trace, in any case. Its code is written once: were
 * it written for both, the code of nested operators would double with every level.
 */
function lazily(node: ElmNode, cx: CompileContext, decides: boolean, result: boolean, combine: Code): Code {
  const right = cx.compile(operand(node, 1));
  const first = cx.compile(operand(node, 0));
  if (cx.tracing) return js`cx.trace.both(${first}, () => (${right}), ${decides}, ${result}, ${combine})`;
  const left = cx.scope.temporary();
  return js`((${left} = ${first}) === ${decides} ? ${result} : ${combine}(${left}, ${right}))`;
}

/** 13.1. And. */
const And = defineNode('And', (node, cx) => lazily(node, cx, false, false, cx.use(and)), {
  test: (node, cx) => js`(${cx.test(operand(node, 0))} && ${cx.test(operand(node, 1))})`,
  testFalse: (node, cx) => js`(${cx.testFalse(operand(node, 0))} || ${cx.testFalse(operand(node, 1))})`,
});

/** 13.4. Or. */
const Or = defineNode('Or', (node, cx) => lazily(node, cx, true, true, cx.use(or)), {
  test: (node, cx) => js`(${cx.test(operand(node, 0))} || ${cx.test(operand(node, 1))})`,
  testFalse: (node, cx) => js`(${cx.testFalse(operand(node, 0))} && ${cx.testFalse(operand(node, 1))})`,
});

/** 13.2. Implies. */
const Implies = defineNode('Implies', (node, cx) => lazily(node, cx, false, true, cx.use(implies)), {
  test: (node, cx) => js`(${cx.testFalse(operand(node, 0))} || ${cx.test(operand(node, 1))})`,
});

/** 13.3. Not. */
const Not = defineNode('Not', (node, cx) => js`${cx.use(not)}(${cx.compile(operand(node, 0))})`, {
  test: (node, cx) => cx.testFalse(operand(node, 0)),
  testFalse: (node, cx) => cx.test(operand(node, 0)),
});

/** 13.5. Xor. */
const Xor = defineNode(
  'Xor',
  (node, cx) => js`${cx.use(xor)}(${cx.compile(operand(node, 0))}, ${cx.compile(operand(node, 1))})`,
);

export const logical = [And, Or, Implies, Not, Xor];
