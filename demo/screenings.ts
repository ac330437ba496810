import type { CodeableConcept } from '@medplum/fhirtypes';
import { type Chart, has, type Visit } from './chart.ts';
import { concept } from './codes.ts';
import { measurable, writeAnswer, writeNumber } from './observations.ts';

const smoking = concept(['loinc', '72166-2', 'Tobacco smoking status']);
const smokingStatus: Record<'never' | 'former' | 'current', CodeableConcept> = {
  never: concept(['snomed', '266919005', 'Never smoked tobacco']),
  former: concept(['snomed', '8517006', 'Ex-smoker']),
  current: concept(['snomed', '449868002', 'Smokes tobacco daily']),
};
const survey = (loinc: string, display: string): ReturnType<typeof measurable> =>
  measurable('survey', loinc, display, '{score}', 0);
const phq2 = survey('55758-7', 'PHQ-2 total score');
const phq9 = survey('44261-6', 'PHQ-9 total score');
const gad7 = survey('70274-6', 'GAD-7 total score');
const pain = survey('72514-3', 'Pain severity, 0 to 10');
const audit = survey('75626-2', 'AUDIT-C total score');
const falls = concept(['loinc', '73830-2', 'Fall risk assessment']);
const fallRisk = {
  low: { text: 'No falls in the past year' },
  high: concept(['snomed', '129839007', 'At increased risk for falls']),
};
const food = concept(['loinc', '88124-3', 'Food insecurity risk']);
const foodRisk = {
  atRisk: concept(['loinc', 'LA19952-3', 'At risk']),
  noRisk: concept(['loinc', 'LA19983-8', 'No risk']),
};
const housing = concept(['loinc', '71802-3', 'Housing status']);
const housed = {
  home: { text: 'Lives at home' },
  nursingHome: concept(['snomed', '160734000', 'Lives in nursing home']),
};

/** What is drawn once about how someone answers. */
export interface Temper {
  /** PHQ-9 that this person tends to. */
  readonly mood: number;
  readonly foodInsecure: boolean;
  readonly nursingHome: boolean;
}

export function drawTemper({ problems, random, person }: Chart): Temper {
  const depressed = problems.has('depression') || problems.has('recurrent-depression');
  return {
    mood: depressed ? random.normal(random.chance(0.45) ? 4 : 12, 2.5) : random.next() ** 3 * 9,
    foodInsecure: random.chance(person.payer === 'medicaid' || person.payer === undefined ? 0.24 : 0.06),
    nursingHome: person.age >= 78 && random.chance(problems.has('dementia') ? 0.3 : 0.03),
  };
}

/** Writes the questionnaires of a visit: what a nurse asks before the clinician comes in. */
export function writeScreenings(chart: Chart, visit: Visit, temper: Temper): void {
  const { person, random } = chart;
  const age = (visit.day - person.birth) / 365.2425;
  const { kind, day } = visit;
  const planned = kind === 'annual' || kind === 'new-patient' || (kind === 'well-child' && age >= 12);
  if (age >= 13 && (planned || kind === 'follow-up') && random.chance(planned ? 0.92 : 0.3)) {
    writeAnswer(
      chart,
      visit,
      'social',
      smoking,
      random.chance(0.01) ? undefined : smokingStatus[person.smoking],
      'smokingstatus',
    );
  }
  if (age >= 12 && planned && random.chance(0.3 + 0.6 * person.engagement)) {
    const score = Math.max(0, random.normal(temper.mood, 1.6));
    writeNumber(chart, visit, phq2, Math.min(6, score / 3), 3);
    if (score >= 5 || has(chart, 'depression', day)) writeNumber(chart, visit, phq9, Math.min(27, score), 3);
    if (random.chance(0.25))
      writeNumber(chart, visit, gad7, Math.min(21, Math.max(0, random.normal(temper.mood * 0.8, 2))), 3);
  } else if (
    (kind === 'follow-up' || kind === 'video') &&
    (has(chart, 'depression', day) || has(chart, 'recurrent-depression', day)) &&
    random.chance(0.55)
  ) {
    const months = (day - (chart.problems.get('depression') ?? chart.problems.get('recurrent-depression') ?? day)) / 30;
    writeNumber(chart, visit, phq9, Math.max(0, Math.min(27, random.normal(months < 6 ? 15 : temper.mood, 2.2))), 3);
  }
  if (age >= 18 && planned && random.chance(0.45))
    writeNumber(chart, visit, audit, Math.min(12, random.next() ** 2.5 * 9), 3);
  if (age >= 18 && planned && random.chance(0.4))
    writeAnswer(chart, visit, 'survey', food, temper.foodInsecure ? foodRisk.atRisk : foodRisk.noRisk);
  if (age >= 65 && planned && random.chance(0.25 + 0.6 * person.engagement)) {
    writeAnswer(
      chart,
      visit,
      'survey',
      falls,
      random.chance(has(chart, 'frailty', day) ? 0.7 : 0.18) ? fallRisk.high : fallRisk.low,
    );
  }
  if (age >= 75 && planned && random.chance(0.5))
    writeAnswer(chart, visit, 'survey', housing, temper.nursingHome ? housed.nursingHome : housed.home);
  if (age >= 18 && kind !== 'video' && kind !== 'telephone' && kind !== 'hospice' && random.chance(0.35)) {
    const hurts = has(chart, 'back-pain', day) || has(chart, 'osteoarthritis', day) || kind === 'emergency';
    writeNumber(
      chart,
      visit,
      pain,
      Math.min(10, Math.max(0, hurts ? random.normal(4.5, 2) : random.next() ** 3 * 6)),
      4,
    );
  }
}
