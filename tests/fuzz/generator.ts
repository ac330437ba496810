import type fc from 'fast-check';
import type { ElmNode } from '../../cql/index.ts';
import type { Type } from './types.ts';

/** Names that an expression may use: `X` is a row of the query around it. */
export type Scope = Type | null;

export interface Generator {
  /** An expression of the type; `depth` bounds its nesting. */
  of(type: Type): fc.Arbitrary<ElmNode>;
  readonly depth: number;
  /** A generator whose expressions may name the row `X` of this type. */
  within(row: Type): Generator;
}
