import type { MeasurePackage } from '../content/package.ts';
import { type SelectedData, SharedSets, selectedData } from '../content/selected-data.ts';

/** A change of everything: whatever can be asked is to be asked again. */
export const everything = '*';

/** Which changes of a patient's data can change what a measure gives. */
export interface Reach {
  /**
   * @param changed notes of the change feed: `Type`, `Type system|code` or `*`
   * @returns false only when no retrieve of the measure can find, in either state of the data, what changed
   */
  touchedBy(changed: Iterable<string>): boolean;
}

/** Measures' reaches, computed once per content; value sets that several measures share are read once. */
export class Reaches {
  readonly #sets = new SharedSets();
  readonly #reaches = new Map<string, Reach>();

  of(packed: MeasurePackage): Reach {
    const known = this.#reaches.get(packed.hash);
    if (known !== undefined) return known;
    const selected = selectedData([packed], this.#sets);
    const made: Reach = {
      touchedBy: (changed) => [...changed].some((note) => note === everything || concerns(selected, note)),
    };
    this.#reaches.set(packed.hash, made);
    return made;
  }
}

function concerns(selected: SelectedData, note: string): boolean {
  const space = note.indexOf(' ');
  const found = selected.get(space === -1 ? note : note.slice(0, space));
  if (found === undefined) return false;
  if (found === null || space === -1) return true;
  const coding = note.slice(space + 1);
  if (found.codes.has(coding)) return true;
  // A canonical may hold a bar, a code may too: the first that makes both a system and a code of the set counts.
  for (let bar = coding.indexOf('|'); bar !== -1; bar = coding.indexOf('|', bar + 1)) {
    const [system, code] = [coding.slice(0, bar), coding.slice(bar + 1)];
    for (const set of found.sets) if (set.has(system, code)) return true;
  }
  return false;
}
