import type { CqlCode, CqlValue } from '../cql/index.ts';
import type { MeasureDefinition, SupplementalDataDefinition } from './definition.ts';
import type { MemberIdentity } from './evaluation/members.ts';
import { isList } from './evaluation/membership.ts';
import type { SubjectResult } from './evaluation/result.ts';

/** How many subjects have each value of a supplemental data element or risk adjustment factor. */
export interface SupplementalTotal {
  readonly definition: SupplementalDataDefinition;
  /** Most frequent first. */
  readonly values: readonly { readonly value: CqlValue; readonly count: number }[];
}

/** Running counts as plain data, by the position of the element in the Measure and by value. */
export type SupplementalState = readonly Map<string, { readonly value: CqlValue; count: number }>[];

/** Rarer values of an element are left out: what has more is no category, and would tell of single patients. */
const mostValues = 100;

export function emptySupplemental({ supplementalData }: MeasureDefinition): SupplementalState {
  return supplementalData.map(() => new Map());
}

/** Counts a subject once for each of its values. */
export function addSupplemental(
  state: SupplementalState,
  { supplementalData: elements }: MeasureDefinition,
  found: SubjectResult['supplementalData'],
  identity: MemberIdentity,
): void {
  for (const [index, { expression }] of elements.entries()) {
    const value = found.find((each) => each.expression === expression)?.value ?? null;
    const values = new Map(categories(value).map((category) => [identity.key(category), category]));
    for (const [key, category] of values) count(state[index], key, category, 1);
  }
}

export function mergeSupplemental(state: SupplementalState, other: SupplementalState): void {
  for (const [index, values] of other.entries())
    for (const [key, { value, count: times }] of values) count(state[index], key, value, times);
}

export function supplementalTotals(
  { supplementalData }: MeasureDefinition,
  state: SupplementalState,
): readonly SupplementalTotal[] {
  return supplementalData.map((definition, index) => ({
    definition,
    values: [...(state[index] ?? [])]
      .toSorted(([a, one], [b, other]) => other.count - one.count || (a < b ? -1 : 1))
      .slice(0, mostValues)
      .map(([, { value, count: times }]) => ({ value, count: times })),
  }));
}

function count(values: SupplementalState[number] | undefined, key: string, value: CqlValue, times: number): void {
  const known = values?.get(key);
  if (known === undefined) values?.set(key, { value, count: times });
  else known.count += times;
}

/**
 * What of a value can be counted over a population: booleans, numbers, text, codes, and of tuples (payers with their
 * periods, races with their display) the codes. Dates, periods and resources are of one patient and count as nothing.
 */
function categories(value: CqlValue): readonly CqlValue[] {
  if (value === null) return [];
  if (typeof value !== 'object') return [value];
  if (isList(value)) return value.flatMap(categories);
  if (value.type === 'Code' || value.type === 'Concept') return [value];
  if (value.type === 'Element') return /(date|time|instant|period)$/i.test(value.fhirType) ? [] : [value];
  if (value.type !== 'Tuple') return [];
  const codes = Object.values(value.elements).flatMap(codesOf);
  const { display } = value.elements;
  return codes.length === 0 ? [] : [{ type: 'Concept', codes, display: typeof display === 'string' ? display : null }];
}

function codesOf(value: CqlValue): readonly CqlCode[] {
  if (value === null || typeof value !== 'object') return [];
  if (isList(value)) return value.flatMap(codesOf);
  if (value.type === 'Code') return [value];
  return value.type === 'Concept' ? value.codes : [];
}
