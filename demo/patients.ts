import type { CodeableConcept, Resource } from '@medplum/fhirtypes';
import type { Day } from './calendar.ts';
import { writeAllergies, writeCarePlans } from './care.ts';
import { type Chart, openChart, type Visit } from './chart.ts';
import { writeClaim } from './claims.ts';
import { drawIllness, findings, reasonForVisit, writeDiagnosis, writeProblem, writeProblemList } from './conditions.ts';
import { writeCoverage, writePatient } from './demographics.ts';
import { isInPerson, writeEncounter } from './encounters.ts';
import { type Immunity, noImmunity, writeImmunizations } from './immunizations.ts';
import { type Chemistry, drawChemistry, writeLaboratory } from './laboratory.ts';
import { drawRegimens, writeMedicineReview, writePrescription, writeRegimens } from './medicines.ts';
import { type Person, personOf } from './person.ts';
import { drawPregnancies, type Pregnancy } from './pregnancy.ts';
import { writeDelivery, writeHospiceCare, writePalliativeCare, writePrevention } from './prevention.ts';
import { drawProblems, type ProblemKey } from './problems.ts';
import { seededRandom } from './random.ts';
import { drawTemper, type Temper, writeScreenings } from './screenings.ts';
import { type PlannedVisit, planVisits } from './visits.ts';
import { type Body, drawBody, writeVitals } from './vitals.ts';

/** One patient and everything that is known of them; every reference leads into this list or to the shared resources. */
export interface DemoPatient {
  readonly patientId: string;
  readonly resources: Resource[];
}

/** What stays the same over a life. */
interface Constitution {
  readonly body: Body;
  readonly chemistry: Chemistry;
  readonly temper: Temper;
  readonly regimens: ReturnType<typeof drawRegimens>;
  readonly immunity: Immunity;
  readonly pregnancies: readonly Pregnancy[];
  readonly coverage: { reference: string } | undefined;
}

/** The n-th patient (from 1): the same resources, byte for byte, for the same seed and as-of day. */
export function writeLife(seed: string, number: number, asOf: Day): DemoPatient {
  const person = personOf(seed, number, asOf);
  const random = seededRandom(`${seed}/${number}/life`);
  const chart = openChart(person, drawOnsets(person, random), random);
  writePatient(chart);
  const coverage = writeCoverage(chart);
  const pregnancies = drawPregnancies(person, random);
  const constitution: Constitution = {
    body: drawBody(chart),
    chemistry: drawChemistry(chart),
    temper: drawTemper(chart),
    regimens: drawRegimens(chart),
    immunity: noImmunity(),
    pregnancies,
    coverage,
  };
  writeProblemList(chart);
  writeAllergies(chart);
  for (const planned of planVisits(chart, pregnancies)) writeVisit(chart, planned, constitution);
  writePrevention(chart);
  writeCarePlans(chart);
  for (const { begin, end, lost } of pregnancies) {
    writeProblem(chart, findings.pregnancy, begin + 42, end < person.end ? end : undefined);
    if (!lost) writeDelivery(chart, end);
  }
  if (person.died !== undefined && random.chance(0.4)) writePalliativeCare(chart, person.died - random.integer(2, 40));
  duplicateOne(chart);
  return { patientId: person.id, resources: chart.resources };
}

function drawOnsets(person: Person, random: Chart['random']): Map<ProblemKey, Day> {
  const years = drawProblems(person, person.story?.problems ?? [], random);
  return new Map(
    [...years].map(([key, lasted]) => [key, Math.max(person.birth, person.end - 15 - Math.floor(lasted * 365.2425))]),
  );
}

function writeVisit(chart: Chart, planned: PlannedVisit, constitution: Constitution): void {
  const { kind, day } = planned;
  const unplanned = kind === 'acute' || kind === 'emergency';
  const illness = unplanned ? drawIllness(chart, day) : undefined;
  const reason =
    illness?.code ??
    (kind === 'prenatal' ? findings.pregnancy : kind === 'well-child' ? undefined : reasonForVisit(chart, day));
  const visit = writeEncounter(chart, planned, reason);
  if (visit === undefined) return;
  if (kind === 'hospice') writeHospiceCare(chart, visit.day);
  else document(chart, visit, constitution);
  if (illness !== undefined) {
    writeDiagnosis(chart, visit, illness.code, illness.days);
    if (illness.medicine !== undefined) writePrescription(chart, visit, illness.medicine);
  } else if (reason !== undefined && chart.random.chance(0.3)) writeDiagnosis(chart, visit, reason);
  writeClaim(chart, visit, billedService(chart), reason, constitution.coverage);
}

function document(chart: Chart, visit: Visit, { body, chemistry, temper, regimens, immunity }: Constitution): void {
  if (isInPerson(visit.kind)) writeVitals(chart, visit, body);
  writeScreenings(chart, visit, temper);
  writeLaboratory(chart, visit, chemistry);
  if (visit.kind !== 'acute' && visit.kind !== 'emergency') writeRegimens(chart, visit, regimens);
  writeMedicineReview(chart, visit);
  writeImmunizations(chart, visit, immunity);
}

/** What the visit is billed as: the type of the encounter that was written last. */
function billedService(chart: Chart): CodeableConcept {
  const encounter = chart.resources.findLast((one) => one.resourceType === 'Encounter');
  return encounter?.type?.[0] ?? { text: 'Visit' };
}

/** Interfaces send things twice: in one record of ten, a result is there again under another id. */
function duplicateOne(chart: Chart): void {
  if (!chart.random.chance(0.1)) return;
  const original = chart.resources.findLast((one) => one.resourceType === 'Observation');
  if (original === undefined) return;
  const { id: _id, meta: _meta, ...copy } = original;
  chart.add(copy);
}
