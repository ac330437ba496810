import type { CodeableConcept, Condition } from '@medplum/fhirtypes';
import { type Day, dateOf } from './calendar.ts';
import type { Chart, Visit } from './chart.ts';
import { concept, hl7, usCore } from './codes.ts';
import { startOf } from './encounters.ts';
import { type ProblemKey, problems } from './problems.ts';

const active = hl7('condition-clinical', 'active', 'Active');
const resolved = hl7('condition-clinical', 'resolved', 'Resolved');
const remission = hl7('condition-clinical', 'remission', 'Remission');
const confirmed = hl7('condition-ver-status', 'confirmed', 'Confirmed');
const mistaken = hl7('condition-ver-status', 'entered-in-error', 'Entered in Error');
const problemList = hl7('condition-category', 'problem-list-item', 'Problem List Item');
const encounterDiagnosis = hl7('condition-category', 'encounter-diagnosis', 'Encounter Diagnosis');

/** Findings that are dated facts and no chronic problem of the table. */
export const findings = {
  bilateralMastectomy: concept(
    ['icd10', 'Z90.13', 'Acquired absence of bilateral breasts'],
    ['snomed', '428529004', 'History of bilateral mastectomy'],
  ),
  rightMastectomy: concept(
    ['icd10', 'Z90.11', 'Acquired absence of right breast'],
    ['snomed', '429242008', 'History of right mastectomy'],
  ),
  pregnancy: concept(['icd10', 'Z33.1', 'Pregnant state'], ['snomed', '77386006', 'Pregnancy']),
};

/** One entry of the problem list. Some have no onset, as charts that were typed in by hand do. */
export function writeProblem(chart: Chart, code: CodeableConcept, onset: Day, end?: Day): void {
  const { random, subject, person } = chart;
  const recorded = Math.min(person.end - 1, Math.max(onset, person.joined));
  const condition: Condition = {
    resourceType: 'Condition',
    clinicalStatus: end === undefined ? active : resolved,
    verificationStatus: confirmed,
    category: [problemList],
    code,
    subject,
    ...(!random.chance(0.03) && { onsetDateTime: dateOf(onset) }),
    ...(end !== undefined && { abatementDateTime: dateOf(end) }),
    recordedDate: dateOf(recorded),
  };
  chart.add(condition, { profile: usCore('condition-problems-health-concerns') });
}

/** The problem list: chronic problems, cancers in remission after five years, now and then an entry that was a mistake. */
export function writeProblemList(chart: Chart): void {
  const { problems: own, person, random, subject, add } = chart;
  for (const [key, onset] of own) {
    const inRemission = key.endsWith('-cancer') && onset < person.end - 1826;
    if (!inRemission) writeProblem(chart, problems[key].code, onset);
    else
      add(
        {
          resourceType: 'Condition',
          clinicalStatus: remission,
          verificationStatus: confirmed,
          category: [problemList],
          code: problems[key].code,
          subject,
          onsetDateTime: dateOf(onset),
          recordedDate: dateOf(Math.max(onset, person.joined)),
        },
        { profile: usCore('condition-problems-health-concerns') },
      );
  }
  if (random.chance(0.03) && person.age >= 18) {
    const wrong = random.pick(['diabetes', 'hypertension', 'copd', 'depression']);
    if (own.has(wrong)) return;
    add({
      resourceType: 'Condition',
      verificationStatus: mistaken,
      category: [problemList],
      code: problems[wrong].code,
      subject,
      recordedDate: dateOf(person.joined + random.integer(0, Math.max(0, person.end - person.joined - 1))),
    });
  }
}

/** A diagnosis that belongs to one visit; an acute one is over some days later. */
export function writeDiagnosis(chart: Chart, visit: Visit, code: CodeableConcept, days?: number): void {
  const over = days === undefined ? undefined : visit.day + days;
  const isOver = over !== undefined && over < chart.person.end;
  chart.add(
    {
      resourceType: 'Condition',
      clinicalStatus: isOver ? resolved : active,
      verificationStatus: confirmed,
      category: [encounterDiagnosis],
      code,
      subject: chart.subject,
      encounter: visit.encounter,
      onsetDateTime: startOf(visit),
      ...(isOver && { abatementDateTime: dateOf(over) }),
      recordedDate: dateOf(visit.day),
    },
    { profile: usCore('condition-encounter-diagnosis') },
  );
}

interface Illness {
  readonly code: CodeableConcept;
  readonly days: number;
  /** What is prescribed for it, if anything: a key of the medicines. */
  readonly medicine?: 'amoxicillin' | 'amoxicillin-suspension' | 'nitrofurantoin' | 'ibuprofen' | 'azithromycin';
}

const illness = (
  icd10: string,
  snomed: string,
  display: string,
  days: number,
  medicine?: Illness['medicine'],
): Illness => ({
  code: concept(['icd10', icd10, display], ['snomed', snomed, display]),
  days,
  ...(medicine !== undefined && { medicine }),
});

const everyone = [
  illness('J06.9', '54150009', 'Upper respiratory infection', 10),
  illness('J20.9', '10509002', 'Acute bronchitis', 14),
  illness('J02.9', '195662009', 'Acute viral pharyngitis', 7),
  illness('A09', '25374005', 'Gastroenteritis', 5),
  illness('U07.1', '840539006', 'COVID-19', 12),
  illness('J11.1', '6142004', 'Influenza', 8),
] as const;
const children = [...everyone, illness('H66.90', '65363002', 'Otitis media', 10, 'amoxicillin-suspension')] as const;
const adults = [
  ...everyone,
  illness('J01.90', '75498004', 'Acute bacterial sinusitis', 12, 'amoxicillin'),
  illness('J18.9', '233604007', 'Pneumonia', 21, 'azithromycin'),
  illness('S93.409A', '44465007', 'Sprain of ankle', 30, 'ibuprofen'),
] as const;
const women = [...adults, illness('N39.0', '68566005', 'Urinary tract infection', 7, 'nitrofurantoin')] as const;
const covidSince = 18322;

/** What an unplanned visit is for. Nobody has COVID-19 before March 2020. */
export function drawIllness({ person, random }: Chart, day: Day): Illness {
  const list = day - person.birth < 18 * 365 ? children : person.sex === 'female' ? women : adults;
  const drawn = random.pick(list);
  return drawn.days === 12 && drawn.medicine === undefined && day < covidSince ? everyone[0] : drawn;
}

/** Problems that a visit for chronic care is likely about, the most pressing first. */
const pressing: readonly ProblemKey[] = [
  'esrd',
  'heart-failure',
  'diabetes',
  'copd',
  'hypertension',
  'depression',
  'recurrent-depression',
  'asthma',
  'back-pain',
  'hyperlipidemia',
  'anxiety',
  'adhd',
];

export function reasonForVisit(chart: Chart, day: Day): CodeableConcept | undefined {
  const key = pressing.find((one) => {
    const onset = chart.problems.get(one);
    return onset !== undefined && onset <= day && chart.random.chance(0.75);
  });
  return key === undefined ? undefined : problems[key].code;
}
