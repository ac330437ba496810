import { FhirElement, In, IncludedIn, Interval, type Value } from '../../runtime/index.ts';
import { precisions } from '../../runtime/values/precision.ts';
import type { FhirReader } from './read.ts';

/** Elements of a resource that a retrieve with a date range looks at (ELM 11.1). */
export type DateProperties =
  | { readonly property: string }
  /** Two elements that together are an interval; a null path leaves that side open. */
  | { readonly low: string | null; readonly high: string | null };

interface Reading {
  readonly env: { readonly timezoneOffset: number };
  readonly reader: FhirReader;
}

/**
 * The resources whose date is in the range, or whose period is wholly in it. What is without a date, or with one that is
 * not certain to be in the range, is not found; a null range finds nothing.
 */
export function withinRange(found: Value, range: Value, properties: DateProperties, cx: Reading): readonly Value[] {
  if (!Array.isArray(found) || range === null) return [];
  const all: readonly Value[] = found;
  const asked = range instanceof Interval ? range : new Interval(range, range, true, true, null);
  return all.filter((resource) => {
    const when = whenOf(resource, properties, cx);
    const inside =
      when instanceof Interval ? IncludedIn(when, asked, precisions.Unstated) : In(when, asked, precisions.Unstated);
    return inside === true;
  });
}

function whenOf(resource: Value, properties: DateProperties, cx: Reading): Value {
  if ('property' in properties) return systemDate(read(resource, properties.property, cx), cx);
  const { low, high } = properties;
  const [first, last] = [low, high].map((path) => (path === null ? null : systemDate(read(resource, path, cx), cx)));
  return first == null && last == null ? null : new Interval(first ?? null, last ?? null, true, true, null);
}

/** A dateTime, date or instant as the point that it is, a Period as the interval; null for whatever says no date. */
function systemDate(element: Value, cx: Reading): Value {
  if (!(element instanceof FhirElement)) return element;
  if (element.type !== 'Period') return read(element, 'value', cx);
  const [start, end] = [read(element, 'start.value', cx), read(element, 'end.value', cx)];
  return start === null && end === null ? null : new Interval(start, end, true, true, null);
}

function read(value: Value, path: string, { env, reader }: Reading): Value {
  return reader.property(value, path, env.timezoneOffset);
}
