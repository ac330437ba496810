import type { CqlValue } from '../../cql/index.ts';
import type { LibraryPackage } from '../content/load-library.ts';

/** Expressions to evaluate for one record. */
export interface LibraryWork {
  readonly library: LibraryPackage;
  /** JSON texts; exactly one Patient among them. */
  readonly resources: readonly string[];
  readonly expressions: readonly string[];
  readonly parameters: { readonly [name: string]: CqlValue };
  /** ISO date-time with offset. */
  readonly now: string;
}

/** One expression's value, or why there is none. */
export type ExpressionAnswer =
  | { readonly expression: string; readonly ok: true; readonly value: CqlValue }
  | { readonly expression: string; readonly ok: false; readonly error: { name: string; message: string } };

export interface ToLibraryThread {
  readonly work: LibraryWork;
  readonly budgetMs: number;
}

export type FromLibraryThread =
  | { readonly type: 'answered'; readonly answers: readonly ExpressionAnswer[] }
  | { readonly type: 'failed'; readonly error: { readonly name: string; readonly message: string } };
