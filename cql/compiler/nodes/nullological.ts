import type { ElmNode } from '../../elm.ts';
import { Coalesce as coalesce } from '../../runtime/index.ts';
import { type Code, js } from '../code.ts';
import { operand, operands } from '../elm-parts.ts';
import { type CompileContext, defineNode } from '../node.ts';

/** 14.1. Null. */
const Null = defineNode('Null', () => js`null`);

/** 14.2. Coalesce: the first operand that is not null; of a single list, its first such element. */
const Coalesce = defineNode('Coalesce', (node, cx) => {
  const all = operands(node);
  const [only] = all;
  if (all.length === 1 && only !== undefined) return js`${cx.use(coalesce)}(${cx.compile(only)})`;
  return all.reduceRight<Code>((rest, next) => js`(${cx.compile(next)} ?? ${rest})`, js`null`);
});

function isNull(node: ElmNode, cx: CompileContext): Code {
  const inner = operand(node, 0);
  const raw = cx.raw(inner);
  return raw !== null && raw.type.primitive === null && !raw.list
    ? js`(${raw.code}) == null`
    : js`(${cx.compile(inner)}) === null`;
}

function isNotNull(node: ElmNode, cx: CompileContext): Code {
  return js`!(${isNull(node, cx)})`;
}

/** 14.3. IsFalse, 14.4. IsNull, 14.5. IsTrue: never null. */
const IsNull = defineNode('IsNull', (node, cx) => js`(${isNull(node, cx)})`, {
  test: (node, cx) => js`(${isNull(node, cx)})`,
  testFalse: isNotNull,
});
const IsTrue = defineNode('IsTrue', (node, cx) => js`(${cx.test(operand(node, 0))})`, {
  test: (node, cx) => cx.test(operand(node, 0)),
  testFalse: (node, cx) => js`!(${cx.test(operand(node, 0))})`,
});
const IsFalse = defineNode('IsFalse', (node, cx) => js`(${cx.testFalse(operand(node, 0))})`, {
  test: (node, cx) => cx.testFalse(operand(node, 0)),
  testFalse: (node, cx) => js`!(${cx.testFalse(operand(node, 0))})`,
});

export const nullological = [Null, Coalesce, IsNull, IsTrue, IsFalse];
