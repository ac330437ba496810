import { CqlError } from '../../cql/index.ts';
import type { Difference } from './differences.ts';

/** A difference between the engines that has been decided. */
export interface Triaged {
  readonly what: string;
  /** Section of the CQL specification (1.5) that decides. */
  readonly section: string;
  readonly right: 'compiled' | 'interpreted' | 'either';
  applies(difference: Difference): boolean;
}

export const triaged: readonly Triaged[] = [
  {
    what: 'an interval whose end is before its start is an error',
    section: '1.5 Author 2.2.4 (Interval values), Reference B Interval',
    right: 'compiled',
    applies: ({ compiled }) => compiled instanceof CqlError && /must not end before it starts/.test(compiled.message),
  },
];
