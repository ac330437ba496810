import { codesFixedBy } from '../../cql/index.ts';
import type { MeasurePackage } from '../content/package.ts';
import { type SelectedCodes, type SharedSets, selectedData } from '../content/selected-data.ts';

/** Whether a resource, as stored, can be selected by a retrieve. */
export type Selects = (content: string) => boolean;

const notDoneValueSet = 'http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-notDoneValueSet';
const codesRemembered = 20_000;

/**
 * Tells resources that no retrieve of the measures can select by looking at their texts, which takes half of parsing
 * them and spares indexing them: most of a record are readings of what a measure does not ask about. In doubt a resource is kept: any code in it,
 * in whatever element and of whatever system, may be the one that is asked for.
 */
export function selectsOf(
  measures: readonly Pick<MeasurePackage, 'selections' | 'parts'>[],
  sets: SharedSets,
): Selects {
  const selected = selectedData(measures, sets);
  const asked = new Map(
    [...selected].flatMap(([type, codes]) => (codes === null ? [] : [[type, askedIn(codes)] as const])),
  );
  return (content) => {
    const type = /^\s*\{\s*"resourceType"\s*:\s*"([A-Za-z]+)"/.exec(content)?.[1];
    if (type === undefined) return true;
    if (!selected.has(type)) return false;
    const isAsked = asked.get(type);
    if (isAsked === undefined || content.includes('\\u') || content.includes(notDoneValueSet)) return true;
    for (const [, code = '', end] of content.matchAll(/"code"\s*:\s*"([^"\\]*)(["\\])/g))
      if (end !== '"' || isAsked(code)) return true;
    for (const [, canonicals = ''] of content.matchAll(/"profile"\s*:\s*\[([^\]]*)\]/g))
      for (const [, canonical = ''] of canonicals.matchAll(/"([^"]*)"/g))
        if (codesFixedBy(canonical)?.some((code) => isAsked(code.slice(code.indexOf('|') + 1)))) return true;
    return false;
  };
}

function askedIn({ codes, sets }: SelectedCodes): (code: string) => boolean {
  // A canonical may hold a bar, and so may a code.
  const given = new Set(
    [...codes].flatMap((code) => [...code.matchAll(/\|/g)].map(({ index }) => code.slice(index + 1))),
  );
  const remembered = new Map<string, boolean>();
  return (code) => {
    const known = remembered.get(code);
    if (known !== undefined) return known;
    const found = given.has(code) || sets.values().some((set) => set.systemsOf(code) > 0);
    if (remembered.size >= codesRemembered) remembered.clear();
    remembered.set(code, found);
    return found;
  };
}
