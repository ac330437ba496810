import type { FhirResource } from '../../cql/index.ts';
import type { DataNeed, GapReason, GapReasonCode } from './answer.ts';
import type { PlannedNeed } from './needs.ts';
import { dateOf, meetsDates, meetsValue, observedValue } from './observed-data.ts';
import { amount, dateInWords, limit, subject, window } from './sentences.ts';

/** A planned need of one subject: with its dates, and with what its retrieve found. */
export interface MetNeed extends PlannedNeed {
  readonly found: readonly FhirResource[];
  /** True when the gap closes by having such data, false when it closes by not having it. */
  readonly toHave: boolean;
}

/** What says most about a gap comes first; of several reasons about the same data, the first is given. */
const precedence: readonly GapReasonCode[] = [
  'ValueOutOfRange',
  'DateOutOfRange',
  'NotFound',
  'Present',
  'InvalidAttribute',
];

/**
 * Why a gap is open: for each kind of data that the criterion depends on, what is wrong with it. "Not found" never means
 * "not done" (DEQM, gaps in care reporting).
 */
export function gapReasons(needs: readonly MetNeed[]): GapReason[] {
  const best = new Map<string, GapReason>();
  for (const need of needs)
    for (const reason of need.toHave ? reasonsToHave(need) : reasonsNotToHave(need)) {
      const key = needKey(need);
      const known = best.get(key);
      if (known === undefined || precedence.indexOf(reason.code) < precedence.indexOf(known.code))
        best.set(key, reason);
    }
  const reasons = [...best.values()].sort((a, b) => precedence.indexOf(a.code) - precedence.indexOf(b.code));
  // Data that is as it should be is a reason only when nothing else tells why it doesn't count.
  const telling = reasons.filter(({ code }) => code !== 'InvalidAttribute');
  return telling.length === 0 ? reasons : telling;
}

/** Needs that ask for the same data, whatever profile they ask it by. */
export function needKey({ need, component }: PlannedNeed): string {
  return JSON.stringify([need.resourceType, need.valueSet ?? need.codes, component?.code]);
}

/** Is there data as the need asks it, as far as dates and values tell? */
export function isMet({ need, component, found }: MetNeed): boolean {
  return found.some(
    (resource) =>
      meetsDates(need, dateOf(resource, need.datePath)) && meetsValue(need, observedValue(resource, component)),
  );
}

function reasonsToHave(met: MetNeed): GapReason[] {
  const { need, component, found } = met;
  const name = subject(need, component);
  if (found.length === 0) return [reason('NotFound', need, null, `No ${name}${window(need)} was found`)];
  const inTime = found.filter((resource) => meetsDates(need, dateOf(resource, need.datePath)));
  const latest = lastOf(inTime.length === 0 ? found : inTime, need);
  const when = dated(latest, need);
  if (inTime.length === 0)
    return [reason('DateOutOfRange', need, latest, `${name}${when} is not${window(need)}`, need.datePath)];
  const value = observedValue(latest, component);
  if (!meetsValue(need, value)) {
    const measured = value === null ? 'has no value' : `is ${amount(value, need.unit)}`;
    return [
      reason('ValueOutOfRange', need, latest, `${name}${when} ${measured}, and must be ${limit(need, false)}`, 'value'),
    ];
  }
  return [
    reason(
      'InvalidAttribute',
      need,
      latest,
      `${name}${when} was found and does not count: another of its elements, such as its status, or what it is combined with, is not as the measure asks`,
    ),
  ];
}

function reasonsNotToHave(met: MetNeed): GapReason[] {
  const { need, component, found } = met;
  const counted = found.filter(
    (resource) =>
      meetsDates(need, dateOf(resource, need.datePath)) && meetsValue(need, observedValue(resource, component)),
  );
  if (counted.length === 0) return [];
  const latest = lastOf(counted, need);
  const value = observedValue(latest, component);
  const name = `${subject(need, component)}${dated(latest, need)}`;
  if (need.valueComparator !== null && value !== null)
    return [
      reason(
        'ValueOutOfRange',
        need,
        latest,
        `${name} is ${amount(value, need.unit)}, and should be ${limit(need, true)}`,
        'value',
      ),
    ];
  return [reason('Present', need, latest, `${name} was found`)];
}

function lastOf(resources: readonly FhirResource[], need: DataNeed): FhirResource {
  const byDate = [...resources].sort((a, b) =>
    (dateOf(a, need.datePath) ?? '') < (dateOf(b, need.datePath) ?? '') ? -1 : 1,
  );
  const last = byDate.at(-1);
  if (last === undefined) throw new Error('there is no resource to give a reason about');
  return last;
}

function dated(resource: FhirResource, need: DataNeed): string {
  const date = dateOf(resource, need.datePath);
  return date === null ? '' : ` of ${dateInWords(date)}`;
}

function reason(
  code: GapReasonCode,
  need: DataNeed,
  resource: FhirResource | null,
  text: string,
  element: string | null = null,
): GapReason {
  const path = resource === null ? null : `${resource.resourceType}${element === null ? '' : `.${element}`}`;
  return { code, need, reference: resource === null ? null : `${resource.resourceType}/${resource.id}`, path, text };
}
