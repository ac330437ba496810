import type { CarePlan } from '@medplum/fhirtypes';
import { type Day, dateOf } from './calendar.ts';
import type { Chart } from './chart.ts';
import { concept, hl7, usCore } from './codes.ts';
import type { ProblemKey } from './problems.ts';

const allergens = [
  concept(['rxnorm', '7980', 'penicillin G']),
  concept(['rxnorm', '10831', 'sulfamethoxazole / trimethoprim']),
  concept(['snomed', '91935009', 'Allergy to peanut']),
  concept(['snomed', '300916003', 'Latex allergy']),
] as const;
const noKnownAllergy = concept(['snomed', '716186003', 'No known allergy']);
const active = hl7('allergyintolerance-clinical', 'active', 'Active');
const confirmed = hl7('allergyintolerance-verification', 'confirmed', 'Confirmed');
const hives = concept(['snomed', '126485001', 'Urticaria']);

export function writeAllergies(chart: Chart): void {
  const { random, person } = chart;
  const recordedDate = dateOf(person.joined);
  const some = random.chance(person.age < 18 ? 0.12 : 0.26);
  if (!some && random.chance(0.35)) return;
  const code = some ? random.pick(allergens) : noKnownAllergy;
  chart.add(
    {
      resourceType: 'AllergyIntolerance',
      clinicalStatus: active,
      verificationStatus: confirmed,
      code,
      patient: chart.subject,
      recordedDate,
      ...(some && { reaction: [{ manifestation: [hives], severity: random.pick(['mild', 'moderate', 'severe']) }] }),
    },
    { profile: usCore('allergyintolerance') },
  );
}

const assessPlan = concept([
  'http://hl7.org/fhir/us/core/CodeSystem/careplan-category',
  'assess-plan',
  'Assessment and Plan of Treatment',
]);
const aims: Partial<Record<ProblemKey, readonly [plan: string, goal: string]>> = {
  diabetes: ['Diabetes self-management: diet, glucose log, foot care', 'HbA1c below 8 %'],
  hypertension: ['Home blood pressure log, less salt, thirty minutes of walking a day', 'Blood pressure below 140/90'],
  'heart-failure': ['Daily weight, fluid limit, early call when it rises', 'Weight within 2 kg of dry weight'],
  depression: ['Weekly contact with the care manager, PHQ-9 each month', 'PHQ-9 below 5'],
};

/** A care plan and its goal for some of those whose problem is managed by plan. */
export function writeCarePlans(chart: Chart): void {
  const { random, person, problems, add, subject } = chart;
  for (const [key, aim] of Object.entries(aims)) {
    const onset = problems.get(key as ProblemKey);
    if (aim === undefined || onset === undefined || !random.chance(0.3)) continue;
    const start: Day = Math.min(person.end - 1, Math.max(onset, person.joined) + random.integer(0, 200));
    const goal = add(
      {
        resourceType: 'Goal',
        lifecycleStatus: 'active',
        description: { text: aim[1] },
        subject,
        startDate: dateOf(start),
      },
      { profile: usCore('goal') },
    );
    const carePlan: CarePlan = {
      resourceType: 'CarePlan',
      text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${aim[0]}</div>` },
      status: 'active',
      intent: 'plan',
      category: [assessPlan],
      subject,
      period: { start: dateOf(start) },
      goal: [{ reference: goal }],
    };
    add(carePlan, { profile: usCore('careplan') });
  }
}
