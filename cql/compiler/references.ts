import type { ElmExpressionDef, ElmNode } from '../elm.ts';
import type { CodeSystem, Concept, Code as CqlCode, ValueSet } from '../runtime/index.ts';
import type { Code } from './code.ts';
import type { Retrieval } from './record-index.ts';
import type { Type } from './types.ts';

/** A definition or parameter that can be referred to. */
export interface DefinitionReference {
  /** Calls it. */
  readonly code: Code;
  type(): Type;
}

export interface OperandShape {
  readonly name: string;
  readonly type: Type;
  /** The function takes the JSON of the FHIR element. */
  readonly raw: boolean;
}

/** A function that can be called. */
export interface FunctionReference {
  /** Names the JavaScript function. */
  readonly code: Code;
  readonly operands: readonly OperandShape[];
  readonly source: ElmExpressionDef;
  type(): Type;
}

/** What names outside of an expression stand for, in the library itself or in one that it includes. */
export interface References {
  /** @throws UnknownExpression */
  definition(node: ElmNode): DefinitionReference;
  /** A parameter or a definition that an IdentifierRef may mean; null when there is none. */
  identifier(node: ElmNode): DefinitionReference | null;
  parameter(node: ElmNode): DefinitionReference;
  /** The overloads of a name with as many operands. */
  functions(node: ElmNode, arity: number): readonly FunctionReference[];
  valueSet(node: ElmNode): ValueSet;
  codeSystem(node: ElmNode): CodeSystem;
  code(node: ElmNode): CqlCode;
  concept(node: ElmNode): Concept;
  /** The same object for the same question, whichever library asks it. */
  retrieval(asked: Retrieval): Retrieval;
}
