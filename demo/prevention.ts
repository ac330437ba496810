import type { CodeableConcept } from '@medplum/fhirtypes';
import { type Day, dayFrom, instantOf, yearOf } from './calendar.ts';
import type { Chart } from './chart.ts';
import { concept, hl7, usCore } from './codes.ts';
import { findings, writeProblem } from './conditions.ts';
import { clinicianReference, clinicians, hospital, practice } from './organizations.ts';
import type { MammogramHistory } from './stories.ts';

const radiology = hl7('v2-0074', 'RAD', 'Radiology');
const laboratory = hl7('v2-0074', 'LAB', 'Laboratory');
const imaging = hl7('observation-category', 'imaging', 'Imaging');
const laboratoryCategory = hl7('observation-category', 'laboratory', 'Laboratory');

const mammography = {
  procedure: concept(['cpt', '77067', 'Screening mammography, both breasts'], ['snomed', '71651007', 'Mammography']),
  report: concept(['loinc', '24606-6', 'Mammogram, screening']),
  benign: concept(['snomed', '397140005', 'BI-RADS 1: negative']),
  recall: concept(['snomed', '397138000', 'BI-RADS 0: needs more imaging']),
};
const procedures = {
  mastectomy: concept(['snomed', '27865001', 'Bilateral mastectomy']),
  colonoscopy: concept(['cpt', '45378', 'Diagnostic colonoscopy'], ['snomed', '73761001', 'Colonoscopy']),
  eyeExam: concept(['cpt', '92014', 'Comprehensive eye examination, established patient']),
  footExam: concept(['snomed', '401191002', 'Diabetic foot examination']),
  boneDensity: concept(['cpt', '77080', 'Bone density by DXA'], ['snomed', '312681000', 'Bone density scan']),
  dialysis: concept(['cpt', '90999', 'Dialysis procedure'], ['snomed', '108241001', 'Dialysis procedure']),
  delivery: concept(['snomed', '236973005', 'Delivery procedure']),
  hospice: concept(['snomed', '385765002', 'Hospice care management']),
  palliative: concept(['snomed', '103735009', 'Palliative care']),
};
const cytology = concept(['loinc', '10524-7', 'Cervical cytology']);
const papillomavirus = concept(['loinc', '21440-3', 'HPV high-risk DNA in cervix']);
const negative = concept(['snomed', '260385009', 'Negative']);
const normalCytology = concept(['snomed', '373887005', 'Negative for intraepithelial lesion']);

/** How a woman's breast cancer screening went. The chance of being on time follows engagement: about seven in ten. */
export function drawMammograms({ person, random, problems }: Chart): MammogramHistory {
  if (person.story?.mammogram !== undefined) return person.story.mammogram;
  if (random.chance(problems.has('breast-cancer') ? 0.2 : 0.004)) return 'mastectomy';
  if (random.chance(0.27 + 0.62 * person.engagement))
    return problems.has('breast-cancer') && random.chance(0.3) ? 'one-breast' : 'regular';
  return random.chance(0.55) ? 'lapsed' : 'never';
}

/** Writes the preventive and condition-bound procedures of a life, each in the years in which it is due. */
export function writePrevention(chart: Chart): void {
  writeMammograms(chart);
  writeColonoscopies(chart);
  writeCytology(chart);
  writeDiabetesExams(chart);
  writeDialysis(chart);
  const { person, random } = chart;
  if (person.sex === 'female' && person.age >= 65 && random.chance(0.25 + 0.5 * person.engagement)) {
    perform(chart, procedures.boneDensity, ageDay(chart, 65) + random.integer(30, 900));
  }
}

/** The first of October two years back: mammograms before it no longer count for the current year. */
export function lookBack(end: Day): Day {
  return dayFrom(yearOf(end - 1) - 2, 10, 1);
}

function writeMammograms(chart: Chart): void {
  const { person, random, problems } = chart;
  if (person.sex === 'male' || person.age < 40) return;
  const history = drawMammograms(chart);
  const from = Math.max(ageDay(chart, 40), person.joined - 900);
  if (history === 'never') return;
  if (history === 'mastectomy') {
    const day = Math.max(from, person.joined - random.integer(0, 700));
    perform(chart, procedures.mastectomy, day);
    writeProblem(chart, findings.bilateralMastectomy, day);
    return;
  }
  // Whoever lost one breast is still screened.
  if (history === 'one-breast')
    writeProblem(chart, findings.rightMastectomy, problems.get('breast-cancer') ?? person.joined);
  const last =
    history === 'lapsed'
      ? Math.max(ageDay(chart, 40), lookBack(person.end) - random.integer(2, 500))
      : person.end - random.integer(3, 640);
  if (history === 'lapsed' && last >= lookBack(person.end)) return;
  for (let day = last; day >= from || day === last; day -= random.integer(370, 800)) mammogram(chart, day);
}

function mammogram(chart: Chart, day: Day): void {
  const { subject, random, add } = chart;
  const at = instantOf(day, random.integer(480, 960));
  const recall = random.chance(0.08);
  perform(chart, mammography.procedure, day, at);
  const result = add(
    {
      resourceType: 'Observation',
      status: 'final',
      category: [imaging],
      code: mammography.report,
      subject,
      effectiveDateTime: at,
      performer: [hospital],
      valueCodeableConcept: recall ? mammography.recall : mammography.benign,
    },
    { profile: usCore('observation-clinical-result') },
  );
  report(chart, radiology, mammography.report, at, result);
}

function writeColonoscopies(chart: Chart): void {
  const { person, random } = chart;
  if (person.age < 45 || !random.chance(0.12 + 0.65 * person.engagement)) return;
  const last = person.end - random.integer(5, Math.min(4200, (person.age - 44) * 365));
  if (last >= ageDay(chart, 44)) perform(chart, procedures.colonoscopy, last);
}

function writeCytology(chart: Chart): void {
  const { person, random } = chart;
  if (person.sex === 'male' || person.age < 21 || !random.chance(0.25 + 0.7 * person.engagement)) return;
  const stop = Math.min(person.end - 1, ageDay(chart, 66));
  for (
    let day = stop - random.integer(0, 1100);
    day >= Math.max(ageDay(chart, 21), person.joined);
    day -= random.integer(1000, 1500)
  ) {
    const at = instantOf(day, random.integer(500, 930));
    const results = [laboratoryResult(chart, cytology, normalCytology, at)];
    if (day - person.birth > 30 * 365.25) results.push(laboratoryResult(chart, papillomavirus, negative, at));
    report(chart, laboratory, cytology, at, ...results);
  }
}

function writeDiabetesExams(chart: Chart): void {
  const { person, random, problems } = chart;
  const onset = problems.get('diabetes');
  if (onset === undefined) return;
  const from = Math.max(onset, person.joined);
  for (let year = yearOf(from); year <= yearOf(person.end - 1); year++) {
    const day = dayFrom(year, 1, 5) + random.integer(0, 350);
    if (random.chance(0.15 + 0.65 * person.engagement) && day >= from) perform(chart, procedures.eyeExam, day);
    if (random.chance(0.1 + 0.75 * person.engagement) && day + 9 >= from) perform(chart, procedures.footExam, day + 9);
  }
}

function writeDialysis(chart: Chart): void {
  const { person, problems } = chart;
  const onset = problems.get('esrd');
  if (onset === undefined) return;
  // Sessions are three a week at a centre; the practice hears of them once a month.
  for (let day = Math.max(onset, person.joined, person.end - 730); day < person.end; day += 30)
    perform(chart, procedures.dialysis, day);
}

export function writeDelivery(chart: Chart, day: Day): void {
  perform(chart, procedures.delivery, day);
}

export function writeHospiceCare(chart: Chart, day: Day): void {
  perform(chart, procedures.hospice, day);
}

export function writePalliativeCare(chart: Chart, day: Day): void {
  perform(chart, procedures.palliative, day);
}

function ageDay({ person }: Chart, years: number): Day {
  return person.birth + Math.ceil(years * 365.2425);
}

/** Nothing is written after the record's end or before birth; one in sixty was planned and not done. */
function perform(chart: Chart, code: CodeableConcept, day: Day, at = instantOf(day, 600)): void {
  if (day >= chart.person.end || day < chart.person.birth) return;
  const referral = code === mammography.procedure || code === procedures.colonoscopy || code === procedures.dialysis;
  chart.add(
    {
      resourceType: 'Procedure',
      status: chart.random.chance(0.005) ? 'entered-in-error' : 'completed',
      code,
      subject: chart.subject,
      performedDateTime: at,
      performer: [
        referral
          ? { actor: clinicianReference(clinicians[10] ?? clinicians[0]), onBehalfOf: hospital }
          : { actor: clinicianReference(chart.person.clinician), onBehalfOf: practice },
      ],
    },
    { profile: usCore('procedure') },
  );
}

function laboratoryResult(chart: Chart, code: CodeableConcept, value: CodeableConcept, at: string): string {
  return chart.add(
    {
      resourceType: 'Observation',
      status: 'final',
      category: [laboratoryCategory],
      code,
      subject: chart.subject,
      effectiveDateTime: at,
      valueCodeableConcept: value,
    },
    { profile: usCore('observation-lab') },
  );
}

function report(
  chart: Chart,
  category: CodeableConcept,
  code: CodeableConcept,
  at: string,
  ...results: readonly string[]
): void {
  chart.add(
    {
      resourceType: 'DiagnosticReport',
      status: 'final',
      category: [category],
      code,
      subject: chart.subject,
      effectiveDateTime: at,
      issued: at,
      performer: [hospital],
      result: results.map((reference) => ({ reference })),
    },
    { profile: usCore(category === radiology ? 'diagnosticreport-note' : 'diagnosticreport-lab') },
  );
}
