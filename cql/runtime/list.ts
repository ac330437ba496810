import { distinctValues } from './distinct.ts';
import { Equal } from './equal.ts';
import { CqlRuntimeError } from './errors.ts';
import { checkList } from './size.ts';
import { isList, Tuple, type Value } from './values/value.ts';

/** 20.8. Distinct; nulls count as one value. */
export function Distinct(a: Value): readonly Value[] | null {
  return a !== null && isList(a) ? distinctValues(a) : null;
}

/** 20.10. Exists: some element isn't null. False for null. */
export function Exists(a: Value): boolean {
  if (a === null || !isList(a)) return false;
  for (const item of a) if (item !== null) return true;
  return false;
}

/** 20.11. Flatten: one level; nulls among the lists are left out. @throws CqlRuntimeError for a list that is too long */
export function Flatten(a: Value): readonly Value[] | null {
  if (a === null || !isList(a)) return null;
  checkList(a.reduce<number>((sum, item) => sum + (item !== null && isList(item) ? item.length : 1), 0));
  return a.flatMap((item) => (item === null ? [] : isList(item) ? item : [item]));
}

/** 20.12. First; null of an empty list. */
export function First(a: Value): Value {
  return a !== null && isList(a) ? (a[0] ?? null) : null;
}

/** 20.18. Last; null of an empty list. */
export function Last(a: Value): Value {
  return a !== null && isList(a) ? (a.at(-1) ?? null) : null;
}

/** 20.16. IndexOf: from 0; -1 when no element equals; null when the list or the element is null. */
export function IndexOf(list: Value, element: Value): number | null {
  if (list === null || element === null || !isList(list)) return null;
  return list.findIndex((item) => Equal(item, element) === true);
}

/** 20.28. Slice from `start` up to but without `end`; negative positions count from the end; a null end means to the end. */
export function Slice(list: Value, start: Value, end: Value = null): readonly Value[] | null {
  if (list === null || !isList(list)) return null;
  return list.slice(typeof start === 'number' ? start : 0, typeof end === 'number' ? end : list.length);
}

/** 20.26. SingletonFrom; null of an empty list. @throws CqlRuntimeError when there are several elements */
export function SingletonFrom(a: Value): Value {
  if (a === null || !isList(a)) return null;
  if (a.length > 1) throw new CqlRuntimeError('SingletonFrom needs a list of at most one element');
  return a[0] ?? null;
}

/** 22.23. ToList: a list of one, or of none for null. */
export function ToList(a: Value): readonly Value[] {
  return a === null ? [] : [a];
}

/** 20.30. Times: every tuple of `a` joined with every tuple of `b`. @throws CqlRuntimeError for a list that is too long */
export function Times(a: Value, b: Value): readonly Value[] | null {
  if (a === null || b === null || !isList(a) || !isList(b)) return null;
  checkList(a.length * b.length);
  return a.flatMap((x) =>
    b.map((y) => (x instanceof Tuple && y instanceof Tuple ? new Tuple({ ...x.elements, ...y.elements }) : null)),
  );
}
