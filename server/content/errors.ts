/** One thing that is wrong with content, as an OperationOutcome says it. */
export interface ContentIssue {
  readonly severity: 'error' | 'warning';
  /** Code of http://hl7.org/fhir/issue-type. */
  readonly code:
    | 'not-found'
    | 'invalid'
    | 'not-supported'
    | 'incomplete'
    | 'business-rule'
    | 'exception'
    | 'too-costly';
  /** Names the resource, what is wrong with it and, for CQL, line and column. */
  readonly diagnostics: string;
  /** FHIRPath within the resource that `diagnostics` names; empty where there is none. */
  readonly expression: readonly string[];
}

/** Measures, Libraries or ValueSets that cannot be installed. Lists every problem; nothing of them was stored. */
export class InvalidMeasureContent extends Error {
  override readonly name = 'InvalidMeasureContent';
  readonly issues: readonly ContentIssue[];
  constructor(issues: readonly ContentIssue[]) {
    super(issues.map(({ diagnostics }) => diagnostics).join('\n'));
    this.issues = issues;
  }
}

/** A measure that was asked for and is not installed. */
export class UnknownMeasure extends Error {
  override readonly name = 'UnknownMeasure';
  readonly canonical: string;
  constructor(canonical: string) {
    super(`Measure ${canonical} is not installed: POST it in a Bundle with its Libraries and ValueSets`);
    this.canonical = canonical;
  }
}

/** An artifact that a manifest or a request pins to a version that is not stored. */
export class PinnedVersionAbsent extends Error {
  override readonly name = 'PinnedVersionAbsent';
  constructor(canonical: string, stored: readonly string[]) {
    super(`${canonical} is pinned and not stored in that version; there are ${stored.join(', ') || 'none with one'}`);
  }
}

/** A library that was asked for and is not stored. */
export class UnknownLibrary extends Error {
  override readonly name = 'UnknownLibrary';
  readonly canonical: string;
  constructor(canonical: string) {
    super(`There is no Library ${canonical}: POST it first`);
    this.canonical = canonical;
  }
}
