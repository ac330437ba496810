import { createHash } from 'node:crypto';
import type { FhirResource, ValueSetSource } from '../../../cql/index.ts';
import type { DataNeed, GapAnswer } from '../../../measures/index.ts';

type Step = GapAnswer['nextSteps'][number];

/** The element that dates a resource of each type, and the statuses that say it is done. */
const shapes: { readonly [resourceType: string]: { readonly date: string; readonly status: string | null } } = {
  Observation: { date: 'effectiveDateTime', status: 'final' },
  DiagnosticReport: { date: 'effectiveDateTime', status: 'final' },
  Procedure: { date: 'performedPeriod', status: 'completed' },
  Immunization: { date: 'occurrenceDateTime', status: 'completed' },
  Encounter: { date: 'period', status: 'finished' },
  MedicationRequest: { date: 'authoredOn', status: 'active' },
  MedicationAdministration: { date: 'effectivePeriod', status: 'completed' },
  ServiceRequest: { date: 'authoredOn', status: 'active' },
  DeviceRequest: { date: 'authoredOn', status: 'active' },
  Communication: { date: 'sent', status: 'completed' },
  Task: { date: 'executionPeriod', status: 'completed' },
  Condition: { date: 'onsetDateTime', status: null },
};
const categories: readonly (readonly [profile: RegExp, system: string, code: string])[] = [
  [/clinical-result|diagnostic/, 'http://terminology.hl7.org/CodeSystem/observation-category', 'imaging'],
  [/lab/, 'http://terminology.hl7.org/CodeSystem/observation-category', 'laboratory'],
  [/screening-assessment/, 'http://terminology.hl7.org/CodeSystem/observation-category', 'survey'],
  [/vital|bmi|blood-pressure/, 'http://terminology.hl7.org/CodeSystem/observation-category', 'vital-signs'],
];

/** Data that is as a next step asks: what somebody would record who has read nothing else. */
export function dataOf(step: Step, valueSets: ValueSetSource, asOf: string): FhirResource[] {
  const needs = [step.need, ...(step.together ?? [])];
  return Array.from({ length: step.need.count ?? 1 }, (_, index) => resourceOf(needs, valueSets, asOf, index)).flatMap(
    (resource) => resource ?? [],
  );
}

function resourceOf(
  needs: readonly DataNeed[],
  valueSets: ValueSetSource,
  asOf: string,
  index: number,
): FhirResource | null {
  const [need] = needs;
  const shape = need === undefined ? undefined : shapes[need.resourceType];
  if (need === undefined || shape === undefined) return null;
  const date = shifted(dayOf(need, asOf), -7 * index, need.dateFrom);
  const resource: Record<string, unknown> = {
    resourceType: need.resourceType,
    id: `step-${index}-${createHash('sha256').update(JSON.stringify(needs)).digest('hex').slice(0, 16)}`,
    subject: { reference: 'Patient/p' },
    ...(need.resourceType === 'Immunization' && { patient: { reference: 'Patient/p' } }),
    ...(shape.status !== null && { status: shape.status }),
    ...(need.profile !== null && { meta: { profile: [need.profile] } }),
    ...(/Request$/.test(need.resourceType) && { intent: 'order' }),
    ...(need.resourceType === 'Condition' && {
      clinicalStatus: concept('http://terminology.hl7.org/CodeSystem/condition-clinical', 'active'),
      verificationStatus: concept('http://terminology.hl7.org/CodeSystem/condition-ver-status', 'confirmed'),
    }),
  };
  resource[shape.date] = /eriod$/.test(shape.date)
    ? { start: `${date}T10:00:00Z`, end: `${date}T10:30:00Z` }
    : `${date}T10:00:00Z`;
  const coded = codedElement(need, valueSets);
  if (coded !== null) resource[coded.element] = coded.value;
  if (need.resourceType === 'Observation') {
    const category = categories.find(([profile]) => profile.test(need.profile ?? ''));
    if (category !== undefined) resource['category'] = [concept(category[1], category[2])];
    const components = needs.flatMap((part) =>
      part.component === undefined ? [] : [{ code: { coding: [part.component] }, valueQuantity: quantity(part) }],
    );
    if (components.length > 0) resource['component'] = components;
    else resource['valueQuantity'] = quantity(need);
  }
  for (const { path, codes, valueSet } of needs.flatMap(({ elements }) => elements ?? [])) {
    const [first] = valueSet === null ? codes : (valueSets.find(valueSet, null)?.codes ?? []);
    if (first === undefined) continue;
    if (path === 'value') {
      delete resource['valueQuantity'];
      resource['valueCodeableConcept'] = { coding: [first] };
    } else if (first.system === undefined) {
      if (path === 'status' || path === 'intent')
        resource[path] = codes.some(({ code }) => code === resource[path]) ? resource[path] : first.code;
    } else if (path === 'category') resource[path] = [{ coding: [first] }];
    else resource[path] = path.startsWith('reason') ? [{ coding: [first] }] : { coding: [first] };
  }
  return resource as FhirResource;
}

function codedElement(need: DataNeed, valueSets: ValueSetSource): { element: string; value: unknown } | null {
  const [code] = need.valueSet === null ? need.codes : (valueSets.find(need.valueSet, null)?.codes ?? []);
  if (need.codePath === null || code === undefined) {
    const known = /bmi/.test(need.profile ?? '')
      ? '39156-5'
      : /blood-?pressure/.test(need.profile ?? '')
        ? '85354-9'
        : null;
    return known === null ? null : { element: 'code', value: concept('http://loinc.org', known) };
  }
  const element = { medication: 'medicationCodeableConcept' }[need.codePath] ?? need.codePath;
  const value = { coding: [{ system: code.system, code: code.code }] };
  return { element, value: element === 'type' && need.resourceType === 'Encounter' ? [value] : value };
}

/** Within the dates, as late as they allow: what is recorded next is the newest. */
function dayOf({ dateFrom, dateTo }: DataNeed, asOf: string): string {
  const latest = dateTo ?? asOf;
  return dateFrom !== null && dateFrom > latest ? dateFrom : latest;
}

function shifted(date: string, days: number, earliest: string | null): string {
  const moved = new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10);
  return earliest !== null && moved < earliest ? earliest : moved;
}

function concept(system: string, code: string): object {
  return { coding: [{ system, code }] };
}

/** A value within all bounds. */
function quantity(need: DataNeed): object {
  const bounds =
    need.values ??
    (need.value === null ? [] : [{ comparator: need.valueComparator ?? 'eq', value: need.value, unit: need.unit }]);
  const numbers = bounds.map(({ comparator, value }) =>
    comparator === 'lt' ? value - 0.1 : comparator === 'gt' ? value + 0.1 : value,
  );
  const unit = need.unit ?? '1';
  return { value: Number((numbers[0] ?? 1).toFixed(2)), unit, system: 'http://unitsofmeasure.org', code: unit };
}
