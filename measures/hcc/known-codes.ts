import type { Diagnosis } from './diagnosis.ts';
import { codeChanges } from './models/code-changes.ts';
import type { ModelTables } from './tables.ts';

export interface CodeWarning {
  readonly code: 'icd-not-in-map' | 'icd-not-valid-on-date' | 'icd-retired';
  readonly text: string;
}

/**
 * Tells a code that the map cannot know from one that simply has no category, so that a map that is too old is never silent:
 * codes of a later fiscal year, codes below one that the map has, and codes with a letter (as later additions have) beside
 * mapped ones.
 */
export function codeWarning({ code, evidence }: Diagnosis, tables: ModelTables): CodeWarning | null {
  const change = codeChanges.find(({ added, retired }) => matches(added, code) || retired.includes(code));
  const mapped = tables.categories.has(code);
  if (change !== undefined) {
    const added = matches(change.added, code);
    const days = evidence.map(({ date }) => date);
    const early = days.some((day) => day < change.from);
    const late = days.length === 0 || days.some((day) => day >= change.from);
    if (added && early)
      return { code: 'icd-not-valid-on-date', text: `valid from ${change.from} on, but coded for a service before` };
    if (!added && late)
      return {
        code: 'icd-retired',
        text: `no valid code from ${change.from} on: it was split into more specific ones`,
      };
    if (added && !mapped)
      return { code: 'icd-not-in-map', text: `valid since ${change.from}, and not in the installed mapping` };
  }
  if (mapped || !(isBelowMapped(code, tables) || isLaterSibling(code, tables))) return null;
  return { code: 'icd-not-in-map', text: 'not in the installed mapping, though its neighbours are: it may be newer' };
}

function matches(patterns: readonly string[], code: string): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? code.length >= pattern.length && code.startsWith(pattern.slice(0, -1)) : pattern === code,
  );
}

function isBelowMapped(code: string, { categories }: ModelTables): boolean {
  for (let length = 3; length < code.length; length++) if (categories.has(code.slice(0, length))) return true;
  return false;
}

function isLaterSibling(code: string, { categories }: ModelTables): boolean {
  if (code.length < 4 || code.length > 6 || !/[A-Z]$/.test(code) || code.endsWith('X')) return false;
  const stem = code.slice(0, -1);
  const siblings = [...'0123456789'].filter((digit) => categories.has(stem + digit));
  return siblings.length > 0 && categories.has(`${stem}9`);
}
