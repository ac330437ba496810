import { Add, Multiply } from './arithmetic.ts';
import { compareForSort } from './comparison.ts';
import { DistinctValues } from './distinct.ts';
import { Equal } from './equal.ts';
import { isList, type Value } from './values/value.ts';

/** Aggregates over lists (ELM 21). Nulls are left out; a null or empty list gives null unless it says otherwise. */

/** The elements that aren't null. */
export function present(list: Value): readonly Value[] {
  if (list === null || !isList(list)) return [];
  return list.includes(null) ? list.filter((item) => item !== null) : list;
}

/** 21.1. AllTrue: true also of nothing. */
export function AllTrue(list: Value): boolean {
  return !present(list).includes(false);
}

/** 21.2. AnyTrue: false of nothing. */
export function AnyTrue(list: Value): boolean {
  return present(list).includes(true);
}

/** 21.4. Count: 0 of nothing. */
export function Count(list: Value): number {
  return present(list).length;
}

/** 21.16. Sum. Null on overflow, and of quantities that can't be added. */
export function Sum(list: Value): Value {
  return folded(list, Add);
}

/** 21.15. Product. */
export function Product(list: Value): Value {
  return folded(list, Multiply);
}

function folded(list: Value, operator: (a: Value, b: Value) => Value): Value {
  const items = present(list);
  let result = items[0] ?? null;
  for (let i = 1; i < items.length; i += 1) result = operator(result, items[i] ?? null);
  return result;
}

/** 21.9. Max. */
export function Max(list: Value): Value {
  let greatest: Value = null;
  for (const item of present(list)) if (greatest === null || compareForSort(item, greatest) > 0) greatest = item;
  return greatest;
}

/** 21.11. Min. */
export function Min(list: Value): Value {
  let least: Value = null;
  for (const item of present(list)) if (least === null || compareForSort(item, least) < 0) least = item;
  return least;
}

/** 21.12. Mode: the most frequent value; of several the first. */
export function Mode(list: Value): Value {
  const items = present(list);
  const seen = new DistinctValues();
  let [mode, most]: [Value, number] = [null, 0];
  for (const item of items) {
    if (!seen.add(item)) continue;
    const count = items.filter((other) => Equal(item, other) === true).length;
    if (count > most) [mode, most] = [item, count];
  }
  return mode;
}
