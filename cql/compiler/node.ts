import type { ElmNode } from '../elm.ts';
import type { Code } from './code.ts';
import type { FhirModel, FhirType } from './fhir/model.ts';
import type { Recipe } from './recipe.ts';
import type { References } from './references.ts';
import type { Scope } from './scope.ts';
import type { Place } from './trace.ts';
import type { Type } from './types.ts';

/** An expression that stands for the JSON of a FHIR element whose type is known. */
export interface Raw {
  /** The JSON: undefined or null when the element is absent. */
  readonly code: Code;
  readonly type: FhirType;
  /** A list of JSON, not one. */
  readonly list: boolean;
}

/** What an emitter may use. It is given, never imported, so that nodes cannot form a cycle. */
export interface CompileContext {
  /** Clauses and retrieves are recorded; nothing is left out or done in another way for speed. */
  readonly tracing: boolean;
  readonly model: FhirModel;
  readonly scope: Scope;
  readonly references: References;
  /** An expression whose value is that of the node. @throws UnsupportedElm */
  compile(node: ElmNode): Code;
  /** A JavaScript condition that holds when the value of the node is true, and not when it is false or null. */
  test(node: ElmNode): Code;
  /** A JavaScript condition that holds when the value of the node is false. */
  testFalse(node: ElmNode): Code;
  /** The JSON of a FHIR element; null when that cannot be had without its FhirElement. */
  raw(node: ElmNode): Raw | null;
  typeOf(node: ElmNode): Type;
  /** In a trace, the value with a note that it is the node's; otherwise just the value. */
  traced(node: ElmNode, code: Code): Code;
  /** The name by which the code refers to a value or a function of ours. */
  use(value: unknown): Code;
  /** The same for a function that is made for this code. */
  make(recipe: Recipe): Code;
  /** Where a node stands, for traces. */
  place(node: ElmNode): Place;
  /** To be thrown for what the engine doesn't support. */
  unsupported(node: ElmNode, what?: string): Error;
}

export interface NodeDefinition {
  readonly type: string;
  emit(node: ElmNode, cx: CompileContext): Code;
  /** The same as a JavaScript condition, where that is cheaper than comparing the value with true. */
  readonly test?: (node: ElmNode, cx: CompileContext) => Code;
  readonly testFalse?: (node: ElmNode, cx: CompileContext) => Code;
  readonly raw?: (node: ElmNode, cx: CompileContext) => Raw | null;
  /** The type of the node's value, where it doesn't say so itself. */
  readonly infer?: (node: ElmNode, cx: CompileContext) => Type;
}

export function defineNode(
  type: string,
  emit: NodeDefinition['emit'],
  more: Omit<NodeDefinition, 'type' | 'emit'> = {},
): NodeDefinition {
  return { type, emit, ...more };
}
