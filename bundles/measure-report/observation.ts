import type { Observation, ObservationComponent } from '@medplum/fhirtypes';
import type { CqlValue } from '../../cql/index.ts';
import type { PopulationDefinition, SupplementalDataDefinition, SupplementalTotal } from '../../measures/index.ts';
import { conceptOf, isList, numberValue, observationValue, stratumValue } from '../cql-value.ts';
import { uuidOf } from '../identity.ts';
import { canonicalOf, type ReportSettings } from './report.ts';

/**
 * Observations that carry what a report cannot hold itself: the values of measure observations, and supplemental data
 * and risk adjustment factors that are not resources (quality measure IG, CR 3.18 and 3.19).
 */
export function measureObservations(
  reportId: string,
  subject: string,
  population: PopulationDefinition,
  unit: Parameters<typeof numberValue>[1],
  values: readonly (number | null)[],
  settings: ReportSettings,
): readonly Observation[] {
  return values.map((value, index) => ({
    ...observationRoot(uuidOf(reportId, population.id, population.expression, index), subject, settings),
    code: conceptOf(population.concept),
    ...(value === null ? observationValue(null) : numberValue(value, unit)),
  }));
}

/** One Observation for each item that is not a resource; null and an empty list give none. */
export function supplementalObservations(
  reportId: string,
  subject: string,
  definition: SupplementalDataDefinition,
  value: CqlValue,
  settings: ReportSettings,
): readonly Observation[] {
  const items = (isList(value) ? value : [value]).filter((item) => item !== null && !isResource(item));
  return items.map((item, index) => ({
    ...observationRoot(uuidOf(reportId, definition.id, definition.expression, index), subject, settings),
    code:
      definition.code === null
        ? { text: (definition.description ?? definition.expression).trim() }
        : conceptOf(definition.code),
    ...(isTuple(item) ? { component: components(item.elements) } : observationValue(item)),
  }));
}

/**
 * How many subjects have each value of a supplemental data element, as DEQM's summary reports say it: an Observation
 * whose code is the value and whose value is the count.
 */
export function supplementalCounts(
  reportId: string,
  subject: string | null,
  { definition, values }: SupplementalTotal,
  settings: ReportSettings,
): readonly Observation[] {
  const measure = { url: 'measure', valueCanonical: canonicalOf(settings.definition) };
  const measureInfo = { url: 'http://hl7.org/fhir/StructureDefinition/cqf-measureInfo', extension: [measure] };
  return values.map(({ value, count }, index) => ({
    resourceType: 'Observation',
    id: uuidOf(reportId, definition.id, definition.expression, index),
    extension: [measureInfo],
    status: 'final',
    code: stratumValue(value),
    ...(subject !== null && { subject: { reference: subject } }),
    effectivePeriod: { start: settings.period.start, end: settings.period.end },
    valueInteger: count,
  }));
}

export function isResource(value: CqlValue): value is Extract<CqlValue, { type: 'Resource' }> {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Resource';
}

function isTuple(value: CqlValue): value is Extract<CqlValue, { type: 'Tuple' }> {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Tuple';
}

function components(elements: { readonly [name: string]: CqlValue }): ObservationComponent[] {
  return Object.entries(elements).flatMap(([name, value]) =>
    (isList(value) ? value : [value]).map((item) => ({ code: { text: name }, ...componentValue(item) })),
  );
}

function componentValue(value: CqlValue): Omit<ObservationComponent, 'code'> {
  return observationValue(value);
}

function observationRoot(
  id: string,
  subject: string,
  { period }: ReportSettings,
): Pick<Observation, 'resourceType' | 'id' | 'status' | 'subject' | 'effectivePeriod'> {
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    subject: { reference: subject },
    effectivePeriod: { start: period.start, end: period.end },
  };
}
