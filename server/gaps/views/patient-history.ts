import type { Sql } from '../../db/database.ts';
import type { LivePlan } from '../live-plan.ts';
import { type GapCause, gapTransitions, type TransitionStatus } from './gap-transitions.ts';
import { type VersionOrigin, versionOrigins } from './version-origins.ts';

/** A change of a gap's status, as people read it. */
export interface GapChange {
  readonly id: number;
  readonly measureUrl: string;
  readonly measureTitle: string;
  readonly groupId: string | null;
  /** Null when the measure has one group only, or is not live any more. */
  readonly groupTitle: string | null;
  readonly periodStart: string;
  readonly at: string;
  readonly from: TransitionStatus | null;
  readonly to: TransitionStatus | null;
  readonly cause: {
    readonly kind: GapCause['kind'];
    /** Types of what changed in the chart. */
    readonly resourceTypes: readonly string[];
    /** The versions that changed, as far as known. */
    readonly resources: readonly VersionOrigin[];
  };
}

const shown = 200;

/** The newest 200 changes of a patient's gaps, latest first. */
export async function patientHistory(
  sql: Sql,
  tenant: string,
  patient: string,
  plan: LivePlan,
): Promise<readonly GapChange[]> {
  const found = await gapTransitions(sql, { tenant, patients: [patient], count: shown });
  const items = found.items.slice(0, shown);
  const origins = await versionOrigins(
    sql,
    tenant,
    items.flatMap(({ cause }) => cause.versions),
  );
  return items.map(({ id, measureUrl, groupId, periodStart, at, from, to, cause }) => {
    const live = plan.all.find(({ measure }) => measure.url === measureUrl);
    const several = (live?.groups.length ?? 0) > 1;
    const group = several ? live?.groups.find((one) => one.id === groupId) : undefined;
    return {
      id,
      measureUrl,
      measureTitle: live === undefined ? measureUrl : titleOf(live.measure),
      groupId,
      groupTitle: several ? (group?.description ?? groupId) : null,
      periodStart,
      at,
      from,
      to,
      cause: {
        kind: cause.kind,
        resourceTypes: cause.resourceTypes,
        resources: cause.versions.flatMap((reference) => origins.get(reference) ?? []),
      },
    };
  });
}

export function titleOf({ title, name, url }: { title: string | null; name: string | null; url: string }): string {
  return title ?? name ?? url;
}
