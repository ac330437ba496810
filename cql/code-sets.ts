/** The codes of a value set, for membership in constant time. */
export interface CodeSet {
  /** A code without a system is a member of nothing. */
  has(system: string | null | undefined, code: string | null | undefined): boolean;
  /** In how many systems of the set the code occurs. */
  systemsOf(code: string): number;
  readonly size: number;
  /** True when the set draws on more than one code system. */
  readonly mixed: boolean;
}
