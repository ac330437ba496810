import { type CodeSet, CompactValueSet, codeSet } from '../../cql/index.ts';
import { elementType } from '../store/element-type.ts';
import type { MeasurePackage } from './package.ts';

/** What retrieves of one type look for. */
export interface SelectedCodes {
  /** `system|code`. */
  readonly codes: Set<string>;
  readonly sets: Set<CodeSet>;
}

/** By type, what a measure's retrieves can select; null: all of the type. Resources of other types, they never find. */
export type SelectedData = ReadonlyMap<string, SelectedCodes | null>;

/** Value sets by the key of their part: those that several measures share are read once. */
export class SharedSets {
  readonly #sets = new Map<string, CodeSet>();

  get(key: string, bytes: Uint8Array | undefined): CodeSet {
    const known = this.#sets.get(key);
    if (known !== undefined) return known;
    const made = bytes === undefined ? codeSet({ codes: [] }) : new CompactValueSet(bytes);
    this.#sets.set(key, made);
    return made;
  }
}

/** What one of several measures can select. */
export function selectedData(
  measures: readonly Pick<MeasurePackage, 'selections' | 'parts'>[],
  sets: SharedSets,
): SelectedData {
  // The patient is the context of every expression.
  const selected = new Map<string, SelectedCodes | null>([['Patient', null]]);
  for (const { selections, parts } of measures)
    for (const { resourceType, codeProperty, valueSet, codes } of selections) {
      const before = selected.get(resourceType);
      if (before === null) continue;
      if (codeProperty === null || !holdsConcepts(resourceType, codeProperty)) {
        selected.set(resourceType, null);
        continue;
      }
      const found = before ?? { codes: new Set<string>(), sets: new Set<CodeSet>() };
      for (const code of codes ?? []) found.codes.add(code);
      if (valueSet !== null) found.sets.add(sets.get(valueSet, parts.get(valueSet)));
      selected.set(resourceType, found);
    }
  return selected;
}

/** Codes are noted of elements that are concepts or codings; of one that is a bare code, nothing tells. */
function holdsConcepts(resourceType: string, property: string): boolean {
  const type = elementType([resourceType, property]) ?? elementType([resourceType, `${property}CodeableConcept`]) ?? '';
  return type === 'CodeableConcept' || type === 'Coding';
}
