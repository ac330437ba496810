import * as runtime from '../../runtime/index.ts';
import { js } from '../code.ts';
import { child } from '../elm-parts.ts';
import { defineNode, type NodeDefinition } from '../node.ts';
import { rowsOf } from '../rows.ts';
import { elementOf, listOf } from '../types.ts';
import { current, iterations, loopNames } from './iteration.ts';
import { operators } from './operators.ts';
import { sorted } from './query.ts';

const { Distinct, Exists, First, Flatten, IndexOf, Last, SingletonFrom, Slice, Times, ToList } = runtime;

/** Operators of lists whose operand is evaluated for each element: they are loops, like queries. */

function overElements(type: string, made: 'element' | 'value'): NodeDefinition {
  const part = made === 'element' ? 'condition' : 'element';
  return defineNode(
    type,
    (node, cx) =>
      cx.scope.hoisted(() => {
        const source = child(node, 'source');
        const [rows, out, position] = [cx.scope.temporary(), cx.scope.temporary(), cx.scope.temporary()];
        const row = cx.scope.declare(current, 'a', elementOf(cx.typeOf(source)));
        const inner = cx.scope.within(loopNames(node, row, position), () =>
          made === 'element'
            ? js`if (${cx.test(child(node, part))}) ${out}.push(${row.code});`
            : js`${out}.push(${cx.compile(child(node, part))});`,
        );
        return js`${rows} = ${cx.compile(source)};
if (${rows} === null) return null;
${rows} = ${cx.use(rowsOf)}(${rows});
${out} = [];
for (${position} = 0; ${position} < ${rows}.length; ${position} += 1) {
if (--cx.fuel < 0) cx.refuel();
const ${row.code} = ${rows}[${position}];
${inner}
}
return ${out};`;
      }),
    {
      infer: (node, cx) => {
        const source = child(node, 'source');
        if (made === 'element') return cx.typeOf(source);
        const row = cx.scope.declare(current, 'a', elementOf(cx.typeOf(source)));
        return listOf(cx.scope.within(loopNames(node, row, row.code), () => cx.typeOf(child(node, part))));
      },
    },
  );
}

/** 20.27. Sort. */
const Sort = defineNode(
  'Sort',
  (node, cx) =>
    cx.scope.hoisted(() => {
      const source = child(node, 'source');
      const rows = cx.scope.temporary();
      return js`${rows} = ${cx.compile(source)};
return ${rows} === null ? null : ${sorted(node, rows, elementOf(cx.typeOf(source)), cx)};`;
    }),
  { infer: (node, cx) => cx.typeOf(child(node, 'source')) },
);

/** 20. List operators. */
export const lists = [
  overElements('Filter', 'element'),
  overElements('ForEach', 'value'),
  ...iterations,
  Sort,
  ...operators({ Distinct, Exists, Flatten, SingletonFrom, Times, ToList }),
  ...operators({ First, Last }, { parts: ['source'] }),
  ...operators({ IndexOf }, { parts: ['source', 'element'] }),
  ...operators({ Slice }, { parts: ['source', 'startIndex', 'endIndex'] }),
];
