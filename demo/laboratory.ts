import type { CodeableConcept } from '@medplum/fhirtypes';
import { dayFrom, instantOf } from './calendar.ts';
import { type Chart, has, type Visit } from './chart.ts';
import { concept, hl7, usCore } from './codes.ts';
import { during, isInPerson } from './encounters.ts';
import { type Measurable, measurable, writeAnswer, writeNumber } from './observations.ts';
import { laboratory } from './organizations.ts';

const lab = (
  loinc: string,
  display: string,
  unit: string,
  decimals: number,
  range?: readonly [number, number],
): Measurable => measurable('lab', loinc, display, unit, decimals, range === undefined ? {} : { range });

/** Name, usual mean and spread of a component of a panel, where nothing else is known of the patient. */
type Component = readonly [what: Measurable, mean: number, deviation: number];

const glucose = lab('2345-7', 'Glucose', 'mg/dL', 0, [70, 99]);
const creatinine = lab('2160-0', 'Creatinine', 'mg/dL', 2, [0.6, 1.3]);
const a1c = lab('4548-4', 'Hemoglobin A1c', '%', 1, [4, 5.6]);
const albuminRatio = lab('9318-7', 'Albumin/Creatinine in urine', 'mg/g', 0, [0, 29]);
const thyrotropin = lab('3016-3', 'Thyrotropin', 'm[IU]/L', 2, [0.4, 4.5]);
const prostateAntigen = lab('2857-1', 'Prostate specific antigen', 'ng/mL', 1, [0, 4]);
const lead = lab('10368-9', 'Lead in capillary blood', 'ug/dL', 1, [0, 3.4]);

/** Filtration rates by the formula of their time; 33914-3 is a deprecated code. */
const filtration = [
  {
    since: dayFrom(2022, 1, 1),
    what: lab('98979-8', 'Glomerular filtration rate (CKD-EPI 2021)', 'mL/min/{1.73_m2}', 0, [60, 150]),
  },
  {
    since: dayFrom(2018, 1, 1),
    what: lab('62238-1', 'Glomerular filtration rate (CKD-EPI)', 'mL/min/{1.73_m2}', 0, [60, 150]),
  },
  {
    since: Number.NEGATIVE_INFINITY,
    what: lab('33914-3', 'Glomerular filtration rate (MDRD)', 'mL/min/{1.73_m2}', 0, [60, 150]),
  },
];

const electrolytes: readonly Component[] = [
  [lab('3094-0', 'Urea nitrogen', 'mg/dL', 0, [7, 20]), 14, 3.5],
  [lab('2951-2', 'Sodium', 'mmol/L', 0, [135, 145]), 139.5, 2.2],
  [lab('2823-3', 'Potassium', 'mmol/L', 1, [3.5, 5.1]), 4.2, 0.35],
  [lab('2075-0', 'Chloride', 'mmol/L', 0, [98, 107]), 102.5, 2.3],
  [lab('2028-9', 'Carbon dioxide', 'mmol/L', 0, [22, 29]), 25.5, 1.9],
  [lab('17861-6', 'Calcium', 'mg/dL', 1, [8.6, 10.3]), 9.4, 0.35],
];
const liver: readonly Component[] = [
  [lab('2885-2', 'Protein', 'g/dL', 1, [6, 8.3]), 7.1, 0.4],
  [lab('1751-7', 'Albumin', 'g/dL', 1, [3.5, 5.2]), 4.3, 0.3],
  [lab('1975-2', 'Bilirubin, total', 'mg/dL', 1, [0.2, 1.2]), 0.6, 0.22],
  [lab('6768-6', 'Alkaline phosphatase', 'U/L', 0, [44, 121]), 76, 18],
  [lab('1742-6', 'Alanine aminotransferase', 'U/L', 0, [7, 40]), 23, 8],
  [lab('1920-8', 'Aspartate aminotransferase', 'U/L', 0, [10, 40]), 22, 6],
];
const bloodCount: readonly Component[] = [
  [lab('6690-2', 'Leukocytes', '10*3/uL', 1, [3.4, 10.8]), 6.7, 1.6],
  [lab('789-8', 'Erythrocytes', '10*6/uL', 2, [3.8, 5.8]), 4.7, 0.4],
  [lab('718-7', 'Hemoglobin', 'g/dL', 1, [11.5, 17.5]), 14, 1.2],
  [lab('4544-3', 'Hematocrit', '%', 1, [34, 51]), 42, 3.4],
  [lab('787-2', 'MCV', 'fL', 0, [79, 97]), 89, 4],
  [lab('777-3', 'Platelets', '10*3/uL', 0, [150, 450]), 252, 48],
];

const panels = {
  basic: concept(['loinc', '51990-0', 'Basic metabolic panel']),
  comprehensive: concept(['loinc', '24323-8', 'Comprehensive metabolic panel']),
  lipids: concept(['loinc', '57698-3', 'Lipid panel']),
  count: concept(['loinc', '58410-2', 'Complete blood count']),
};
const laboratoryReport = hl7('v2-0074', 'LAB', 'Laboratory');
const stool = concept(['loinc', '57905-2', 'Fecal immunochemical test']);
const chlamydia = concept(['loinc', '43304-5', 'Chlamydia trachomatis rRNA by NAA']);
const positive = concept(['snomed', '10828004', 'Positive']);
const negative = concept(['snomed', '260385009', 'Negative']);

/** What a body's chemistry is like over the years; drawn once. */
export interface Chemistry {
  readonly a1c: number;
  readonly filtration: number;
  readonly cholesterol: number;
  readonly stoolTester: boolean;
}

export function drawChemistry({ problems, random, person }: Chart): Chemistry {
  const diabetic = problems.has('diabetes');
  const poor = person.story?.tells === 'diabetes out of control' || random.chance(0.62 - 0.55 * person.engagement);
  const stage = problems.has('esrd')
    ? 9
    : problems.has('ckd-4')
      ? 23
      : problems.has('ckd-3')
        ? 47
        : Math.max(62, 118 - person.age * 0.55);
  return {
    a1c: diabetic ? (poor ? random.normal(9.9, 0.6) : random.normal(7, 0.5)) : problems.has('prediabetes') ? 6 : 5.3,
    filtration: random.normal(stage, stage * 0.08),
    cholesterol: problems.has('hyperlipidemia') ? random.normal(208, 24) : random.normal(178, 22),
    stoolTester: random.chance(0.2),
  };
}

/** Orders what is usual at such a visit for such a patient, and writes the results. */
export function writeLaboratory(chart: Chart, visit: Visit, chemistry: Chemistry): void {
  const { person, random, problems } = chart;
  const age = (visit.day - person.birth) / 365.2425;
  const { kind, day } = visit;
  const hospital = kind === 'emergency' || kind === 'inpatient';
  if (hospital && (age >= 18 || random.chance(0.2))) {
    metabolic(chart, visit, chemistry, false);
    report(chart, visit, panels.count, numbers(chart, visit, bloodCount));
    return;
  }
  if (!isInPerson(kind)) return;
  const complies = random.chance(0.35 + 0.6 * person.engagement);
  if (kind === 'annual' && complies) {
    if (random.chance(age >= 35 || problems.has('obesity') ? 0.8 : 0.25)) metabolic(chart, visit, chemistry, true);
    if (age >= 35 || random.chance(0.3)) lipids(chart, visit, chemistry);
    if (random.chance(0.35)) report(chart, visit, panels.count, numbers(chart, visit, bloodCount));
    if (has(chart, 'hypothyroidism', day) || random.chance(0.08))
      writeNumber(chart, visit, thyrotropin, Math.max(0.2, random.normal(2.3, 1.1)), 15);
    if (person.sex === 'male' && age >= 55 && age < 70 && random.chance(0.4))
      writeNumber(chart, visit, prostateAntigen, Math.abs(random.normal(1.4, 1)), 15);
    if (age >= 45 && age < 76 && chemistry.stoolTester && random.chance(0.75))
      writeAnswer(chart, visit, 'lab', stool, random.chance(0.05) ? positive : negative, 'observation-lab');
    if (person.sex === 'female' && age >= 16 && age < 25 && random.chance(0.5))
      writeAnswer(chart, visit, 'lab', chlamydia, random.chance(0.05) ? positive : negative, 'observation-lab');
  }
  const diabetic = has(chart, 'diabetes', day);
  if (kind === 'annual' && !diabetic && problems.has('prediabetes') && complies)
    writeNumber(chart, visit, a1c, random.normal(chemistry.a1c, 0.15), 15);
  if (diabetic && (kind === 'annual' || kind === 'follow-up') && random.chance(0.3 + 0.55 * person.engagement)) {
    writeNumber(chart, visit, a1c, Math.max(5, random.normal(chemistry.a1c, 0.35)), 15);
    if (kind === 'annual' && complies)
      writeNumber(
        chart,
        visit,
        albuminRatio,
        chemistry.filtration < 60 ? Math.abs(random.normal(90, 60)) : Math.abs(random.normal(14, 9)),
        15,
      );
    if (kind === 'follow-up' && random.chance(0.3)) metabolic(chart, visit, chemistry, false);
  } else if (kind === 'follow-up' && chemistry.filtration < 60 && random.chance(0.5))
    metabolic(chart, visit, chemistry, false);
  if (kind === 'well-child' && age > 0.9 && age < 2.4 && random.chance(0.4))
    writeNumber(chart, visit, lead, Math.abs(random.normal(1.2, 0.8)), 15);
}

function metabolic(chart: Chart, visit: Visit, chemistry: Chemistry, comprehensive: boolean): void {
  const { random, person } = chart;
  const age = (visit.day - person.birth) / 365.2425;
  const rate = Math.max(5, random.normal(chemistry.filtration + ((person.end - visit.day) / 365) * 0.7, 3));
  const formula = filtration.find(({ since }) => visit.day >= since)?.what;
  const results = [
    writeNumber(chart, visit, glucose, Math.max(60, random.normal(28.7 * chemistry.a1c - 56, 8)), 15),
    writeNumber(
      chart,
      visit,
      creatinine,
      Math.max(0.4, (person.sex === 'female' ? 0.85 : 1.05) * (95 / (rate + age * 0.25)) ** 0.9),
      15,
    ),
    ...numbers(chart, visit, electrolytes),
    ...(formula !== undefined && age >= 18 ? [writeNumber(chart, visit, formula, rate, 15)] : []),
    ...(comprehensive ? numbers(chart, visit, liver) : []),
  ];
  report(chart, visit, comprehensive ? panels.comprehensive : panels.basic, results);
}

const total = lab('2093-3', 'Cholesterol, total', 'mg/dL', 0, [100, 199]);
const good = lab('2085-9', 'HDL cholesterol', 'mg/dL', 0, [40, 90]);
const bad = lab('13457-7', 'LDL cholesterol, calculated', 'mg/dL', 0, [0, 99]);
const triglycerides = lab('2571-8', 'Triglycerides', 'mg/dL', 0, [0, 149]);

/** LDL is what Friedewald's formula leaves, as laboratories calculate it. */
function lipids(chart: Chart, visit: Visit, chemistry: Chemistry): void {
  const { random } = chart;
  const sum = Math.max(110, random.normal(chemistry.cholesterol, 9));
  const hdl = random.normal(chart.person.sex === 'female' ? 57 : 48, 7);
  const fat = Math.max(45, random.normal(125, 32));
  report(chart, visit, panels.lipids, [
    writeNumber(chart, visit, total, sum, 15),
    writeNumber(chart, visit, triglycerides, fat, 15),
    writeNumber(chart, visit, good, hdl, 15),
    writeNumber(chart, visit, bad, Math.max(30, sum - hdl - fat / 5), 15),
  ]);
}

function numbers(chart: Chart, visit: Visit, components: readonly Component[]): string[] {
  return components.map(([what, mean, deviation]) =>
    writeNumber(chart, visit, what, chart.random.normal(mean, deviation), 15),
  );
}

function report(chart: Chart, visit: Visit, code: CodeableConcept, results: readonly string[]): void {
  chart.add(
    {
      resourceType: 'DiagnosticReport',
      status: 'final',
      category: [laboratoryReport],
      code,
      subject: chart.subject,
      encounter: visit.encounter,
      effectiveDateTime: during(visit, 15),
      issued: instantOf(visit.day, 1290),
      performer: [laboratory],
      result: results.map((reference) => ({ reference })),
    },
    { profile: usCore('diagnosticreport-lab') },
  );
}
