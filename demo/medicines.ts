import type { CodeableConcept } from '@medplum/fhirtypes';
import { type Day, dateOf } from './calendar.ts';
import { type Chart, has, type Visit } from './chart.ts';
import { concept, hl7, usCore } from './codes.ts';
import { startOf } from './encounters.ts';
import type { ProblemKey } from './problems.ts';

interface Medicine {
  readonly code: CodeableConcept;
  readonly sig: string;
}

const medicine = (rxnorm: string, display: string, sig: string): Medicine => ({
  code: concept(['rxnorm', rxnorm, display]),
  sig,
});
const daily = 'Take one tablet by mouth once daily';
const twice = 'Take one tablet by mouth twice daily';

const medicines = {
  lisinopril: medicine('314076', 'lisinopril 10 MG Oral Tablet', daily),
  losartan: medicine('979492', 'losartan potassium 50 MG Oral Tablet', daily),
  amlodipine: medicine('197361', 'amlodipine 5 MG Oral Tablet', daily),
  hydrochlorothiazide: medicine('310798', 'hydrochlorothiazide 25 MG Oral Tablet', daily),
  metoprolol: medicine('866436', '24 HR metoprolol succinate 50 MG Extended Release Oral Tablet', daily),
  metformin: medicine('861007', 'metformin hydrochloride 500 MG Oral Tablet', twice),
  glipizide: medicine('310490', 'glipizide 5 MG Oral Tablet', twice),
  empagliflozin: medicine('1545658', 'empagliflozin 10 MG Oral Tablet', daily),
  atorvastatin: medicine('617311', 'atorvastatin 40 MG Oral Tablet', daily),
  rosuvastatin: medicine('859747', 'rosuvastatin calcium 10 MG Oral Tablet', daily),
  clopidogrel: medicine('309362', 'clopidogrel 75 MG Oral Tablet', daily),
  apixaban: medicine('1364445', 'apixaban 5 MG Oral Tablet', twice),
  warfarin: medicine('855332', 'warfarin sodium 5 MG Oral Tablet', daily),
  furosemide: medicine('313988', 'furosemide 40 MG Oral Tablet', daily),
  carvedilol: medicine('200032', 'carvedilol 12.5 MG Oral Tablet', twice),
  fluticasone: medicine(
    '895994',
    '120 ACTUAT fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler',
    'Inhale two puffs twice daily',
  ),
  salmeterol: medicine(
    '896209',
    '60 ACTUAT fluticasone propionate 0.25 MG/ACTUAT / salmeterol 0.05 MG/ACTUAT Dry Powder Inhaler',
    'Inhale once twice daily',
  ),
  sertraline: medicine('312941', 'sertraline 50 MG Oral Tablet', daily),
  escitalopram: medicine('349332', 'escitalopram 10 MG Oral Tablet', daily),
  fluoxetine: medicine('310385', 'fluoxetine 20 MG Oral Capsule', 'Take one capsule by mouth once daily'),
  buprenorphine: medicine(
    '1010604',
    'buprenorphine 8 MG / naloxone 2 MG Sublingual Film',
    'Dissolve one film under the tongue daily',
  ),
  allopurinol: medicine('197319', 'allopurinol 100 MG Oral Tablet', daily),
  gabapentin: medicine('310431', 'gabapentin 300 MG Oral Capsule', 'Take one capsule by mouth three times daily'),
  naproxen: medicine('198014', 'naproxen 500 MG Oral Tablet', twice),
  donepezil: medicine('997223', 'donepezil hydrochloride 10 MG Oral Tablet', daily),
  loratadine: medicine('311372', 'loratadine 10 MG Oral Tablet', daily),
  amoxicillin: medicine('308191', 'amoxicillin 500 MG Oral Capsule', 'Take one capsule three times daily for ten days'),
  'amoxicillin-suspension': medicine(
    '308189',
    'amoxicillin 80 MG/ML Oral Suspension',
    'Give 5 mL twice daily for ten days',
  ),
  azithromycin: medicine(
    '308460',
    'azithromycin 250 MG Oral Tablet',
    'Two tablets the first day, then one daily for four days',
  ),
  nitrofurantoin: medicine(
    '1648759',
    'nitrofurantoin, macrocrystals 100 MG Oral Capsule',
    'Take one capsule twice daily for five days',
  ),
  ibuprofen: medicine('310965', 'ibuprofen 200 MG Oral Tablet', 'Take two tablets every six hours as needed'),
} as const satisfies Record<string, Medicine>;
export type MedicineKey = keyof typeof medicines;

/** Treatments by problem, each with the share of patients who get it. */
const treatments: Partial<Record<ProblemKey, readonly (readonly [MedicineKey, number])[]>> = {
  hypertension: [
    ['lisinopril', 0.5],
    ['losartan', 0.28],
    ['amlodipine', 0.35],
    ['hydrochlorothiazide', 0.3],
  ],
  diabetes: [
    ['metformin', 0.8],
    ['glipizide', 0.2],
    ['empagliflozin', 0.25],
  ],
  hyperlipidemia: [
    ['atorvastatin', 0.45],
    ['rosuvastatin', 0.25],
  ],
  'coronary-disease': [
    ['atorvastatin', 0.55],
    ['clopidogrel', 0.35],
    ['metoprolol', 0.5],
  ],
  'atrial-fibrillation': [
    ['apixaban', 0.65],
    ['warfarin', 0.12],
    ['metoprolol', 0.4],
  ],
  'heart-failure': [
    ['furosemide', 0.7],
    ['carvedilol', 0.6],
  ],
  asthma: [['fluticasone', 0.6]],
  copd: [['salmeterol', 0.65]],
  depression: [
    ['sertraline', 0.35],
    ['escitalopram', 0.3],
  ],
  'recurrent-depression': [
    ['escitalopram', 0.5],
    ['fluoxetine', 0.3],
  ],
  anxiety: [['sertraline', 0.4]],
  'opioid-dependence': [['buprenorphine', 0.7]],
  osteoarthritis: [['naproxen', 0.4]],
  'back-pain': [
    ['gabapentin', 0.2],
    ['naproxen', 0.3],
  ],
  'allergic-rhinitis': [['loratadine', 0.5]],
  dementia: [['donepezil', 0.5]],
};

/** A prescription for good: written at the first visit after the problem began, renewed about once a year while it lasts. */
interface Regimen {
  readonly key: MedicineKey;
  readonly problem: ProblemKey;
  /** Last day on which it was written. */
  written: Day;
  done: boolean;
}

export function drawRegimens({ problems, random }: Chart): Regimen[] {
  const found = new Map<MedicineKey, Regimen>();
  for (const problem of problems.keys()) {
    for (const [key, share] of treatments[problem] ?? []) {
      if (random.chance(share) && !found.has(key))
        found.set(key, { key, problem, written: Number.NEGATIVE_INFINITY, done: false });
    }
  }
  return [...found.values()];
}

/** Writes what is due of the regimens at a visit. A few are stopped for good instead of renewed. */
export function writeRegimens(chart: Chart, visit: Visit, regimens: readonly Regimen[]): void {
  for (const regimen of regimens) {
    if (regimen.done || !has(chart, regimen.problem, visit.day) || visit.day - regimen.written < 330) continue;
    regimen.done = regimen.written > 0 && chart.random.chance(0.06);
    const current = visit.day > chart.person.end - 400 && !regimen.done;
    write(chart, visit, medicines[regimen.key], regimen.done ? 'stopped' : current ? 'active' : 'completed', 90, 3);
    regimen.written = visit.day;
  }
}

export function writePrescription(chart: Chart, visit: Visit, key: MedicineKey): void {
  write(chart, visit, medicines[key], visit.day + 14 < chart.person.end ? 'completed' : 'active', 10, 0);
}

const outpatient = hl7('medicationrequest-category', 'outpatient', 'Outpatient');

function write(
  chart: Chart,
  visit: Visit,
  { code, sig }: Medicine,
  status: 'active' | 'completed' | 'stopped',
  days: number,
  refills: number,
): void {
  chart.add(
    {
      resourceType: 'MedicationRequest',
      status: chart.random.chance(0.006) ? 'entered-in-error' : status,
      intent: 'order',
      category: [outpatient],
      medicationCodeableConcept: code,
      subject: chart.subject,
      encounter: visit.encounter,
      authoredOn: startOf(visit),
      requester: visit.clinician,
      dosageInstruction: [
        { text: sig, ...(refills > 0 && { timing: { repeat: { boundsPeriod: { start: dateOf(visit.day) } } } }) },
      ],
      dispenseRequest: {
        numberOfRepeatsAllowed: refills,
        expectedSupplyDuration: { value: days, unit: 'd', system: 'http://unitsofmeasure.org', code: 'd' },
      },
    },
    { profile: usCore('medicationrequest') },
  );
}

const review = concept(['snomed', '428191000124101', 'Documentation of current medications']);

/** The list of current medicines is gone through at most planned visits. */
export function writeMedicineReview(chart: Chart, visit: Visit): void {
  if (
    visit.kind === 'emergency' ||
    visit.kind === 'hospice' ||
    !chart.random.chance(0.2 + 0.6 * chart.person.engagement)
  )
    return;
  chart.add(
    {
      resourceType: 'Procedure',
      status: 'completed',
      code: review,
      subject: chart.subject,
      encounter: visit.encounter,
      performedDateTime: startOf(visit),
    },
    { profile: usCore('procedure') },
  );
}
