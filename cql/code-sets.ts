import type { ExpandedValueSet } from './value-sets.ts';

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

/** Compact form of an expansion: per code system one Set of codes. */
export function codeSet(expanded: Pick<ExpandedValueSet, 'codes'>): CodeSet {
  const bySystem = new Map<string, Set<string>>();
  for (const { system, code } of expanded.codes) {
    const codes = bySystem.get(system);
    if (codes === undefined) bySystem.set(system, new Set([code]));
    else codes.add(code);
  }
  const sets = [...bySystem.values()];
  return {
    size: sets.reduce((total, codes) => total + codes.size, 0),
    mixed: sets.length > 1,
    has: (system, code) => system != null && code != null && bySystem.get(system)?.has(code) === true,
    systemsOf: (code) => sets.filter((codes) => codes.has(code)).length,
  };
}
