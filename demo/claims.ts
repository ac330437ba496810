import type { Claim, CodeableConcept, ExplanationOfBenefit } from '@medplum/fhirtypes';
import { dateOf } from './calendar.ts';
import type { Chart, Visit } from './chart.ts';
import { concept, hl7 } from './codes.ts';
import { startOf } from './encounters.ts';
import { hospital, payers, practice } from './organizations.ts';

const types = {
  professional: hl7('claim-type', 'professional', 'Professional'),
  institutional: hl7('claim-type', 'institutional', 'Institutional'),
};
const normal = hl7('processpriority', 'normal', 'Normal');
const submitted = hl7('adjudication', 'submitted', 'Submitted Amount');
const benefit = hl7('adjudication', 'benefit', 'Benefit Amount');
const unspecified = concept(['icd10', 'Z00.00', 'General adult medical examination']);
const childExamination = concept(['icd10', 'Z00.129', 'Routine child health examination']);

/** Claims of older visits were archived: they reach back this many days. */
const kept = 2190;

/** A claim for a visit and the payer's answer to it; nothing for the uninsured. Answered two to four weeks later. */
export function writeClaim(
  chart: Chart,
  visit: Visit,
  service: CodeableConcept,
  diagnosis: CodeableConcept | undefined,
  coverage: { reference: string } | undefined,
): void {
  const { person, random, subject, add } = chart;
  if (coverage === undefined || person.payer === undefined || visit.day < person.end - kept) return;
  const { id, name } = payers[person.payer];
  const insurer = { reference: `Organization/${id}`, display: name };
  const inHospital = visit.kind === 'emergency' || visit.kind === 'inpatient';
  const provider = inHospital ? hospital : practice;
  const charge = Math.round(
    inHospital ? random.normal(visit.kind === 'inpatient' ? 14200 : 1450, 300) : random.normal(172, 32),
  );
  const child = visit.day - person.birth < 18 * 365.25;
  const billedFor = diagnosis ?? (child ? childExamination : unspecified);
  const type = inHospital ? types.institutional : types.professional;
  const billed = Math.min(person.end - 1, visit.day + random.integer(1, 6));
  const claim: Claim = {
    resourceType: 'Claim',
    status: random.chance(0.01) ? 'cancelled' : 'active',
    type,
    use: 'claim',
    patient: subject,
    billablePeriod: { start: startOf(visit), end: startOf(visit) },
    created: dateOf(billed),
    insurer,
    provider,
    priority: normal,
    diagnosis: [{ sequence: 1, diagnosisCodeableConcept: billedFor }],
    insurance: [{ sequence: 1, focal: true, coverage }],
    item: [
      {
        sequence: 1,
        diagnosisSequence: [1],
        productOrService: service,
        servicedDate: dateOf(visit.day),
        encounter: [visit.encounter],
        unitPrice: dollars(charge),
        net: dollars(charge),
      },
    ],
    total: dollars(charge),
  };
  const reference = add(claim);
  const answered = visit.day + random.integer(10, 28);
  if (answered >= person.end) return;
  const paid = random.chance(0.04) ? 0 : Math.round(charge * (0.5 + 0.3 * random.next()));
  const explanation: ExplanationOfBenefit = {
    resourceType: 'ExplanationOfBenefit',
    status: 'active',
    type,
    use: 'claim',
    patient: subject,
    billablePeriod: { start: startOf(visit), end: startOf(visit) },
    created: dateOf(answered),
    insurer,
    provider,
    claim: { reference },
    outcome: 'complete',
    diagnosis: [{ sequence: 1, diagnosisCodeableConcept: billedFor }],
    insurance: [{ focal: true, coverage }],
    item: [
      {
        sequence: 1,
        diagnosisSequence: [1],
        productOrService: service,
        servicedDate: dateOf(visit.day),
        encounter: [visit.encounter],
        adjudication: [
          { category: submitted, amount: dollars(charge) },
          { category: benefit, amount: dollars(paid) },
        ],
      },
    ],
    total: [{ category: submitted, amount: dollars(charge) }],
    payment: { amount: dollars(paid), date: dateOf(answered) },
  };
  add(explanation);
}

function dollars(value: number): { value: number; currency: 'USD' } {
  return { value, currency: 'USD' };
}
