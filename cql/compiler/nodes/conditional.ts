import { Equal } from '../../runtime/index.ts';
import { type Code, js } from '../code.ts';
import { child, children, optionalChild } from '../elm-parts.ts';
import { defineNode } from '../node.ts';

/** 15.2. If: a null condition takes the else branch. */
const If = defineNode(
  'If',
  (node, cx) =>
    js`(${cx.test(child(node, 'condition'))} ? ${cx.compile(child(node, 'then'))} : ${cx.compile(child(node, 'else'))})`,
  {
    test: (node, cx) =>
      js`(${cx.test(child(node, 'condition'))} ? ${cx.test(child(node, 'then'))} : ${cx.test(child(node, 'else'))})`,
  },
);

/** 15.1. Case: the first item whose condition is true, or equals the comparand. */
const Case = defineNode('Case', (node, cx) => {
  const items = children(node, 'caseItem');
  const last = optionalChild(node, 'else');
  const comparand = optionalChild(node, 'comparand');
  const otherwise = last === null ? js`null` : cx.compile(last);
  const value = comparand === null ? null : cx.scope.temporary();
  const chain = items.reduceRight<Code>((rest, item) => {
    const when = child(item, 'when');
    const condition = value === null ? cx.test(when) : js`${cx.use(Equal)}(${value}, ${cx.compile(when)}) === true`;
    return js`${condition} ? ${cx.compile(child(item, 'then'))} : ${rest}`;
  }, otherwise);
  return comparand === null || value === null ? js`(${chain})` : js`(${value} = ${cx.compile(comparand)}, ${chain})`;
});

export const conditional = [If, Case];
