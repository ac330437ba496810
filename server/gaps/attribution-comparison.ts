import { listStatusOf } from '../../bundles/index.ts';
import {
  type AttributionTotals,
  attributionTotals,
  type ComparedAttribution,
  compareAttribution,
  computeAttribution,
  serviceYearOf,
} from '../../measures/index.ts';
import type { Sql } from '../db/database.ts';
import { membersOfGroup } from '../store/group-members.ts';
import { readResource } from '../store/read.ts';
import { replacedPatients } from '../store/replaced-patients.ts';
import { NotAnAttributionList } from './attribution.ts';
import { type Clinicians, readClinicians, readVisits } from './attribution-visits.ts';
import { allPatients } from './patients.ts';

export interface ComparisonSettings {
  /** Window of the computation, and year of the visits: days, both inclusive. */
  readonly start: string;
  readonly end: string;
  readonly signal: AbortSignal;
  progress(fraction: number, message: string): Promise<void>;
}

export interface Comparison {
  readonly groupId: string;
  readonly window: { readonly start: string; readonly end: string };
  /** Organizations that the list is about, `Organization/x` or a TIN. */
  readonly ours: readonly string[];
  readonly totals: AttributionTotals;
  readonly members: number;
  /** All patients but those who are neither listed nor computed. */
  readonly patients: readonly ComparedAttribution[];
  /** What to know when reading it. */
  readonly notes: readonly string[];
}

const atOnce = 500;

/**
 * Compares an attribution list with the attribution that is computed from visits: of its active members, and of all other
 * patients. Ours are the organizations that manage the list, and those of the providers on it.
 *
 * @throws ResourceNotFound, ResourceDeleted, NotAnAttributionList
 */
export async function compareList(
  sql: Sql,
  tenant: string,
  groupId: string,
  settings: ComparisonSettings,
): Promise<Comparison> {
  const window = { start: settings.start, end: settings.end };
  const group = JSON.parse((await readResource(sql, tenant, 'Group', groupId)).content ?? '{}');
  if (listStatusOf(group) === null)
    throw new NotAnAttributionList(
      `Group/${groupId} is no attribution list: give it the extension ext-attributionListStatus`,
    );
  const clinicians = await readClinicians(sql, tenant);
  const members = (await membersOfGroup(sql, tenant, groupId)).filter(
    ({ inactive, patient }) => !inactive && patient !== '',
  );
  const listed = new Map(members.map(({ patient, provider }) => [patient, nameOf(provider, clinicians)]));
  const ours = oursOf(group.managingEntity?.reference ?? null, [...listed.values()], clinicians);
  const replaced = await replacedPatients(sql, tenant);
  const patients: ComparedAttribution[] = [];
  let done = 0;
  for await (const some of allPatients(sql, tenant, atOnce)) {
    settings.signal.throwIfAborted();
    const present = some.filter((patient) => !replaced.has(patient));
    const visits = await readVisits(sql, tenant, present, clinicians);
    for (const patient of present) {
      const own = visits.get(patient) ?? [];
      const provider = listed.get(patient);
      const compared = compareAttribution(
        {
          patient,
          listed: provider === undefined ? null : { provider, organization: null },
          computed: computeAttribution(own, window),
          visits: own.filter(({ day }) => day >= window.start && day <= window.end),
        },
        ours,
      );
      if (compared.agreement !== 'neither') patients.push(compared);
    }
    done += some.length;
    await settings.progress(0.9, `${done} patients compared`);
  }
  const { year, status, source } = serviceYearOf(window.end);
  const notes = [
    ...(status === 'final' && year === Number(window.end.slice(0, 4))
      ? []
      : [`The primary-care services are those of ${year} (${source}), ${status}`]),
    ...(clinicians.assumed.size === 0
      ? []
      : [`${clinicians.assumed.size} clinicians have no specialty and count as physicians of primary care`]),
    ...(ours.size > 0
      ? []
      : ['No organization is known of the list: give it a managingEntity, or its providers PractitionerRoles']),
  ];
  return {
    groupId,
    window,
    ours: [...ours],
    totals: attributionTotals(patients),
    members: listed.size,
    patients,
    notes,
  };
}

function nameOf(provider: string | null, { practitioner }: Clinicians): string | null {
  return provider === null ? null : (practitioner.get(provider) ?? provider);
}

function oursOf(
  manager: string | null,
  providers: readonly (string | null)[],
  { organizations, organizationName }: Clinicians,
): ReadonlySet<string> {
  const managing = manager?.startsWith('Organization/') ? [organizationName(manager)] : [];
  const own = [...new Set(providers)].flatMap((provider) =>
    provider === null
      ? []
      : provider.startsWith('Organization/')
        ? organizationName(provider)
        : (organizations.get(provider) ?? []),
  );
  return new Set([...managing, ...own]);
}
