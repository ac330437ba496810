import type { FhirResource } from '../../cql/index.ts';
import type { Coding } from '../definition.ts';
import type { DataNeed } from './answer.ts';
import type { ElementCodes, ValueBound } from './criterion.ts';

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

const tests: { readonly [comparator in ValueBound['comparator']]: (a: number, b: number) => boolean } = {
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  eq: (a, b) => a === b,
};

/** Does a value lie within all bounds? True when there are none, false when there are and there is no value. */
export function meetsValues(bounds: readonly ValueBound[], value: number | null): boolean {
  return bounds.every((bound) => value !== null && tests[bound.comparator](value, bound.value));
}

/** Does a date lie within the need's? An undated resource does not, when there are bounds. */
export function meetsDates({ dateFrom, dateTo }: Pick<DataNeed, 'dateFrom' | 'dateTo'>, date: string | null): boolean {
  if (dateFrom === null && dateTo === null) return true;
  return (
    date !== null &&
    (dateFrom === null || date >= dateFrom.slice(0, date.length)) &&
    (dateTo === null || date <= dateTo)
  );
}

/** Codes that an element has: of a code, a Coding, a CodeableConcept, or a list of them; choices by any of their types. */
export function elementCodes(resource: FhirResource, path: string): string[] {
  return Object.entries(resource).flatMap(([element, value]) =>
    element === path ||
    (element.startsWith(path) && /^(Code|Coding|CodeableConcept|String)$/.test(element.slice(path.length)))
      ? codesOf(value)
      : [],
  );
}

function codesOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(codesOf);
  if (typeof value !== 'object' || value === null) return [];
  return [...('coding' in value ? codesOf(value.coding) : []), ...('code' in value ? codesOf(value.code) : [])];
}

/** Is an element as it must be, as far as codes tell? Membership of value sets is not looked up: null. */
export function hasElement(resource: FhirResource, { path, codes, valueSet }: ElementCodes): boolean | null {
  const has = elementCodes(resource, path);
  if (valueSet !== null) return has.length === 0 ? false : null;
  return codes.some(({ code }) => code !== undefined && has.includes(code));
}

export function hasValue(resource: FhirResource): boolean {
  return Object.keys(resource).some((element) => /^value[A-Z]/.test(element));
}
