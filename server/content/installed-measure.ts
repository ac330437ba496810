import type { Measure } from '@medplum/fhirtypes';
import { type MeasureDefinition, readMeasure } from '../../measures/index.ts';
import { compareVersions, newest, parseCanonical } from '../terminology/canonical.ts';
import { improvementNotations, type MeasureDirection } from './directions.ts';

/** A measure of a tenant that can be evaluated. */
export interface InstalledMeasure {
  /** Logical id of the Measure resource. */
  readonly id: string;
  readonly url: string;
  readonly version: string | null;
  readonly status: string;
  readonly name: string | null;
  readonly title: string | null;
  readonly description: string | null;
  readonly identifiers: readonly { readonly system: string | null; readonly value: string }[];
  readonly definition: MeasureDefinition;
  /** What it was warned about when it was installed. */
  readonly warnings: readonly string[];
}

/**
 * @param directions that operators gave to measures of the tenant
 * @returns null for a Measure that defines nothing to evaluate
 */
export function installedMeasure(
  measure: Measure,
  warnings: readonly string[],
  directions: readonly MeasureDirection[] = [],
): InstalledMeasure | null {
  let definition: MeasureDefinition;
  try {
    definition = readMeasure(measure, { improvementNotation: improvementNotations(directions, measure) });
  } catch (error) {
    if ((error as Error).name === 'InvalidMeasure') return null;
    throw error;
  }
  return {
    id: measure.id ?? '',
    url: definition.url,
    version: definition.version,
    status: measure.status ?? 'unknown',
    name: definition.name,
    title: definition.title,
    description: measure.description ?? null,
    identifiers: (measure.identifier ?? []).flatMap(({ system = null, value }) =>
      value === undefined ? [] : [{ system, value }],
    ),
    definition,
    warnings,
  };
}

/** How a request names a measure; exactly one of these. */
export type MeasureReference =
  | { readonly canonical: string }
  | { readonly id: string }
  /** `system|value` or `value`. */
  | { readonly identifier: string };

/**
 * The measure that a reference means: the exact version when it names one, otherwise the newest active one, and only
 * when none is active the newest of any status.
 */
export function findMeasure(
  measures: readonly InstalledMeasure[],
  reference: MeasureReference,
): InstalledMeasure | null {
  if ('id' in reference) return measures.find(({ id }) => id === reference.id.replace(/^Measure\//, '')) ?? null;
  if ('identifier' in reference) {
    const { url: system, version: value } = parseCanonical(reference.identifier);
    return preferred(
      measures.filter(({ identifiers }) =>
        identifiers.some((one) =>
          value === null ? one.value === system : one.system === system && one.value === value,
        ),
      ),
    );
  }
  const { url, version } = parseCanonical(reference.canonical);
  const found = measures.filter((measure) => measure.url === url);
  return version === null ? preferred(found) : (found.find((measure) => measure.version === version) ?? null);
}

function preferred(measures: readonly InstalledMeasure[]): InstalledMeasure | null {
  return newest(measures.filter(({ status }) => status === 'active')) ?? newest(measures);
}

/**
 * The measures whose gaps are kept live at `date` (YYYY-MM-DD): of every url the active version whose effective period
 * holds the date, otherwise the newest active one.
 */
export function liveMeasures(measures: readonly InstalledMeasure[], date: string): InstalledMeasure[] {
  const active = measures.filter(({ status }) => status === 'active');
  return [...Map.groupBy(active, ({ url }) => url).values()].flatMap((versions) => {
    const effective = versions.filter(({ definition: { effectivePeriod } }) => holds(effectivePeriod, date));
    const chosen = newest(effective.length > 0 ? effective : versions);
    return chosen === null ? [] : [chosen];
  });
}

/** Measurement period at `date`: the measure's effective period when it holds the date, otherwise the calendar year. */
export function measurementPeriodAt(
  { effectivePeriod }: MeasureDefinition,
  date: string,
): { readonly start: string; readonly end: string } {
  if (effectivePeriod !== null && holds(effectivePeriod, date))
    return { start: effectivePeriod.start.slice(0, 10), end: effectivePeriod.end.slice(0, 10) };
  const year = date.slice(0, 4);
  return { start: `${year}-01-01`, end: `${year}-12-31` };
}

/** Dates of any precision are compared as far as they go: `2026` holds all of 2026. */
function holds(period: MeasureDefinition['effectivePeriod'], date: string): boolean {
  if (period === null) return false;
  const { start, end } = period;
  return (
    date.slice(0, Math.min(10, start.length)) >= start.slice(0, 10) &&
    date.slice(0, Math.min(10, end.length)) <= end.slice(0, 10)
  );
}

/** Order of lists: by title, then version. */
export function byTitle(a: InstalledMeasure, b: InstalledMeasure): number {
  const [titleA, titleB] = [a.title ?? a.name ?? a.url, b.title ?? b.name ?? b.url];
  return titleA === titleB ? compareVersions(a.version, b.version) : titleA < titleB ? -1 : 1;
}
