import type { GapStatus, MeasureSummary, PopulationCode } from './api.ts';

/** Plain words for the codes of DEQM and the quality measure guide, and what they mean. */

export const statusWords: Readonly<Record<GapStatus, { readonly label: string; readonly meaning: string }>> = {
  'open-gap': { label: 'Open', meaning: 'What the measure asks for was not found, and its period is over.' },
  'prospective-gap': { label: 'To do', meaning: 'Not done yet, and there is still time in the period.' },
  'closed-gap': { label: 'Closed', meaning: 'Done, or the patient is excluded: nothing is left to do.' },
  'not-applicable': { label: 'Not applicable', meaning: 'The measure is not about this patient.' },
  error: { label: 'Not evaluated', meaning: 'The record could not be evaluated. It counts nowhere until that is mended.' },
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

export function measureTitle({ measure, group }: Pick<MeasureSummary, 'measure' | 'group'>): string {
  const title = measure.title ?? measure.id;
  return group.title === null || group.title === title ? title : `${title}: ${group.title}`;
}

/** How a rate stands against its target; null without either. `short` is the distance still to go, as a share. */
export function standing({ rate, target, improvementNotation }: MeasureSummary): { met: boolean; short: number } | null {
  if (rate === null || target === null) return null;
  const short = improvementNotation === 'increase' ? target - rate : rate - target;
  return { met: short <= 0, short };
}

/** Address of a measure's list. */
export function measurePath(
  { measure, group }: Pick<MeasureSummary, 'measure' | 'group'>,
  narrowed: { readonly population?: PopulationCode; readonly status?: GapStatus } = {},
): string {
  const query = new URLSearchParams({ ...(group.id === '' ? {} : { group: group.id }), ...narrowed });
  return `/measures/${encodeURIComponent(measure.id)}${query.size === 0 ? '' : `?${query}`}`;
}
