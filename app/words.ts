import type {
  GapStatus,
  GapTransition,
  GroupName,
  MeasureName,
  MeasureSummary,
  PopulationCode,
  PopulationCount,
} from './api.ts';

/** Plain words for the codes of DEQM and the quality measure guide, and what they mean. */

export const statusWords: Readonly<Record<GapStatus, { readonly label: string; readonly meaning: string }>> = {
  'open-gap': { label: 'Open', meaning: 'What the measure asks for was not found, and its period is over.' },
  'prospective-gap': { label: 'To do', meaning: 'Not done yet, and there is still time in the period.' },
  'closed-gap': { label: 'Closed', meaning: 'Done, or the patient is excluded: nothing is left to do.' },
  'not-applicable': { label: 'Not applicable', meaning: 'The measure is not about this patient.' },
  error: {
    label: 'Not evaluated',
    meaning: 'The record could not be evaluated. It counts nowhere until that is mended.',
  },
};

export const toClose: readonly GapStatus[] = ['open-gap', 'prospective-gap'];

export function isToClose(status: GapStatus | null): boolean {
  return status !== null && toClose.includes(status);
}

export const populationWords: Readonly<Record<PopulationCode, string>> = {
  'initial-population': 'Initial population',
  denominator: 'Denominator',
  'denominator-exclusion': 'Excluded',
  'denominator-exception': 'Exceptions',
  numerator: 'Numerator',
  'numerator-exclusion': 'Numerator exclusions',
};

/** Why nothing is left to do, as far as the populations tell; null where they don't. */
export function settledWords(populations: readonly PopulationCount[]): string | null {
  const within = (code: PopulationCode): boolean => populations.some((one) => one.code === code && one.count > 0);
  if (within('denominator-exclusion')) return 'Excluded from the denominator';
  if (within('denominator-exception')) return 'Counted as an exception';
  return within('numerator') ? 'Counted in the numerator' : null;
}

export function measureTitle({ measure, group }: { readonly measure: MeasureName; readonly group: GroupName }): string {
  return group.title === null || group.title === measure.title ? measure.title : `${measure.title}: ${group.title}`;
}

/** Groups are named where a measure has several; of the only one, the measure's title says enough. */
export function nameSeveralGroups<T extends { readonly measure: MeasureName; readonly group: GroupName }>(
  all: readonly T[],
): T[] {
  return all.map((one) =>
    all.filter(({ measure }) => measure.id === one.measure.id).length > 1
      ? { ...one, group: { ...one.group, title: one.group.title ?? one.group.id } }
      : { ...one, group: { ...one.group, title: null } },
  );
}

/** How a rate stands against its target; null without either, or where neither direction is better. `short` is the distance still to go, as a share. */
export function standing({
  rate,
  target,
  improvementNotation,
}: MeasureSummary): { met: boolean; short: number } | null {
  if (rate === null || target === null || improvementNotation === null) return null;
  const short = improvementNotation === 'increase' ? target.rate - rate : rate - target.rate;
  return { met: short <= 0, short };
}

/** Address of a measure's list. */
export function measurePath(
  { measure, group }: { readonly measure: { readonly id: string }; readonly group: { readonly id: string | null } },
  narrowed: { readonly population?: PopulationCode; readonly status?: GapStatus } = {},
): string {
  const query = new URLSearchParams({ ...(group.id === null ? {} : { group: group.id }), ...narrowed });
  return `/measures/${encodeURIComponent(measure.id)}${query.size === 0 ? '' : `?${query}`}`;
}

const causes: Readonly<Record<GapTransition['cause']['kind'], string>> = {
  data: 'the patient’s record changed',
  measures: 'the measure or its period changed',
  time: 'time passed',
};

/** What brought a change of status. */
export function causeWords({ cause }: GapTransition): string {
  const types = cause.resourceTypes.filter((type) => type !== 'Patient').map(typeWords);
  return cause.kind !== 'data' || types.length === 0 ? causes[cause.kind] : `the chart changed: ${types.join(', ')}`;
}

/** Codes of http://hl7.org/fhir/uv/deqm/CodeSystem/deqm-care-gap-remark, in the order in which people need them. */
export const remarkWords: Readonly<Record<string, string>> = {
  'order-placed': 'Order placed',
  'satisfied-in-EHR': 'Satisfied, and recorded in the EHR',
  'documented-elsewhere': 'Documented elsewhere',
  'patient-refused': 'Patient refused',
  deferred: 'Deferred',
  'not-assessed': 'Not assessed',
  'not-ingested': 'Data was sent and not taken in',
  'out-of-range': 'Result out of range',
  'attribution-mismatch': 'Not our patient',
  suppressed: 'Suppressed',
  rejected: 'Rejected',
};

export const directionWords = { increase: 'Higher is better', decrease: 'Lower is better' } as const;

/** `MedicationRequest` as people say it: "medication request". */
export function typeWords(type: string): string {
  return type.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
}
