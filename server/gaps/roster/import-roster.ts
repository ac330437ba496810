import type { Database } from '../../db/database.ts';
import { type ChangeGroupOptions, writeGroup } from '../../store/change-group.ts';
import { openListForMembers } from '../attribution.ts';
import { planRoster, type RosterOptions, type RosterPlan } from './plan-roster.ts';
import type { Roster } from './read-roster.ts';

/** What a roster changes is not what was previewed: the list, the patients or the file changed since. */
export class RosterPreviewChanged extends Error {
  override readonly name = 'RosterPreviewChanged';
}

/**
 * Tells what a roster would change.
 *
 * @throws AttributionListFinal, NotAnAttributionList, ResourceNotFound
 */
export async function previewRoster(
  database: Database,
  tenant: string,
  groupId: string,
  roster: Roster,
  options: RosterOptions,
): Promise<RosterPlan> {
  return database.transaction(async (sql) =>
    planRoster(sql, tenant, await openListForMembers(sql, tenant, groupId), roster, options),
  );
}

/**
 * Applies exactly what was previewed, in one transaction; nothing when there is nothing to change.
 *
 * @param hash of the preview
 * @returns what was applied, and the version of the Group after it
 * @throws RosterPreviewChanged, and what `previewRoster` throws
 */
export async function applyRoster(
  database: Database,
  tenant: string,
  groupId: string,
  roster: Roster,
  options: RosterOptions & {
    readonly hash: string;
    readonly change: (patients: readonly string[]) => ChangeGroupOptions;
  },
): Promise<{ readonly plan: RosterPlan; readonly version: number }> {
  return database.transaction(async (sql) => {
    const group = await openListForMembers(sql, tenant, groupId);
    const plan = await planRoster(sql, tenant, group, roster, options);
    if (plan.hash !== options.hash)
      throw new RosterPreviewChanged(
        `Nothing was changed: what the roster would change is not what was previewed (${options.hash}), as the list, the patients or the file changed since. Preview again: it is ${plan.hash} now`,
      );
    if (plan.edits.length === 0) return { plan, version: group.version };
    const change = options.change(plan.changes.map(({ patient }) => patient));
    return { plan, version: await writeGroup(sql, tenant, group, { members: plan.edits }, change) };
  });
}
