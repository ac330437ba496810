import type {
  AdverseEvent,
  Bundle,
  Claim,
  Condition,
  Encounter,
  MedicationAdministration,
  Resource,
} from '@medplum/fhirtypes';
import { explanations } from './explained.ts';

/**
 * The other side of each explanation: with what the case lacks put in, it must agree. Nothing else is changed, so the clause
 * that the explanation names is the one that decides.
 */
export const mendings: readonly { readonly measure: string; readonly cases: string; mend(bundle: Bundle): Bundle }[] = [
  {
    measure: 'CMS104FHIRSTKDCAntithrombotic',
    cases: '0b1aa8ee 348471db 451b6853 a2b8327c c15bee15 e84c89f7',
    mend: claimingAllEncounters,
  },
  {
    measure: 'CMS72FHIRSTKAntithromboticDay2',
    cases: '5a329008 cb7c95fc e126cdec febd4b3e',
    mend: claimingAllEncounters,
  },
  { measure: 'CMS1028FHIRPCSevereOBComps', cases: '763d86f9', mend: claimingAllEncounters },
  { measure: 'CMS1017FHIRHHFI', cases: '8045dee0 fd4ea84b', mend: withObservationStay },
  { measure: 'CMS0334FHIRPCCesareanBirth', cases: 'c58acff5', mend: withReasonThatIsThere },
  { measure: 'CMS819FHIRHHORAE', cases: '31b40acc', mend: withEncounterAroundEachOpioid },
  { measure: 'CMS819FHIRHHORAE', cases: '73b0c1fe', mend: withOpioidBeforeAntagonist },
  { measure: 'CMS1154ScreeningPrediabetesFHIR', cases: 'bc9c82ca', mend: withActiveConditions },
];

/** Explained cases, by measure, that no mending is written for: only strata differ in them. */
export function unmended(): string[] {
  return explanations.flatMap(({ measure, cases }) =>
    cases
      .split(/\s+/)
      .filter((id) => !mendings.some((each) => each.measure === measure && each.cases.includes(id)))
      .map((id) => `${measure} ${id}`),
  );
}

function changed(bundle: Bundle, change: (resource: Resource) => Resource, more: readonly Resource[] = []): Bundle {
  const entry = (bundle.entry ?? []).flatMap(({ resource }) =>
    resource === undefined ? [] : [{ resource: change(resource) }],
  );
  return { ...bundle, entry: [...entry, ...more.map((resource) => ({ resource }))] };
}

function ofType<T extends Resource>(bundle: Bundle, type: T['resourceType']): T[] {
  return (bundle.entry ?? []).flatMap(({ resource }) => (resource?.resourceType === type ? [resource as T] : []));
}

/** Items of Claims refer to every encounter of the case, and name all diagnoses. */
function claimingAllEncounters(bundle: Bundle): Bundle {
  const encounter = ofType<Encounter>(bundle, 'Encounter').map(({ id }) => ({ reference: `Encounter/${id}` }));
  return changed(bundle, (resource) => {
    if (resource.resourceType !== 'Claim') return resource;
    const diagnosisSequence = (resource.diagnosis ?? []).map(({ sequence }) => sequence ?? 0);
    return {
      ...resource,
      item: (resource.item ?? []).map((item) => ({ ...item, encounter, diagnosisSequence })),
    } as Claim;
  });
}

/** An observation stay of two days that ends half an hour before the inpatient encounter which a fall precedes. */
function withObservationStay(bundle: Bundle): Bundle {
  const falls = ofType<AdverseEvent>(bundle, 'AdverseEvent');
  const stays = ofType<Encounter>(bundle, 'Encounter')
    .filter(({ id, period }) =>
      falls.some(
        ({ encounter, date, recordedDate }) =>
          encounter?.reference === `Encounter/${id}` && (date ?? recordedDate ?? '') < (period?.start ?? ''),
      ),
    )
    .map((encounter): Encounter => {
      const admitted = Date.parse(encounter.period?.start ?? '');
      const at = (hours: number) => new Date(admitted - hours * 3_600_000).toISOString();
      return {
        ...encounter,
        id: `${encounter.id}-observed`,
        type: [{ coding: [{ system: 'http://snomed.info/sct', code: '448951000124107' }] }],
        period: { start: at(48), end: at(0.5) },
      };
    });
  return changed(bundle, (resource) => resource, stays);
}

/** The reason that the Encounter refers to is the Condition of that encounter. */
function withReasonThatIsThere(bundle: Bundle): Bundle {
  const reasonReference = ofType<Condition>(bundle, 'Condition').map(({ id }) => ({
    reference: `Condition/${id}`,
  }));
  return changed(bundle, (resource) =>
    resource.resourceType === 'Encounter' ? { ...resource, reasonReference } : resource,
  );
}

/** One more inpatient encounter, around the opioid that belongs to none. */
function withEncounterAroundEachOpioid(bundle: Bundle): Bundle {
  const [encounter] = ofType<Encounter>(bundle, 'Encounter');
  const last = ofType<MedicationAdministration>(bundle, 'MedicationAdministration')
    .map(({ effectivePeriod }) => effectivePeriod?.start ?? '')
    .toSorted()
    .at(-1);
  const day = last?.slice(0, 10);
  const period = { start: `${day}T00:00:00.000+00:00`, end: `${day}T23:59:59.000+00:00` };
  return changed(
    bundle,
    (resource) => resource,
    encounter === undefined ? [] : [{ ...encounter, id: 'second', period }],
  );
}

/** One more opioid, an hour before the antagonist. */
function withOpioidBeforeAntagonist(bundle: Bundle): Bundle {
  const given = ofType<MedicationAdministration>(bundle, 'MedicationAdministration').toSorted((a, b) =>
    (a.effectivePeriod?.start ?? '').localeCompare(b.effectivePeriod?.start ?? ''),
  );
  const [opioid, antagonist] = given;
  if (opioid === undefined) return bundle;
  const at = new Date(Date.parse(antagonist?.effectivePeriod?.start ?? '') - 3_600_000).toISOString();
  return changed(bundle, (resource) => resource, [
    { ...opioid, id: 'second', effectivePeriod: { start: at, end: at } },
  ]);
}

/** Conditions that are active need no abatement for their prevalence interval. */
function withActiveConditions(bundle: Bundle): Bundle {
  const clinicalStatus = {
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }],
  };
  return changed(bundle, (resource) =>
    resource.resourceType === 'Condition' ? { ...resource, clinicalStatus } : resource,
  );
}
