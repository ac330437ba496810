import type { Condition, Encounter, Resource } from '@medplum/fhirtypes';
import { codesOf, dayOf, diagnosisCodes, localOf, pinned, procedureCodes } from './codings.ts';
import type { DiscardedDiagnosis, Service, ServiceLine, ServiceSetting } from './service.ts';

export interface EncounterServices {
  readonly services: readonly Service[];
  readonly discarded: readonly DiscardedDiagnosis[];
}

/** Telephone encounter (SNOMED CT). */
const telephone = ['185317003'];

/**
 * Encounters of the chart as services, with the diagnoses that were made at them: Encounter.diagnosis, and Conditions of the
 * encounter that are not entries of the problem list.
 */
export function encounterServices(resources: readonly Resource[]): EncounterServices {
  const conditions = resources.filter((resource) => resource.resourceType === 'Condition');
  const encounters = resources.filter((resource) => resource.resourceType === 'Encounter');
  const named = new Map<string, string[]>();
  for (const { id, diagnosis } of encounters)
    for (const { condition } of diagnosis ?? []) push(named, localOf(condition?.reference), `Encounter/${id}`);
  const claimed = claimedConditions(resources);
  const made = new Map<string, Condition[]>();
  const discarded: DiscardedDiagnosis[] = [];
  for (const condition of conditions) {
    const at = new Set(named.get(`Condition/${condition.id}`) ?? []);
    const own = localOf(condition.encounter?.reference);
    if (own !== null && !isProblemOnly(condition)) at.add(own);
    const reason = discardReason(condition, at.size > 0 || claimed.has(`Condition/${condition.id}`));
    if (reason !== null) discarded.push({ reference: pinned(condition), reason });
    else for (const encounter of at) push(made, encounter, condition);
  }
  const lines = linesByEncounter(resources);
  const services = encounters.map((encounter): Service => {
    const { setting, from } = settingOf(encounter);
    return {
      reference: pinned(encounter),
      setting,
      settingFrom: from,
      date: dayOf(encounter.period?.end) ?? dayOf(encounter.period?.start),
      lines: [...typeLines(encounter), ...(lines.get(`Encounter/${encounter.id}`) ?? [])],
      audioOnly: (encounter.type ?? []).some((type) => codesOf(type).some((code) => telephone.includes(code))),
      chartReview: null,
      void: encounter.status === 'finished' ? null : `its status is ${encounter.status}`,
      diagnoses: (made.get(`Encounter/${encounter.id}`) ?? []).flatMap((condition) =>
        diagnosisCodes(condition.code).map((code) => ({ code, reference: pinned(condition) })),
      ),
    };
  });
  return { services, discarded };
}

function push<Value>(map: Map<string, Value[]>, key: string | null, value: Value): void {
  if (key === null) return;
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}

function isProblemOnly({ category }: Condition): boolean {
  const codes = (category ?? []).flatMap((one) => codesOf(one));
  return codes.length > 0 && !codes.includes('encounter-diagnosis');
}

/** What keeps a Condition from being a submitted diagnosis (ICD-10-CM guidelines IV.H: nothing probable). */
function discardReason(condition: Condition, atService: boolean): DiscardedDiagnosis['reason'] | null {
  const status = codesOf(condition.verificationStatus)[0];
  if (status === 'entered-in-error') return 'entered-in-error';
  if (status !== undefined && status !== 'confirmed') return 'not-confirmed';
  if (!atService) return isProblemOnly(condition) ? 'problem-list-only' : 'no-service';
  return diagnosisCodes(condition.code).length === 0 ? 'not-icd-10-cm' : null;
}

function claimedConditions(resources: readonly Resource[]): ReadonlySet<string> {
  const claimed = new Set<string>();
  for (const resource of resources) {
    if (resource.resourceType !== 'Claim' && resource.resourceType !== 'ExplanationOfBenefit') continue;
    for (const { diagnosisReference } of resource.diagnosis ?? []) {
      const condition = localOf(diagnosisReference?.reference);
      if (condition !== null) claimed.add(condition);
    }
  }
  return claimed;
}

const needCode = ['AMB', 'EMER', 'OBSENC', 'SS', 'HH', 'FLD', 'VR'];

function settingOf({ class: kind }: Encounter): { readonly setting: ServiceSetting; readonly from: string } {
  const code = kind?.code ?? 'unknown';
  const from = `encounter class ${code}`;
  if (code === 'IMP' || code === 'ACUTE') return { setting: 'inpatient', from };
  return { setting: needCode.includes(code) ? 'professional' : 'other', from };
}

function typeLines({ type }: Encounter): ServiceLine[] {
  return procedureCodes(type ?? []).map((code) => ({ code, modifiers: [], denied: false }));
}

/** What Procedures, ChargeItems and claims say was done in an encounter. */
function linesByEncounter(resources: readonly Resource[]): ReadonlyMap<string, readonly ServiceLine[]> {
  const lines = new Map<string, ServiceLine[]>();
  for (const resource of resources) {
    if (resource.resourceType === 'Procedure' && resource.status === 'completed')
      for (const code of procedureCodes([resource.code]))
        push(lines, localOf(resource.encounter?.reference), { code, modifiers: [], denied: false });
    if (
      resource.resourceType === 'ChargeItem' &&
      !['aborted', 'entered-in-error', 'not-billable'].includes(resource.status ?? '')
    )
      for (const code of procedureCodes([resource.code]))
        push(lines, localOf(resource.context?.reference), { code, modifiers: [], denied: false });
    if (resource.resourceType === 'Claim' && resource.status === 'active')
      for (const { encounter, modifier, productOrService } of resource.item ?? [])
        for (const one of encounter ?? [])
          for (const code of procedureCodes([productOrService]))
            push(lines, localOf(one.reference), {
              code,
              modifiers: (modifier ?? []).flatMap((concept) => codesOf(concept)),
              denied: false,
            });
  }
  return lines;
}
