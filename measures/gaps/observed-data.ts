import type { FhirResource } from '../../cql/index.ts';
import type { Coding } from '../definition.ts';
import type { DataNeed } from './answer.ts';

/** Elements that date a resource, where the analysis names none, by how well they tell when something happened. */
const datePaths = [
  'effective',
  'performed',
  'period',
  'occurrence',
  'authoredOn',
  'onset',
  'recordedDate',
  'issued',
  'created',
];

/** Date (YYYY-MM-DD, or as precise as it is) on which a resource's event ended or happened; null when undated. */
export function dateOf(resource: FhirResource, path: string | null): string | null {
  for (const name of path === null ? datePaths : [path, ...datePaths])
    for (const [element, value] of Object.entries(resource))
      if (
        element === name ||
        (element.startsWith(name) && /^(DateTime|Period|Instant|Date)$/.test(element.slice(name.length)))
      ) {
        const date = typeof value === 'string' ? value : endOf(value);
        if (date !== null) return date.slice(0, 10);
      }
  return null;
}

function endOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null;
  if ('end' in value && typeof value.end === 'string') return value.end;
  return 'start' in value && typeof value.start === 'string' ? value.start : null;
}

/** Value of an Observation, or of its component of that code; null when there is none. */
export function observedValue(resource: FhirResource, component: Coding | null): number | null {
  const own = quantity(resource);
  if (own !== null || component === null) return own;
  const components: readonly unknown[] = Array.isArray(resource['component']) ? resource['component'] : [];
  const match = components.find((part) => JSON.stringify(part).includes(`"code":"${component.code}"`));
  return typeof match === 'object' && match !== null ? quantity(match) : null;
}

function quantity(element: object): number | null {
  if (!('valueQuantity' in element) && !('valueInteger' in element)) return null;
  if ('valueInteger' in element) return Number(element.valueInteger);
  const { valueQuantity } = element;
  if (typeof valueQuantity !== 'object' || valueQuantity === null || !('value' in valueQuantity)) return null;
  return Number(valueQuantity.value);
}

const tests: { readonly [comparator in NonNullable<DataNeed['valueComparator']>]: (a: number, b: number) => boolean } =
  {
    lt: (a, b) => a < b,
    le: (a, b) => a <= b,
    gt: (a, b) => a > b,
    ge: (a, b) => a >= b,
    eq: (a, b) => a === b,
  };

/** Does a value meet the need? True when the need asks none, false when it asks one and there is none. */
export function meetsValue(need: DataNeed, value: number | null): boolean {
  if (need.valueComparator === null || need.value === null) return true;
  return value !== null && tests[need.valueComparator](value, need.value);
}

/** Does a date lie within the need's? An undated resource does not, when there are bounds. */
export function meetsDates({ dateFrom, dateTo }: DataNeed, date: string | null): boolean {
  if (dateFrom === null && dateTo === null) return true;
  return (
    date !== null &&
    (dateFrom === null || date >= dateFrom.slice(0, date.length)) &&
    (dateTo === null || date <= dateTo)
  );
}
