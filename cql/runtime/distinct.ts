import { Equal, isResource } from './equal.ts';
import { dayNumber } from './values/calendar.ts';
import { Code } from './values/clinical.ts';
import { atOffset, CqlDate, CqlDateTime, CqlTime } from './values/date-time.ts';
import { Decimal, unitsPerOne } from './values/decimal.ts';
import { FhirElement, Interval, isList, Tuple, type Value } from './values/value.ts';

/**
 * A set of values under CQL's equality, where two nulls are the same. Equal values have equal buckets; most lists of real records
 * are resources, codes or strings, whose bucket alone decides.
 */
export class DistinctValues {
  private readonly first = new Map<Key, Value>();
  private readonly others = new Map<Key, Value[]>();

  /** Adds a value; false when an equal one is there. */
  add(value: Value): boolean {
    const key = bucketOf(value);
    const found = this.first.get(key);
    if (found === undefined) {
      this.first.set(key, value);
      return true;
    }
    if (isSame(found, value)) return false;
    const others = this.others.get(key);
    if (others === undefined) this.others.set(key, [value]);
    else if (others.some((other) => isSame(other, value))) return false;
    else others.push(value);
    return true;
  }

  has(value: Value): boolean {
    const key = bucketOf(value);
    const found = this.first.get(key);
    if (found === undefined) return false;
    return isSame(found, value) || (this.others.get(key)?.some((other) => isSame(other, value)) ?? false);
  }
}

type Key = string | number | null;

function isSame(a: Value, b: Value): boolean {
  return a === b || Equal(a, b) === true;
}

/** The same for equal values; different for most others. */
function bucketOf(value: Value): Key {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  if (typeof value !== 'object') return Number(value);
  if (value instanceof Code) return value.code;
  if (isList(value)) return -1 - value.length;
  if (value instanceof Decimal) return value.big === null ? value.units / unitsPerOne : 'decimal';
  if (value instanceof CqlDate || value instanceof CqlDateTime || value instanceof CqlTime) return dateBucket(value);
  if (value instanceof Tuple) return tupleBucket(value);
  if (value instanceof Interval) return 'interval';
  const json = value instanceof FhirElement ? value.value : value;
  if (isResource(json)) return json.id;
  return typeof json === 'string' ? json : 'element';
}

/** Of date-times the same instant has many dates, but two neighbouring ones at most. */
function dateBucket(value: CqlDate | CqlDateTime | CqlTime): Key {
  if (value instanceof CqlTime) return value.time;
  return value instanceof CqlDate || value.precision < 4 ? value.date : dayNumber(atOffset(value, 0).date);
}

function tupleBucket({ elements }: Tuple): string {
  let key = '{';
  for (const name of Object.keys(elements).sort()) key += `${name}:${String(bucketOf(elements[name] ?? null))},`;
  return key;
}

/** Without later values that equal an earlier one. */
export function distinctValues(values: readonly Value[]): readonly Value[] {
  if (values.length < 2) return values;
  const seen = new DistinctValues();
  return values.filter((value) => seen.add(value));
}
