import type { ElmLibrary } from './elm.ts';

/**
 * A main library with all that it includes, directly and indirectly. `key` of a library is `identifier|version`
 * as its Library resource says (ELM may carry another version: spec note in cql/README.md).
 */
export interface LinkedLibrary {
  readonly main: ElmLibrary;
  readonly includes: readonly ElmLibrary[];
  /** SHA-256 over the ELM of all libraries: the same hash means the same behaviour. */
  readonly hash: string;
}
