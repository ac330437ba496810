import type { CodeableConcept, Observation } from '@medplum/fhirtypes';
import { instantOf } from './calendar.ts';
import type { Chart, Visit } from './chart.ts';
import { concept, hl7, systemUrl, usCore } from './codes.ts';
import { during } from './encounters.ts';
import { laboratory } from './organizations.ts';

/** What is measured: its code, unit (UCUM), decimals and US Core profile. */
export interface Measurable {
  readonly code: CodeableConcept;
  readonly unit: string;
  readonly decimals: number;
  readonly category: CodeableConcept;
  readonly profile: string;
  readonly range?: readonly [low: number, high: number];
}

const categories = {
  vital: hl7('observation-category', 'vital-signs', 'Vital Signs'),
  lab: hl7('observation-category', 'laboratory', 'Laboratory'),
  survey: hl7('observation-category', 'survey', 'Survey'),
  social: hl7('observation-category', 'social-history', 'Social History'),
  imaging: hl7('observation-category', 'imaging', 'Imaging'),
};
export type Category = keyof typeof categories;

const profiles: Record<Category, string> = {
  vital: usCore('vital-signs'),
  lab: usCore('observation-lab'),
  survey: usCore('observation-screening-assessment'),
  social: usCore('observation-screening-assessment'),
  imaging: usCore('observation-clinical-result'),
};

export function measurable(
  category: Category,
  loinc: string,
  display: string,
  unit: string,
  decimals: number,
  options: { profile?: string; range?: readonly [number, number] } = {},
): Measurable {
  return {
    code: concept(['loinc', loinc, display]),
    unit,
    decimals,
    category: categories[category],
    profile: options.profile === undefined ? profiles[category] : usCore(options.profile),
    ...(options.range !== undefined && { range: options.range }),
  };
}

export function quantity(value: number, unit: string, decimals: number): NonNullable<Observation['valueQuantity']> {
  return { value: Math.round(value * 10 ** decimals) / 10 ** decimals, unit, system: systemUrl('ucum'), code: unit };
}

const high = [hl7('v3-ObservationInterpretation', 'H', 'High')];
const low = [hl7('v3-ObservationInterpretation', 'L', 'Low')];
const unknown = hl7('data-absent-reason', 'unknown', 'Unknown');
const notPerformed = hl7('data-absent-reason', 'not-performed', 'Not Performed');

/** Writes one number. One in two hundred came without its value, one in two hundred was entered in error. */
export function writeNumber(chart: Chart, visit: Visit, what: Measurable, value: number, minutes = 5): string {
  const { random } = chart;
  const missing = random.chance(0.004);
  const [from, to] = what.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return chart.add(
    {
      ...observed(chart, visit, what.category, what.code, minutes),
      ...(missing ? { dataAbsentReason: unknown } : { valueQuantity: quantity(value, what.unit, what.decimals) }),
      ...(!missing && value > to && { interpretation: high }),
      ...(!missing && value < from && { interpretation: low }),
      ...(what.range !== undefined && {
        referenceRange: [
          { low: quantity(from, what.unit, what.decimals), high: quantity(to, what.unit, what.decimals) },
        ],
      }),
    },
    { profile: what.profile },
  );
}

/** Writes an answer that is a concept. */
export function writeAnswer(
  chart: Chart,
  visit: Visit,
  category: Category,
  code: CodeableConcept,
  answer: CodeableConcept | undefined,
  profile?: string,
): string {
  return chart.add(
    {
      ...observed(chart, visit, categories[category], code, 8),
      ...(answer === undefined ? { dataAbsentReason: notPerformed } : { valueCodeableConcept: answer }),
    },
    { profile: profile === undefined ? profiles[category] : usCore(profile) },
  );
}

const laboratoryCategory = categories.lab;

function observed(
  chart: Chart,
  visit: Visit,
  category: CodeableConcept,
  code: CodeableConcept,
  minutes: number,
): Observation {
  const status = chart.random.next();
  return {
    resourceType: 'Observation',
    status: status < 0.004 ? 'entered-in-error' : status < 0.02 ? 'amended' : 'final',
    category: [category],
    code,
    subject: chart.subject,
    encounter: visit.encounter,
    effectiveDateTime: during(visit, minutes),
    ...(category === laboratoryCategory
      ? { issued: instantOf(visit.day, 1290), performer: [laboratory] }
      : { performer: [visit.clinician] }),
  };
}
