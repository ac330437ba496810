import type { ImprovementNotation, MeasurementPeriod } from '../../../measures/index.ts';
import { directionOf, directions } from '../../content/directions.ts';
import type { Sql } from '../../db/database.ts';
import { waitingCount } from '../change-feed.ts';
import type { LivePlan } from '../live-plan.ts';
import { type RateCounts, rateOf, summedCounts } from '../rate.ts';
import { targetOf, targets } from '../targets.ts';
import { type TrendPoint, trends } from '../trend-points.ts';

/** One line of the dashboard: a group of a live measure over all patients. */
export interface MeasureOverview extends RateCounts {
  readonly measure: {
    readonly id: string;
    readonly url: string;
    readonly version: string | null;
    readonly title: string;
    readonly description: string | null;
    /** What it was warned about when it was installed. */
    readonly warnings: readonly string[];
  };
  readonly group: { readonly id: string | null; readonly title: string | null };
  readonly period: MeasurementPeriod;
  readonly improvementNotation: ImprovementNotation | null;
  /** What an operator said of the direction; null where the Measure's own holds. */
  readonly direction: {
    /** What the Measure says; null when it says nothing. */
    readonly published: ImprovementNotation | null;
    readonly reason: string;
    readonly givenBy: string;
  } | null;
  readonly target: { readonly rate: number; readonly source: string } | null;
  /** Between 0 and 1; null when nobody is in the denominator or the score is not a rate. */
  readonly rate: number | null;
  /** Patients by gap status. */
  readonly open: number;
  readonly prospective: number;
  readonly closed: number;
  readonly notApplicable: number;
  readonly errors: number;
  /** Patients of the tenant that wait to be evaluated. */
  readonly pending: number;
  /** Monthly points, oldest first. */
  readonly trend: readonly TrendPoint[];
}

interface CountRow extends RateCounts {
  readonly measure_url: string;
  readonly measure_version: string;
  readonly group_id: string;
  readonly period_start: string;
  readonly open: number;
  readonly prospective: number;
  readonly closed: number;
  readonly not_applicable: number;
  readonly errors: number;
}

export async function measuresOverview(sql: Sql, tenant: string, plan: LivePlan): Promise<MeasureOverview[]> {
  const { rows } = await sql.query<CountRow>(
    `SELECT measure_url, measure_version, group_id, period_start::text, ${summedCounts},
       count(*) FILTER (WHERE status = 'open-gap') AS open, count(*) FILTER (WHERE status = 'prospective-gap') AS prospective,
       count(*) FILTER (WHERE status = 'closed-gap') AS closed,
       count(*) FILTER (WHERE status = 'not-applicable') AS not_applicable,
       count(*) FILTER (WHERE status = 'error') AS errors
     FROM gap_state WHERE tenant = $1 AND live GROUP BY 1, 2, 3, 4`,
    [tenant],
  );
  const pending = await waitingCount(sql, tenant);
  const aims = await targets(sql, tenant);
  const points = await trends(sql, tenant);
  const given = await directions(sql, tenant);
  return plan.measures.flatMap(({ measure, groups, period }) =>
    groups.map((group): MeasureOverview => {
      const row = rows.find(
        (candidate) =>
          candidate.measure_url === measure.url &&
          candidate.measure_version === (measure.version ?? '') &&
          candidate.group_id === (group.id ?? '') &&
          candidate.period_start === period.start,
      );
      const counts: RateCounts = {
        initialPopulation: row?.initialPopulation ?? 0,
        denominator: row?.denominator ?? 0,
        denominatorExclusion: row?.denominatorExclusion ?? 0,
        denominatorException: row?.denominatorException ?? 0,
        numerator: row?.numerator ?? 0,
        numeratorExclusion: row?.numeratorExclusion ?? 0,
      };
      const aim = targetOf(aims, measure.url, group.id);
      const direction = directionOf(given, measure.url, group.id);
      const { improvementNotation, publishedImprovementNotation: published = improvementNotation } = group;
      return {
        measure: {
          id: measure.id,
          url: measure.url,
          version: measure.version,
          title: measure.title ?? measure.name ?? measure.url,
          description: measure.description,
          warnings: measure.warnings,
        },
        group: { id: group.id, title: group.description },
        period,
        improvementNotation,
        direction: direction && { published, reason: direction.reason, givenBy: direction.givenBy },
        target: aim === null ? null : { rate: aim.target, source: aim.source },
        ...counts,
        rate: rateOf(group, counts),
        open: row?.open ?? 0,
        prospective: row?.prospective ?? 0,
        closed: row?.closed ?? 0,
        notApplicable: row?.not_applicable ?? 0,
        errors: row?.errors ?? 0,
        pending,
        trend: points
          .filter((point) => point.measureUrl === measure.url && point.measureVersion === (measure.version ?? ''))
          .filter((point) => point.groupId === (group.id ?? ''))
          .map(({ date, kind, counts: then }) => ({
            date,
            kind,
            rate: rateOf(group, then),
            numerator: then.numerator - then.numeratorExclusion,
            denominator: then.denominator - then.denominatorExclusion - then.denominatorException,
          })),
      };
    }),
  );
}
