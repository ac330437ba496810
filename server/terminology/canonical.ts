import type { Canonical } from '../search/canonical.ts';

export { type Canonical, parseCanonical } from '../search/canonical.ts';

export function formatCanonical({ url, version }: Canonical): string {
  return version === null ? url : `${url}|${version}`;
}

/**
 * Orders business versions, older first: numbers by value, `1.0.0-ballot` before `1.0.0`, text by code point, no version
 * before any. Fits semantic versions, dates and plain numbers alike.
 */
export function compareVersions(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  const [coreA, preA] = split(a);
  const [coreB, preB] = split(b);
  return (
    compareParts(coreA, coreB) || Number(preA === null) - Number(preB === null) || compareParts(preA ?? '', preB ?? '')
  );
}

/** The part before the first hyphen that follows a number, and what comes after it; a date keeps its hyphens. */
function split(version: string): [string, string | null] {
  if (/^\d{4}-\d{2}/.test(version)) return [version, null];
  const [, core = version, pre = null] = /^([^-+]*)-([^+]*)/.exec(version) ?? [];
  return [pre === null ? version.replace(/\+.*$/, '') : core, pre];
}

function compareParts(a: string, b: string): number {
  const partsA = a.split(/[.-]/);
  const partsB = b.split(/[.-]/);
  for (let i = 0; i < Math.max(partsA.length, partsB.length); i += 1) {
    const order = comparePart(partsA[i], partsB[i]);
    if (order !== 0) return order;
  }
  return 0;
}

function comparePart(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  const numeric = [a, b].map((part) => /^\d+$/.test(part));
  if (numeric[0] && numeric[1]) return Math.sign(Number(a) - Number(b));
  if (numeric[0] !== numeric[1]) return numeric[0] ? -1 : 1;
  return a < b ? -1 : 1;
}

/** The item with the highest version; the later one of equals. Null when there is none. */
export function newest<T extends { readonly version: string | null }>(items: Iterable<T>): T | null {
  let best: T | null = null;
  for (const item of items) if (best === null || compareVersions(item.version, best.version) >= 0) best = item;
  return best;
}
