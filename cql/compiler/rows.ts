import { compareForSort, type Value } from '../runtime/index.ts';

/** What queries do with rows at run time (ELM, 10). */

const noRows: readonly Value[] = [];

/** The rows of a source: the elements of a list, a single value, none for null. */
export function rowsOf(source: Value): readonly Value[] {
  if (Array.isArray(source)) return source;
  return source === null ? noRows : [source];
}

/**
 * Sorts rows by keys that were computed for each. Stable; null is lowest.
 * @param keys for each row one value for each key, in the order of `descending`
 */
export function sortedRows(
  rows: readonly Value[],
  keys: readonly (readonly Value[])[],
  descending: readonly boolean[],
): readonly Value[] {
  const positions = rows.map((_, i) => i);
  positions.sort((a, b) => {
    for (const [i, down] of descending.entries()) {
      const order = compareForSort(keys[a]?.[i] ?? null, keys[b]?.[i] ?? null);
      if (order !== 0) return down ? -order : order;
    }
    return a - b;
  });
  return positions.map((position) => rows[position] ?? null);
}
