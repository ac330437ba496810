import type { ElmNode } from '../../elm.ts';
import * as runtime from '../../runtime/index.ts';
import { type Code, js } from '../code.ts';
import { child, optionalChild } from '../elm-parts.ts';
import { type CompileContext, defineNode, type NodeDefinition } from '../node.ts';
import { operators } from './operators.ts';

const { AnyInCodeSystem, AnyInValueSet, CalculateAge, CalculateAgeAt, ExpandValueSet, InCodeSystem, InValueSet } =
  runtime;

/** The value set or code system that a membership names, or the expression that gives it. */
function container(node: ElmNode, part: string, cx: CompileContext): Code {
  const reference = optionalChild(node, part);
  if (reference === null) return cx.compile(child(node, `${part}Expression`));
  if (reference.type !== undefined && !reference.type.endsWith('Ref')) return cx.compile(reference);
  const named = part === 'valueset' ? cx.references.valueSet(reference) : cx.references.codeSystem(reference);
  return cx.traced(reference, cx.use(named));
}

function membership(
  type: string,
  run: (code: runtime.Value, container: runtime.Value) => boolean | null,
  code: string,
  part: string,
): NodeDefinition {
  return defineNode(
    type,
    (node, cx) => js`${cx.use(run)}(${cx.compile(child(node, code))}, ${container(node, part, cx)})`,
  );
}

/** 23. Clinical operators. */
export const clinical = [
  membership('InValueSet', InValueSet, 'code', 'valueset'),
  membership('AnyInValueSet', AnyInValueSet, 'codes', 'valueset'),
  membership('InCodeSystem', InCodeSystem, 'code', 'codesystem'),
  membership('AnyInCodeSystem', AnyInCodeSystem, 'codes', 'codesystem'),
  ...operators({ ExpandValueSet }),
  ...operators({ CalculateAge }, { precision: true, environment: true }),
  ...operators({ CalculateAgeAt }, { precision: true }),
];
