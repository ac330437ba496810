import { type CodeSet, CompactValueSet, codeSet } from '../../cql/index.ts';
import type { MeasurePackage } from '../content/package.ts';
import { elementType } from '../store/element-type.ts';

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

/** What retrieves of one type look for; null: all of the type. */
interface Wanted {
  readonly codes: Set<string>;
  readonly sets: Set<CodeSet>;
}

/** Measures' reaches, computed once per content; value sets that several measures share are read once. */
export class Reaches {
  readonly #sets = new Map<string, CodeSet>();
  readonly #reaches = new Map<string, Reach>();

  of(packed: MeasurePackage): Reach {
    const known = this.#reaches.get(packed.hash);
    if (known !== undefined) return known;
    const made = this.#reachOf(packed);
    this.#reaches.set(packed.hash, made);
    return made;
  }

  #reachOf({ selections, parts }: MeasurePackage): Reach {
    // The patient is the context of every expression.
    const wanted = new Map<string, Wanted | null>([['Patient', null]]);
    for (const { resourceType, codeProperty, valueSet, codes } of selections) {
      const before = wanted.get(resourceType);
      if (before === null) continue;
      if (codeProperty === null || !holdsConcepts(resourceType, codeProperty)) {
        wanted.set(resourceType, null);
        continue;
      }
      const found = before ?? { codes: new Set<string>(), sets: new Set<CodeSet>() };
      for (const code of codes ?? []) found.codes.add(code);
      if (valueSet !== null) found.sets.add(this.#set(valueSet, parts.get(valueSet)));
      wanted.set(resourceType, found);
    }
    return { touchedBy: (changed) => [...changed].some((note) => note === everything || concerns(wanted, note)) };
  }

  #set(key: string, bytes: Uint8Array | undefined): CodeSet {
    const known = this.#sets.get(key);
    if (known !== undefined) return known;
    const made = bytes === undefined ? codeSet({ codes: [] }) : new CompactValueSet(bytes);
    this.#sets.set(key, made);
    return made;
  }
}

function concerns(wanted: ReadonlyMap<string, Wanted | null>, note: string): boolean {
  const space = note.indexOf(' ');
  const found = wanted.get(space === -1 ? note : note.slice(0, space));
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

/** Codes are noted of elements that are concepts or codings; of one that is a bare code, nothing tells. */
function holdsConcepts(resourceType: string, property: string): boolean {
  const type = elementType([resourceType, property]) ?? elementType([resourceType, `${property}CodeableConcept`]) ?? '';
  return type === 'CodeableConcept' || type === 'Coding';
}
