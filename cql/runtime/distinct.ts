import { Equal, isResource } from './equal.ts';
import { Code } from './values/clinical.ts';
import { CqlDate, CqlDateTime, CqlTime } from './values/date-time.ts';
import { Decimal } from './values/decimal.ts';
import { FhirElement, Interval, isList, Tuple, type Value } from './values/value.ts';

/**
 * A set of values under CQL's equality, where two nulls are the same. Equal values have equal buckets; most lists of real records
 * are resources, codes or strings, whose bucket alone decides.
 */
export class ValueSetOf {
  private readonly buckets = new Map<string | number | bigint, Value[]>();

  /** Adds a value; false when an equal one is there. */
  add(value: Value): boolean {
    const key = bucketOf(value);
    const bucket = this.buckets.get(key);
    if (bucket === undefined) {
      this.buckets.set(key, [value]);
      return true;
    }
    if (holds(bucket, value)) return false;
    bucket.push(value);
    return true;
  }

  has(value: Value): boolean {
    const bucket = this.buckets.get(bucketOf(value));
    return bucket !== undefined && holds(bucket, value);
  }
}

function holds(bucket: readonly Value[], value: Value): boolean {
  for (const item of bucket) if (item === value || Equal(item, value) === true) return true;
  return false;
}

/** The same for equal values; different for most others. */
function bucketOf(value: Value): string | number | bigint {
  if (value === null) return 'null';
  if (typeof value === 'string') return `s${value}`;
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint' || typeof value === 'boolean')
    return typeof value === 'bigint' ? Number(value) : `b${value}`;
  if (value instanceof Decimal) return value.big === null ? value.units / 100_000_000 : 'd';
  if (value instanceof Code) return `c${value.code}`;
  if (value instanceof CqlDate) return value.precision === 3 ? `t${value.date}` : 't';
  if (value instanceof CqlDateTime || value instanceof CqlTime) return 't';
  if (value instanceof Tuple) return tupleBucket(value);
  if (value instanceof Interval) return `i${String(bucketOf(value.low))}`.slice(0, 2);
  if (isList(value)) return `l${value.length}`;
  const json = value instanceof FhirElement ? value.value : value;
  if (isResource(json)) return `r${json.resourceType}/${json.id}`;
  return typeof json === 'string' ? `s${json}` : 'o';
}

function tupleBucket({ elements }: Tuple): string {
  let key = '{';
  for (const name of Object.keys(elements).sort()) key += `${name}:${String(bucketOf(elements[name] ?? null))},`;
  return key;
}

/** Without later values that equal an earlier one. */
export function distinctValues(values: readonly Value[]): readonly Value[] {
  if (values.length < 2) return values;
  const seen = new ValueSetOf();
  return values.filter((value) => seen.add(value));
}
