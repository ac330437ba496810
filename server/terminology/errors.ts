import type { ExpandedValueSet } from '../../cql/index.ts';
import { formatCanonical } from './canonical.ts';

/** A value set whose members cannot all be told from what is stored. */
export class UnexpandableValueSet extends Error {
  override readonly name = 'UnexpandableValueSet';
  readonly url: string;
  readonly version: string | null;
  /** One sentence per obstacle. */
  readonly reasons: readonly string[];
  /** Those members that are certain; empty when none is. */
  readonly known: ExpandedValueSet;
  constructor(known: ExpandedValueSet, reasons: readonly string[]) {
    super(`ValueSet ${formatCanonical(known)} cannot be expanded: ${reasons.join('; ')}`);
    this.url = known.url;
    this.version = known.version;
    this.reasons = reasons;
    this.known = known;
  }
}

/** A value set that includes itself, directly or through others. */
export class CyclicValueSet extends Error {
  override readonly name = 'CyclicValueSet';
  readonly path: readonly string[];
  constructor(path: readonly string[]) {
    super(`ValueSet ${path[0]} includes itself: ${path.join(' -> ')}`);
    this.path = path;
  }
}

/** A value set that was asked for and is not stored. */
export class UnknownValueSet extends Error {
  override readonly name = 'UnknownValueSet';
  readonly canonical: string;
  constructor(canonical: string) {
    super(`There is no ValueSet ${canonical}: POST it, with an expansion or with its codes enumerated`);
    this.canonical = canonical;
  }
}
