import type { Observation } from '@medplum/fhirtypes';
import { ageOn, yearOf } from './calendar.ts';
import { type Chart, has, type Visit } from './chart.ts';
import { concept, hl7, usCore } from './codes.ts';
import { during } from './encounters.ts';
import { measurable, quantity, writeNumber } from './observations.ts';
import type { PressureHistory } from './stories.ts';

const vital = {
  height: measurable('vital', '8302-2', 'Body height', 'cm', 1, { profile: 'body-height' }),
  weight: measurable('vital', '29463-7', 'Body weight', 'kg', 1, { profile: 'body-weight' }),
  bmi: measurable('vital', '39156-5', 'Body mass index (BMI)', 'kg/m2', 1, { profile: 'bmi' }),
  bmiPercentile: measurable('vital', '59576-9', 'BMI percentile per age and sex', '%', 0, {
    profile: 'pediatric-bmi-for-age',
  }),
  head: measurable('vital', '8287-5', 'Head circumference by tape measure', 'cm', 1),
  heartRate: measurable('vital', '8867-4', 'Heart rate', '/min', 0, { profile: 'heart-rate' }),
  breaths: measurable('vital', '9279-1', 'Respiratory rate', '/min', 0, { profile: 'respiratory-rate' }),
  temperature: measurable('vital', '8310-5', 'Body temperature', 'Cel', 1, { profile: 'body-temperature' }),
  oxygen: measurable('vital', '59408-5', 'Oxygen saturation by pulse oximetry', '%', 0),
};

const bloodPressure = concept(['loinc', '85354-9', 'Blood pressure panel with all children optional']);
const systolic = concept(['loinc', '8480-6', 'Systolic blood pressure']);
const diastolic = concept(['loinc', '8462-4', 'Diastolic blood pressure']);
const vitalSigns = hl7('observation-category', 'vital-signs', 'Vital Signs');
const notMeasured = hl7('data-absent-reason', 'not-performed', 'Not Performed');

/** What a body is like over the years; drawn once, so that a chart reads as one person's. */
export interface Body {
  readonly adultHeight: number;
  /** BMI at the last visit; children: percentile of it, 1 to 99. */
  readonly bmi: number;
  readonly percentile: number;
  readonly pressure: PressureHistory;
  readonly restingRate: number;
}

export function drawBody({ person, random, problems }: Chart): Body {
  const obese = problems.has('obesity');
  const controlled = random.chance(0.44 + 0.42 * person.engagement);
  const measured = random.chance(0.96);
  return {
    adultHeight: person.sex === 'female' ? random.normal(162, 6.5) : random.normal(176, 7),
    bmi: obese ? 30.2 + Math.abs(random.normal(0, 5)) : Math.min(29.8, Math.max(17.5, random.normal(25, 2.9))),
    percentile: obese ? random.integer(95, 99) : random.integer(6, 94),
    pressure: person.story?.pressure ?? (!measured ? 'not-measured' : controlled ? 'controlled' : 'uncontrolled'),
    restingRate: random.normal(73, 8),
  };
}

/** Writes the vital signs of one visit. A hypertensive whose history says so has none in the last calendar year. */
export function writeVitals(chart: Chart, visit: Visit, body: Body): void {
  const { person, random } = chart;
  const age = (visit.day - person.birth) / 365.2425;
  const percent = Math.min(1, Math.sqrt(Math.max(0, age) / 18));
  const height =
    age >= 18
      ? body.adultHeight - Math.max(0, age - 60) * 0.1
      : 50 + (body.adultHeight - 50) * (0.45 * percent + 0.55 * Math.min(1, age / 17));
  const drift = ((person.end - visit.day) / 365) * 0.12;
  const bmi = age >= 18 ? body.bmi - drift + random.normal(0, 0.35) : childBmi(age, body.percentile);
  if (age >= 18 ? random.chance(0.2) || visit.kind === 'annual' : true) writeNumber(chart, visit, vital.height, height);
  writeNumber(chart, visit, vital.weight, (bmi * height * height) / 10000);
  if (age >= 2) writeNumber(chart, visit, vital.bmi, bmi);
  if (age >= 3 && age < 18) writeNumber(chart, visit, vital.bmiPercentile, body.percentile);
  if (age < 2) writeNumber(chart, visit, vital.head, 34.5 + 13 * Math.sqrt(Math.max(0, age) / 2));
  if (age >= 3) writePressure(chart, visit, body, age);
  writeNumber(
    chart,
    visit,
    vital.heartRate,
    age < 3 ? random.normal(118, 10) : age < 12 ? random.normal(92, 9) : body.restingRate + random.normal(0, 6),
  );
  if (random.chance(0.3))
    writeNumber(chart, visit, vital.breaths, age < 3 ? random.normal(28, 3) : random.normal(16, 1.6));
  if (random.chance(visit.kind === 'acute' || visit.kind === 'emergency' ? 0.95 : 0.2))
    writeNumber(
      chart,
      visit,
      vital.temperature,
      visit.kind === 'acute' ? random.normal(37.4, 0.6) : random.normal(36.8, 0.25),
    );
  if (random.chance(0.35))
    writeNumber(
      chart,
      visit,
      vital.oxygen,
      Math.min(100, random.normal(has(chart, 'copd', visit.day) ? 93.5 : 97.6, 1.1)),
    );
}

function childBmi(age: number, percentile: number): number {
  const middle = age < 2 ? 16.8 : age < 6 ? 15.6 : 15.6 + (age - 6) * 0.5;
  return middle + ((percentile - 50) / 49) * (age < 6 ? 2 : 4.5);
}

function writePressure(chart: Chart, visit: Visit, body: Body, age: number): void {
  const { person, random, subject } = chart;
  const hypertensive = has(chart, 'hypertension', visit.day);
  const thisYear = yearOf(visit.day) === yearOf(person.end - 1);
  if (hypertensive && thisYear && body.pressure === 'not-measured') return;
  const [over, under] = reading(chart, visit, body, age, hypertensive);
  const onlySystolic = random.chance(0.004);
  const mistake = random.chance(0.004);
  const observation: Observation = {
    resourceType: 'Observation',
    status: mistake ? 'entered-in-error' : 'final',
    category: [vitalSigns],
    code: bloodPressure,
    subject,
    encounter: visit.encounter,
    effectiveDateTime: during(visit, 6),
    performer: [visit.clinician],
    component: [
      { code: systolic, valueQuantity: quantity(over, 'mm[Hg]', 0) },
      onlySystolic
        ? { code: diastolic, dataAbsentReason: notMeasured }
        : { code: diastolic, valueQuantity: quantity(under, 'mm[Hg]', 0) },
    ],
  };
  chart.add(observation, { profile: usCore('blood-pressure') });
}

function reading(chart: Chart, visit: Visit, body: Body, age: number, hypertensive: boolean): [number, number] {
  const { random, person } = chart;
  if (!hypertensive) {
    const mean = age < 18 ? 92 + age * 1.3 : 114 + Math.max(0, ageOn(person.birth, visit.day) - 30) * 0.2;
    return [random.normal(mean, 7), random.normal(mean * 0.62, 5)];
  }
  const onset = chart.problems.get('hypertension') ?? visit.day;
  // Treatment takes about half a year to work, even where it will.
  const treated = body.pressure === 'controlled' && visit.day - onset > 180;
  const last = person.story?.pressure !== undefined;
  if (treated)
    return [Math.min(last ? 138 : 170, random.normal(128, 7.5)), Math.min(last ? 88 : 105, random.normal(76, 6))];
  return [Math.max(last ? 144 : 100, random.normal(149, 9)), random.normal(86, 7)];
}
