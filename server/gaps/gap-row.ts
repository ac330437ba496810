import type {
  GapAnswer,
  GapReason,
  GapStatus,
  GroupDefinition,
  GroupResult,
  MeasurementPeriod,
  PopulationCode,
} from '../../measures/index.ts';
import type { InstalledMeasure } from '../content/installed-measure.ts';
import type { TaskAnswer } from '../jobs/evaluation-messages.ts';

export interface PopulationCount {
  readonly id: string | null;
  readonly code: PopulationCode;
  /** Gross: members that are excluded still count. */
  readonly count: number;
}

export interface NextStep {
  readonly text: string;
  readonly need: GapReason['need'];
}

/** The state of one patient in one group of a measure, as it is stored. */
export interface GapRow {
  readonly measureUrl: string;
  /** '' when the measure has none; so with `groupId`. */
  readonly measureVersion: string;
  readonly groupId: string;
  readonly periodStart: string;
  readonly periodEnd: string;
  /** Null when the group knows no gaps (cohort, continuous variable). */
  readonly status: GapStatus | 'error' | null;
  readonly populations: readonly PopulationCount[];
  readonly reasons: readonly GapReason[];
  readonly nextSteps: readonly NextStep[];
  readonly evidence: readonly string[];
  /**
   * Last day (YYYY-MM-DD) on which a prospective gap can still be met; null when there is no gap, when its period is over,
   * and when a window that it needs has passed.
   */
  readonly dueBy: string | null;
  /** Why the patient could not be evaluated: name of the error and its message. */
  readonly error: string | null;
  readonly contentHash: string;
}

/**
 * The rows of one patient for one measure: one per group.
 * @param asOf the day (YYYY-MM-DD) of the evaluation
 */
export function gapRows(
  measure: Pick<InstalledMeasure, 'url' | 'version'>,
  groups: readonly GroupDefinition[],
  period: MeasurementPeriod,
  contentHash: string,
  answer: TaskAnswer,
  asOf: string,
): GapRow[] {
  return groups.map((group, index) => {
    const key = {
      measureUrl: measure.url,
      measureVersion: measure.version ?? '',
      groupId: group.id ?? '',
      periodStart: period.start,
      periodEnd: period.end,
      contentHash,
    };
    const none = { populations: [], reasons: [], nextSteps: [], evidence: [], dueBy: null };
    if (!answer.ok) {
      return { ...key, ...none, status: 'error', error: `${answer.error.name}: ${answer.error.message}` };
    }
    const gap = answer.gaps.find((candidate) => candidate.group.id === group.id);
    const populations = populationCounts(answer.result.groups[index]);
    if (gap === undefined) return { ...key, ...none, populations, status: null, error: null };
    const { status, reasons, nextSteps, evidence } = gap;
    const dueBy = status === 'prospective-gap' ? lastDay(nextSteps, period.end, asOf) : null;
    return { ...key, status, populations, reasons, nextSteps, evidence, dueBy, error: null };
  });
}

/** All steps are to be taken, each by the latest of its alternatives, and all within the period. */
function lastDay(steps: GapAnswer['nextSteps'], periodEnd: string, asOf: string): string | null {
  const days = steps.map(
    ({ need, alternatives = [] }) =>
      [need, ...alternatives]
        .map(({ dateTo }) => dateTo ?? periodEnd)
        .sort()
        .at(-1) ?? '',
  );
  const day = ([...days, periodEnd].sort()[0] ?? periodEnd).slice(0, 10);
  return day < asOf ? null : day;
}

export function populationCounts(result: GroupResult | undefined): PopulationCount[] {
  return (result?.populations ?? [])
    .filter(({ code }) => code !== 'measure-observation')
    .map(({ id, code, count }) => ({ id, code, count }));
}

/** Members of all populations with a code: a ratio measure has two initial populations. */
export function countOf(populations: readonly PopulationCount[], code: PopulationCode): number {
  return populations.reduce((sum, population) => sum + (population.code === code ? population.count : 0), 0);
}
