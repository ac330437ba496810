import type { CheckResult, ContentToCheck } from './check.ts';
import type { ContentReader } from './reader.ts';

/** The checking thread has no database: it asks the thread that started it, which answers within its transaction. */
export interface ReaderCall {
  readonly type: 'call';
  readonly call: number;
  readonly method: keyof ContentReader;
  readonly argument: unknown;
}

export type FromChecker =
  | ReaderCall
  | { readonly type: 'result'; readonly result: CheckResult }
  | { readonly type: 'failed'; readonly name: string; readonly message: string };

export type ToChecker =
  | { readonly type: 'check'; readonly content: ContentToCheck }
  | { readonly type: 'answer'; readonly call: number; readonly value: unknown }
  | { readonly type: 'refused'; readonly call: number; readonly message: string };
