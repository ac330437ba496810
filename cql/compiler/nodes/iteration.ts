import type { ElmNode } from '../../elm.ts';
import { type Environment, Equal, isList, type Value } from '../../runtime/index.ts';
import { type Code, js } from '../code.ts';
import { child, optionalChild, optionalText } from '../elm-parts.ts';
import { type CompileContext, defineNode } from '../node.ts';
import { rowsOf } from '../rows.ts';
import type { Variable } from '../scope.ts';
import { any, elementOf, named } from '../types.ts';

/** Names within a loop over elements: the element, how many came before it, and what Aggregate made of those. */
export const current = '$this';
const [index, total] = ['$index', '$total'];

/** A loop's names, and again by the name of the loop's scope where it has one. */
export function loopNames(node: ElmNode, row: Variable, position: Code, sum: Code | null = null): Variable[] {
  const scope = optionalText(node, 'scope');
  const number: Variable = { ...row, type: named('System.Integer'), raw: false, code: position };
  return ['', ...(scope === null ? [] : [scope])].flatMap((prefix) => [
    { ...row, name: prefix === '' ? current : prefix },
    { ...number, name: `${prefix}${index}` },
    ...(sum === null ? [] : [{ ...number, type: any, name: `${prefix}${total}`, code: sum }]),
  ]);
}

function rowIn(node: ElmNode, cx: CompileContext): Variable {
  return cx.scope.declare(current, 'a', elementOf(cx.typeOf(child(node, 'source'))));
}

function nameRef(suffix: string): (node: ElmNode, cx: CompileContext) => Code {
  return (node, cx) => {
    const name = `${optionalText(node, 'scope') ?? ''}${suffix}`;
    if (cx.scope.find(name) === null) throw cx.unsupported(node, `${node.type} outside of a loop`);
    return cx.compile({ type: 'AliasRef', name });
  };
}

/** 20.20. Repeat: what the expression gives for the elements, then for what was new in that, until nothing is new. */
const Repeat = defineNode('Repeat', (node, cx) =>
  cx.scope.hoisted(() => {
    const row = rowIn(node, cx);
    const number = cx.scope.declare(index, 'l', named('System.Integer'));
    const step = cx.scope.within(loopNames(node, row, number.code), () => cx.compile(child(node, 'element')));
    return js`return ${cx.use(repeated)}(${cx.compile(child(node, 'source'))}, (${row.code}, ${number.code}) => ${step}, cx.env);`;
  }),
);

/** What Repeat gives. */
export function repeated(
  source: Value,
  step: (row: Value, index: number) => Value,
  { budget }: Environment,
): readonly Value[] | null {
  if (source === null) return null;
  const found: Value[] = [];
  let wave = rowsOf(source);
  while (wave.length > 0) {
    const next: Value[] = [];
    for (const [i, row] of wave.entries()) {
      const made = step(row, i);
      for (const item of made !== null && isList(made) ? made : [made]) {
        budget.step(1 + found.length);
        if (found.some((known) => known === item || Equal(known, item) === true)) continue;
        found.push(item);
        if (item !== null) next.push(item);
      }
    }
    wave = next;
  }
  return found;
}

/** 21.1. Aggregate over the elements of a list; what it starts with is null unless it says. Null for a null list. */
const Aggregate = defineNode('Aggregate', (node, cx) =>
  cx.scope.hoisted(() => {
    const row = rowIn(node, cx);
    const number = cx.scope.declare(index, 'l', named('System.Integer'));
    const sum = cx.scope.declare(total, 'l', any);
    const names = loopNames(node, row, number.code, sum.code);
    const step = cx.scope.within(names, () => cx.compile(child(node, 'iteration')));
    const initial = optionalChild(node, 'initialValue');
    const start = initial === null ? js`null` : cx.compile(initial);
    return js`return ${cx.use(aggregated)}(${cx.compile(child(node, 'source'))}, ${start}, (${sum.code}, ${row.code}, ${number.code}) => ${step}, cx.env);`;
  }),
);

/** What Aggregate gives. */
export function aggregated(
  source: Value,
  start: Value,
  step: (total: Value, row: Value, index: number) => Value,
  { budget }: Environment,
): Value {
  if (source === null) return null;
  let sum = start;
  for (const [i, row] of rowsOf(source).entries()) {
    budget.step();
    sum = step(sum, row, i);
  }
  return sum;
}

/** 20.8. Current, Iteration, 21.1. Total: the element, its position and the result so far, of the innermost loop or the named one. */
const Current = defineNode('Current', (node, cx) =>
  cx.compile({ type: 'AliasRef', name: optionalText(node, 'scope') ?? current }),
);
const Iteration = defineNode('Iteration', nameRef(index), { infer: () => named('System.Integer') });
const Total = defineNode('Total', nameRef(total), { infer: () => any });

export const iterations = [Repeat, Aggregate, Current, Iteration, Total];
