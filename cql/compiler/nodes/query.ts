import type { ElmNode } from '../../elm.ts';
import { Distinct, Tuple } from '../../runtime/index.ts';
import { type Code, js, lines, list, object } from '../code.ts';
import { child, children, optionalChild, optionalText, text } from '../elm-parts.ts';
import { type CompileContext, defineNode } from '../node.ts';
import { rowsOf, sortedRows } from '../rows.ts';
import type { Variable } from '../scope.ts';
import { any, elementOf, listOf, type Type } from '../types.ts';
import { variableValue } from './references.ts';

/** 10.1. Query: loops, one in another for several sources. */

interface Source {
  readonly variable: Variable;
  /** Its value, and its rows. */
  readonly value: Code;
  readonly rows: Code;
  readonly expression: Code;
  readonly raw: boolean;
  readonly position: Code;
}

const Query = defineNode('Query', (node, cx) => cx.scope.hoisted(() => body(node, cx)), { infer });

function body(node: ElmNode, cx: CompileContext): Code {
  const sources = children(node, 'source').map((source) => sourceOf(source, cx));
  const aliases = sources.map(({ variable }) => variable);
  const aggregate = optionalChild(node, 'aggregate');
  const out = cx.scope.temporary();
  const loop = cx.scope.within(aliases, () => rowStatements(node, sources, out, cx));
  const nested = sources.reduceRight<Code>(
    (inner, { variable, rows, position }) => js`for (${position} = 0; ${position} < ${rows}.length; ${position} += 1) {
const ${variable.code} = ${rows}[${position}];
${inner}
}`,
    loop,
  );
  const isNull = sources.map(({ value, raw }) => (raw ? js`${value} == null` : js`${value} === null`));
  return lines([
    ...sources.map(({ value, expression }) => js`${value} = ${expression};`),
    js`if (${joined(isNull)}) return null;`,
    ...sources.map(({ value, rows, raw }) => js`${rows} = ${raw ? value : js`${cx.use(rowsOf)}(${value})`};`),
    js`${out} = ${aggregate === null || isTrue(aggregate['distinct']) ? js`[]` : startOf(aggregate, cx)};`,
    nested,
    ...finish(node, sources, out, cx),
  ]);
}

function sourceOf(source: ElmNode, cx: CompileContext): Source {
  const expression = child(source, 'expression');
  const [value, rows, position] = [cx.scope.temporary(), cx.scope.temporary(), cx.scope.temporary()];
  const raw = expression.type === 'Property' ? cx.raw(expression) : null;
  const isRaw = raw?.list === true && raw.type.primitive === null;
  const type = cx.typeOf(expression);
  const rowType = type.kind === 'list' ? type.of : type;
  return {
    variable: cx.scope.declare(text(source, 'alias'), 'a', rowType, isRaw),
    value,
    rows,
    position,
    expression: cx.traced(source, raw !== null && isRaw ? raw.code : cx.compile(expression)),
    raw: isRaw,
  };
}

/** What is done with one combination of rows. */
function rowStatements(node: ElmNode, sources: readonly Source[], out: Code, cx: CompileContext): Code {
  const lets = children(node, 'let');
  const aliases = sources.map(({ variable }) => variable);
  const bind = (rest: readonly ElmNode[], variables: readonly Variable[], statements: Code[]): Code => {
    const [first, ...others] = rest;
    if (first === undefined) return lines([...statements, ...passing(node, variables, out, cx)]);
    const expression = child(first, 'expression');
    const variable = cx.scope.declare(text(first, 'identifier'), 'l', cx.typeOf(expression));
    const statement = js`const ${variable.code} = ${cx.traced(first, cx.compile(expression))};`;
    return cx.scope.within([variable], () => bind(others, [...variables, variable], [...statements, statement]));
  };
  return bind(lets, aliases, [js`if (--cx.fuel < 0) cx.refuel();`]);
}

function passing(node: ElmNode, variables: readonly Variable[], out: Code, cx: CompileContext): Code[] {
  const where = optionalChild(node, 'where');
  const aggregate = optionalChild(node, 'aggregate');
  const related = children(node, 'relationship').map((clause) => relationship(clause, variables, cx));
  const condition = where === null ? [] : [js`if (!(${cx.test(where)})) continue;`];
  const aliases = variables.slice(0, children(node, 'source').length);
  const kept =
    aggregate === null || isTrue(aggregate['distinct'])
      ? js`${out}.push(${rowOf(node, aggregate === null ? aliases : variables, cx)});`
      : js`${out} = ${accumulated(aggregate, out, cx)};`;
  return [...related, ...condition, kept];
}

/** 10.13. With, 10.14. Without. What doesn't depend on the row is evaluated once. */
function relationship(clause: ElmNode, variables: readonly Variable[], cx: CompileContext): Code {
  const expression = child(clause, 'expression');
  const type = cx.typeOf(expression);
  const variable = cx.scope.declare(text(clause, 'alias'), 'a', type.kind === 'list' ? type.of : type);
  const { code, read } = cx.scope.reads(variables, () => cx.compile(expression));
  const [rows, found, position] = [cx.scope.temporary(), cx.scope.temporary(), cx.scope.temporary()];
  const suchThat = optionalChild(clause, 'suchThat');
  const condition = cx.scope.within([variable], () => (suchThat === null ? js`true` : cx.test(suchThat)));
  const assigned = js`${rows} = ${cx.use(rowsOf)}(${code});`;
  const stop = cx.tracing ? js`` : js` break;`;
  return lines([
    read ? assigned : js`if (${rows} === undefined) ${assigned}`,
    js`${found} = false;
for (${position} = 0; ${position} < ${rows}.length; ${position} += 1) {
if (--cx.fuel < 0) cx.refuel();
const ${variable.code} = ${rows}[${position}];
if (${condition}) { ${found} = true;${stop} }
}
if (!(${cx.traced(clause, js`${found} !== ${clause.type === 'Without'}`)})) continue;`,
  ]);
}

/** 10.5. Return: what it says, else the row itself, or a tuple of the sources' rows. */
function rowOf(node: ElmNode, variables: readonly Variable[], cx: CompileContext): Code {
  const returned = optionalChild(node, 'return');
  if (returned !== null) return cx.compile(child(returned, 'expression'));
  const [only] = variables;
  if (variables.length === 1 && only !== undefined && optionalChild(node, 'aggregate') === null)
    return variableValue(only, cx);
  return js`new (${cx.use(Tuple)})(${object(variables.map((variable) => [variable.name, variableValue(variable, cx)] as const))})`;
}

/** 10.2. Aggregate: without a starting value it is null. */
function startOf(aggregate: ElmNode, cx: CompileContext): Code {
  const starting = optionalChild(aggregate, 'starting');
  return starting === null ? js`null` : cx.compile(starting);
}

function accumulated(aggregate: ElmNode, out: Code, cx: CompileContext): Code {
  const expression = child(aggregate, 'expression');
  const made = cx.scope.declare(text(aggregate, 'identifier'), 'l', cx.typeOf(aggregate));
  return cx.scope.within([{ ...made, code: out }], () => cx.compile(expression));
}

function finish(node: ElmNode, sources: readonly Source[], out: Code, cx: CompileContext): Code[] {
  const aggregate = optionalChild(node, 'aggregate');
  const isList = joined(sources.map(({ value, raw }) => (raw ? js`false` : js`!${cx.use(Array.isArray)}(${value})`)));
  if (aggregate !== null) {
    if (!isTrue(aggregate['distinct'])) return [js`return ${out};`];
    return distinctAggregate(node, aggregate, out, cx);
  }
  const returned = optionalChild(node, 'return');
  const statements: Code[] = [];
  if (returned !== null && returned['distinct'] !== false) statements.push(js`${out} = ${cx.use(Distinct)}(${out});`);
  const sort = optionalChild(node, 'sort');
  if (sort !== null) statements.push(js`${out} = ${sorted(sort, out, rowType(node, cx), cx)};`);
  statements.push(js`return ${isList} ? (${out}.length === 0 ? null : ${out}[0]) : ${out};`);
  return statements;
}

/** Rows that are made distinct before they are aggregated, as tuples of their aliases and lets. */
function distinctAggregate(node: ElmNode, aggregate: ElmNode, out: Code, cx: CompileContext): Code[] {
  const names = [
    ...children(node, 'source').map((source) => text(source, 'alias')),
    ...children(node, 'let').map((clause) => text(clause, 'identifier')),
  ];
  const [rows, position] = [cx.scope.temporary(), cx.scope.temporary()];
  const variables = names.map((name) => cx.scope.declare(name, 'a', any));
  const bindings = variables.map(({ name, code }) => js`const ${code} = ${rows}[${position}].elements[${name}];`);
  return [
    js`${rows} = ${cx.use(Distinct)}(${out});`,
    js`${out} = ${startOf(aggregate, cx)};`,
    js`for (${position} = 0; ${position} < ${rows}.length; ${position} += 1) {
${lines(bindings)}
${out} = ${cx.scope.within(variables, () => accumulated(aggregate, out, cx))};
}`,
    js`return ${out};`,
  ];
}

/** 10.6 to 10.12. Sort: by the rows themselves, by their elements or by expressions over them. */
export function sorted(sort: ElmNode, rows: Code, type: Type, cx: CompileContext): Code {
  const row = cx.scope.declare('$this', 'a', type);
  const items = children(sort, 'by');
  const keys = cx.scope.within([row], () =>
    items.map((item) => {
      if (item.type === 'ByColumn')
        return cx.compile({ type: 'Property', path: text(item, 'path'), source: { type: 'AliasRef', name: '$this' } });
      return item.type === 'ByExpression' ? cx.compile(child(item, 'expression')) : row.code;
    }),
  );
  const descending = items.map((item) => js`${(optionalText(item, 'direction') ?? 'asc').startsWith('desc')}`);
  return js`${cx.use(sortedRows)}(${rows}, ${rows}.map((${row.code}) => [${list(keys)}]), [${list(descending)}])`;
}

function rowType(node: ElmNode, cx: CompileContext): Type {
  const type = infer(node, cx);
  return type.kind === 'list' ? type.of : type;
}

function infer(node: ElmNode, cx: CompileContext): Type {
  const sources = children(node, 'source').map((source) => ({
    alias: text(source, 'alias'),
    type: cx.typeOf(child(source, 'expression')),
  }));
  if (optionalChild(node, 'aggregate') !== null || sources.some(({ type }) => type.kind === 'any')) return any;
  const isList = sources.some(({ type }) => type.kind === 'list');
  const variables = sources.map(({ alias, type }) =>
    cx.scope.declare(alias, 'a', type.kind === 'list' ? elementOf(type) : type),
  );
  const row = cx.scope.within(variables, () => {
    const bind = (rest: readonly ElmNode[]): Type => {
      const [first, ...others] = rest;
      if (first === undefined) {
        const returned = optionalChild(node, 'return');
        if (returned !== null) return cx.typeOf(child(returned, 'expression'));
        const [only, ...more] = variables;
        if (only !== undefined && more.length === 0) return only.type;
        return { kind: 'tuple', elements: new Map(variables.map(({ name, type }) => [name, type])) };
      }
      const variable = cx.scope.declare(text(first, 'identifier'), 'l', cx.typeOf(child(first, 'expression')));
      return cx.scope.within([variable], () => bind(others));
    };
    return bind(children(node, 'let'));
  });
  return isList ? listOf(row) : row;
}

function joined(conditions: readonly Code[]): Code {
  return conditions.reduce<Code>((all, condition) => js`${all} && ${condition}`, js`true`);
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}

export const queries = [Query];
