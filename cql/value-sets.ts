/** A code of a value set. `system` is always given: a code without a system is a member of nothing. */
export interface ValueSetCode {
  readonly system: string;
  readonly code: string;
  readonly version?: string;
  readonly display?: string;
}

/** A value set with all of its codes. `version` is the business version of the ValueSet resource, null if it has none. */
export interface ExpandedValueSet {
  readonly url: string;
  readonly version: string | null;
  readonly codes: readonly ValueSetCode[];
}

/** Where an engine finds value sets. */
export interface ValueSetSource {
  /**
   * @param url canonical without version
   * @param version business version; null asks for the newest
   * @returns null when there is none
   */
  find(url: string, version: string | null): ExpandedValueSet | null;
}
