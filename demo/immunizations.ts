import type { CodeableConcept } from '@medplum/fhirtypes';
import { ageOn, dayFrom, yearOf } from './calendar.ts';
import type { Chart, Visit } from './chart.ts';
import { concept, hl7, usCore } from './codes.ts';
import { during, isInPerson } from './encounters.ts';
import { locationReference } from './organizations.ts';

interface Vaccine {
  readonly code: CodeableConcept;
  /** Ages in months at which doses are due (CDC schedule, simplified). */
  readonly due: readonly number[];
  /** How much worse than the patient's engagement uptake is. */
  readonly uptake: number;
  readonly from?: number;
  readonly within?: number;
}

const vaccine = (
  cvx: string,
  display: string,
  due: readonly number[],
  uptake = 1,
  options: { from?: number; within?: number } = {},
): Vaccine => ({
  code: concept(['cvx', cvx, display]),
  due,
  uptake,
  ...options,
});

const years = (...list: number[]): number[] => list.map((year) => year * 12);

/** `within`: months after which a dose that was missed is not caught up. `from`: first day that it existed. */
const schedule: readonly Vaccine[] = [
  vaccine('08', 'Hep B, adolescent or pediatric', [0, 1, 6], 1.15, { within: 60 }),
  vaccine('116', 'Rotavirus, pentavalent', [2, 4, 6], 1.05, { within: 2 }),
  vaccine('20', 'DTaP', [2, 4, 6, 15, 48], 1.15, { within: 24 }),
  vaccine('48', 'Hib (PRP-T)', [2, 4, 6, 12], 1.12, { within: 20 }),
  vaccine('133', 'Pneumococcal conjugate PCV 13', [2, 4, 6, 12], 1.12, { within: 20 }),
  vaccine('10', 'IPV', [2, 4, 6, 48], 1.15, { within: 30 }),
  vaccine('03', 'MMR', [12, 48], 1.18, { within: 100 }),
  vaccine('21', 'Varicella', [12, 48], 1.15, { within: 100 }),
  vaccine('83', 'Hep A, pediatric', [12, 18], 1.05, { within: 60 }),
  vaccine('115', 'Tdap', years(11), 1.1, { within: 60 }),
  vaccine('165', 'HPV9', [132, 138], 0.85, { within: 60, from: dayFrom(2015, 3, 1) }),
  vaccine('114', 'Meningococcal MCV4P', years(11, 16), 1.05, { within: 36 }),
  vaccine('113', 'Td (adult)', years(22, 32, 42, 52, 62, 72), 0.85, { within: 110 }),
  vaccine('187', 'Zoster recombinant', [600, 604], 0.6, { within: 360, from: dayFrom(2018, 1, 1) }),
  vaccine('33', 'Pneumococcal polysaccharide PPV23', years(65), 0.8, { within: 120 }),
  vaccine('216', 'Pneumococcal conjugate PCV20', years(66), 0.8, { within: 300, from: dayFrom(2022, 1, 1) }),
  vaccine('309', 'COVID-19, mRNA, Pfizer-BioNTech', years(12), 0.75, { within: 1200, from: dayFrom(2023, 9, 15) }),
];
const influenza = concept(['cvx', '150', 'Influenza, injectable, quadrivalent, preservative free']);
const influenzaNow = concept(['cvx', '140', 'Influenza, injectable, trivalent, preservative free']);
const influenzaTrivalentSince = dayFrom(2024, 7, 1);
const refusal = hl7('v3-ActReason', 'PATOBJ', 'patient objection');

/** What has been given, so that each dose is given once. */
export interface Immunity {
  readonly doses: Map<Vaccine, number>;
  readonly lastDose: Map<Vaccine, number>;
  influenzaSeason: number;
}

export function noImmunity(): Immunity {
  return { doses: new Map(), lastDose: new Map(), influenzaSeason: 0 };
}

/** Gives what is due at a visit in the office. Doses due long before the patient joined were given elsewhere, unknown to us. */
export function writeImmunizations(chart: Chart, visit: Visit, immunity: Immunity): void {
  const { person, random } = chart;
  if (!isInPerson(visit.kind) || visit.kind === 'inpatient' || visit.kind === 'emergency' || visit.kind === 'acute')
    return;
  const months = (visit.day - person.birth) / 30.44;
  for (const one of schedule) {
    if (one.from !== undefined && visit.day < one.from) continue;
    const next = one.due.findIndex(
      (due, dose) => dose >= (immunity.doses.get(one) ?? 0) && months < due + (one.within ?? 24),
    );
    const due = one.due[next];
    if (due === undefined || months < due - 0.3 || visit.day - (immunity.lastDose.get(one) ?? 0) < 27) continue;
    immunity.doses.set(one, next + 1);
    if (random.chance(Math.min(0.98, person.engagement * one.uptake + (months < 72 ? 0.16 : 0)))) {
      write(chart, visit, one.code, true);
      immunity.lastDose.set(one, visit.day);
    } else if (random.chance(0.1)) write(chart, visit, one.code, false);
  }
  const season = yearOf(visit.day + 150);
  const inSeason = visit.day - dayFrom(season - 1, 9, 1);
  if (months >= 6 && inSeason >= 0 && inSeason < 170 && immunity.influenzaSeason !== season) {
    immunity.influenzaSeason = season;
    const willing = random.chance(person.engagement * (ageOn(person.birth, visit.day) >= 65 ? 1 : 0.72));
    if (willing || random.chance(0.08))
      write(chart, visit, visit.day < influenzaTrivalentSince ? influenza : influenzaNow, willing);
  }
}

function write(chart: Chart, visit: Visit, vaccineCode: CodeableConcept, given: boolean): void {
  chart.add(
    {
      resourceType: 'Immunization',
      status: given ? 'completed' : 'not-done',
      ...(!given && { statusReason: refusal }),
      vaccineCode,
      patient: chart.subject,
      encounter: visit.encounter,
      occurrenceDateTime: during(visit, 12),
      primarySource: true,
      location: locationReference(chart.person.clinician.location),
    },
    { profile: usCore('immunization') },
  );
}
