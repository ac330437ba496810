import { CqlRuntimeError } from './errors.ts';

/** How large a value may be: what doubles itself is stopped before it takes the memory of others. */
export const longestText = 2 ** 22;
export const longestList = 2 ** 22;

/** @throws CqlRuntimeError for a text of more than 4,194,304 characters */
export function checkText(length: number): void {
  if (length > longestText) throw new CqlRuntimeError('A text may have at most 4,194,304 characters');
}

/** @throws CqlRuntimeError for a list of more than 4,194,304 elements */
export function checkList(length: number): void {
  if (length > longestList) throw new CqlRuntimeError('A list may have at most 4,194,304 elements');
}
