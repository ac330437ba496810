import type { CodeableConcept, Encounter } from '@medplum/fhirtypes';
import { ageOn, dayFrom, instantOf } from './calendar.ts';
import type { Chart, Visit, VisitKind } from './chart.ts';
import { coding, concept, hl7, usCore } from './codes.ts';
import {
  type Clinician,
  clinicianReference,
  clinicians,
  hospital,
  locationReference,
  practice,
} from './organizations.ts';
import type { PlannedVisit } from './visits.ts';

const actCode = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const classes = {
  office: coding([actCode, 'AMB', 'ambulatory']),
  virtual: coding([actCode, 'VR', 'virtual']),
  home: coding([actCode, 'HH', 'home health']),
  emergency: coding([actCode, 'EMER', 'emergency']),
  inpatient: coding([actCode, 'IMP', 'inpatient encounter']),
};

const checkUp = ['snomed', '185349003', 'Encounter for check up'] as const;
const established = [
  concept(['cpt', '99213', 'Office visit, established patient, low complexity']),
  concept(['cpt', '99214', 'Office visit, established patient, moderate complexity']),
  concept(['cpt', '99212', 'Office visit, established patient, straightforward']),
] as const;
const consultation = concept(
  ['cpt', '99204', 'Office visit, new patient, moderate complexity'],
  ['snomed', '185349003', 'Encounter for check up'],
);
const annualWellness = concept(['hcpcs', 'G0439', 'Annual wellness visit, subsequent']);
const firstWellness = concept(['hcpcs', 'G0438', 'Annual wellness visit, initial']);
const preventive = {
  adult: byAge([40, '99395', '18 to 39'], [65, '99396', '40 to 64'], [200, '99397', '65 and over']),
  child: byAge([1, '99391', 'under 1'], [5, '99392', '1 to 4'], [12, '99393', '5 to 11'], [200, '99394', '12 to 17']),
};

function byAge(
  ...bands: readonly (readonly [below: number, cpt: string, ages: string])[]
): (age: number) => CodeableConcept {
  const concepts = bands.map(([below, cpt, ages]) => ({
    below,
    code: concept(['cpt', cpt, `Preventive visit, ${ages}`], checkUp),
  }));
  const oldest = concepts.at(-1)?.code ?? concept(checkUp);
  return (age) => concepts.find(({ below }) => age < below)?.code ?? oldest;
}

/** The codes 99441-99443 were retired at the end of 2024. */
const telephoneCodes = {
  since: dayFrom(2025, 1, 1),
  retired: concept(['cpt', '99442', 'Telephone visit, 11 to 20 minutes']),
  current: concept(['cpt', '98013', 'Audio-only visit, established patient, low complexity']),
};

const others: Partial<Record<VisitKind, CodeableConcept>> = {
  'new-patient': concept(['cpt', '99203', 'Office visit, new patient, low complexity']),
  home: concept(['cpt', '99348', 'Home visit, established patient']),
  prenatal: concept(['cpt', '99213', 'Office visit, established patient, low complexity']),
  emergency: concept(
    ['cpt', '99284', 'Emergency department visit, moderate'],
    ['snomed', '4525004', 'Emergency department patient visit'],
  ),
  inpatient: concept(['snomed', '32485007', 'Hospital admission'], ['cpt', '99223', 'Initial hospital care']),
  hospice: concept(['snomed', '305336008', 'Admission to hospice']),
};

function typeOf(chart: Chart, { day, kind }: PlannedVisit): CodeableConcept {
  const { person, random } = chart;
  const age = ageOn(person.birth, day);
  if (kind === 'annual' && age >= 66 && random.chance(0.75))
    return day < person.joined + 500 ? firstWellness : annualWellness;
  if (kind === 'annual') return preventive.adult(age);
  if (kind === 'well-child') return preventive.child(age);
  if (kind === 'telephone') return day < telephoneCodes.since ? telephoneCodes.retired : telephoneCodes.current;
  if (kind === 'specialist') return random.chance(0.3) ? consultation : established[1];
  return others[kind] ?? random.pick(established);
}

function classOf(kind: VisitKind): Encounter['class'] {
  if (kind === 'video' || kind === 'telephone') return classes.virtual;
  if (kind === 'emergency') return classes.emergency;
  if (kind === 'inpatient') return classes.inpatient;
  return kind === 'home' || kind === 'hospice' ? classes.home : classes.office;
}

function clinicianOf({ person, random }: Chart, kind: VisitKind): Clinician {
  const index = { prenatal: 9, specialist: 10, emergency: 11, inpatient: 11 }[kind as string];
  if (index !== undefined) return clinicians[index] ?? person.clinician;
  // One visit in seven is with a colleague.
  return random.chance(0.85) ? person.clinician : (clinicians[random.integer(0, 8)] ?? person.clinician);
}

const routine = hl7('participant-type', 'PPRF', 'primary performer');
const discharges = {
  home: hl7('discharge-disposition', 'home', 'Home'),
  hospice: concept(['snomed', '428361000124107', 'Discharge to home for hospice care']),
  facility: hl7('discharge-disposition', 'snf', 'Skilled nursing facility'),
};

/** Writes the Encounter. Undefined when the appointment was cancelled or missed: then nothing happened in it. */
export function writeEncounter(
  chart: Chart,
  planned: PlannedVisit,
  reason: CodeableConcept | undefined,
): Visit | undefined {
  const { random, subject, person } = chart;
  const { day, kind } = planned;
  const clinician = clinicianOf(chart, kind);
  const minute = kind === 'emergency' ? random.integer(0, 1380) : 480 + 15 * random.integer(0, 34);
  const missed = kind !== 'inpatient' && kind !== 'emergency' && kind !== 'hospice' && random.chance(0.035);
  const nights = kind === 'inpatient' ? Math.min(random.integer(1, 6), Math.max(0, person.end - day - 1)) : 0;
  const atHospital = kind === 'inpatient' || kind === 'emergency';
  const practitioner = clinicianReference(clinician);
  const minutes = kind === 'inpatient' ? 55 : kind === 'emergency' ? random.integer(10, 50) : random.integer(10, 45);
  const encounter: Encounter = {
    resourceType: 'Encounter',
    status: missed ? 'cancelled' : 'finished',
    class: classOf(kind),
    type: [typeOf(chart, planned)],
    subject,
    participant: [{ type: [routine], individual: practitioner }],
    period: { start: instantOf(day, minute), end: instantOf(day + nights, Math.min(1439, minute + minutes)) },
    ...(reason !== undefined && { reasonCode: [reason] }),
    ...(kind === 'inpatient' && {
      hospitalization: {
        dischargeDisposition: random.weighted([
          [discharges.home, 84],
          [discharges.facility, 16],
        ]),
      },
    }),
    location: [{ location: locationReference(clinician.location) }],
    serviceProvider: atHospital ? hospital : practice,
  };
  const reference = chart.add(encounter, { profile: usCore('encounter') });
  return missed ? undefined : { day, minute, kind, encounter: { reference }, clinician: practitioner };
}

/** Whether someone could be examined, measured and pricked. */
export function isInPerson(kind: VisitKind): boolean {
  return kind !== 'video' && kind !== 'telephone' && kind !== 'hospice';
}

export function startOf(visit: Visit): string {
  return instantOf(visit.day, visit.minute);
}

/** An instant some minutes into the visit. */
export function during(visit: Visit, minutes: number): string {
  return instantOf(visit.day, Math.min(1439, visit.minute + minutes));
}
