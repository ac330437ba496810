import { createHash } from 'node:crypto';
import { type GroupDefinition, type MeasurementPeriod, reportedGroups } from '../../measures/index.ts';
import type { Catalogue } from '../content/catalogue.ts';
import { type InstalledMeasure, liveMeasures, measurementPeriodAt } from '../content/installed-measure.ts';
import type { MeasurePackage } from '../content/package.ts';
import { isDatabaseAway } from '../db/away.ts';
import type { Logger } from '../log.ts';
import { formatCanonical } from '../terminology/canonical.ts';
import { isKept, type LivePeriod, type OwnPeriod, periodOf } from './live-period.ts';

/** A measure whose gaps are kept for every patient, with the period for which they are. */
export interface LiveMeasure {
  readonly measure: InstalledMeasure;
  readonly packed: MeasurePackage;
  readonly period: MeasurementPeriod;
  readonly groups: readonly GroupDefinition[];
}

export interface LivePlan {
  /** The day (YYYY-MM-DD) that it was made for, as of the practice. */
  readonly date: string;
  /** Every live measure with the period that is current: what worklists show. */
  readonly measures: readonly LiveMeasure[];
  /** These, and measures with the other periods that are kept live: what is evaluated. */
  readonly all: readonly LiveMeasure[];
  /** What is asked for and cannot be kept, as another period of the measure starts on the same day and ends on another. */
  readonly displaced: readonly OwnPeriod[];
  /** Changes when a measure, its content or its periods do: then patients' states are to be looked at again. */
  readonly key: string;
  /** FHIR types that the measures retrieve, and those that a worklist shows. */
  readonly resourceTypes: readonly string[];
}

/** The periods that the tenant's measures have by themselves on a day. */
export async function ownPeriodsAt(catalogue: Catalogue, tenant: string, day: string): Promise<OwnPeriod[]> {
  const installed = await catalogue.list(tenant);
  return liveMeasures(installed, day).map(({ url, definition }) => ({
    measureUrl: url,
    ...measurementPeriodAt(definition, day),
  }));
}

/**
 * The live measures of a tenant at a date. One whose content cannot be loaded is left out, and the log says which.
 * @param kept periods that are kept live beside the current ones; of each measure the version counts that is of the period
 */
export async function livePlan(
  catalogue: Catalogue,
  tenant: string,
  date: string,
  log: Logger,
  kept: readonly LivePeriod[] = [],
): Promise<LivePlan> {
  const installed = await catalogue.list(tenant);
  const load = async (measure: InstalledMeasure, period: MeasurementPeriod): Promise<LiveMeasure[]> => {
    const canonical = formatCanonical(measure);
    try {
      const packed = await catalogue.package(tenant, canonical);
      return [{ measure, packed, period, groups: reportedGroups(measure.definition) }];
    } catch (error) {
      if (isDatabaseAway(error)) throw error; // says nothing of the measure, whose gaps must not vanish for it
      log.error('a measure is installed and cannot be loaded', { measure: canonical, error: (error as Error).message });
      return [];
    }
  };
  const measures: LiveMeasure[] = [];
  for (const measure of liveMeasures(installed, date))
    measures.push(...(await load(measure, measurementPeriodAt(measure.definition, date))));
  const all = [...measures];
  // A state is kept by the start of its period: the current one is not displaced by another that starts with it.
  const taken = new Map(all.map(({ measure, period }) => [`${measure.url} ${period.start}`, period.end]));
  const displaced: OwnPeriod[] = [];
  for (const other of kept) {
    for (const measure of liveMeasures(installed, other.end)) {
      const place = `${measure.url} ${other.start}`;
      if (!isKept(other, measure.url, date)) continue;
      const end = taken.get(place);
      if (end !== undefined) {
        if (end !== other.end) displaced.push({ measureUrl: measure.url, start: other.start, end: other.end });
        continue;
      }
      taken.set(place, other.end);
      all.push(...(await load(measure, periodOf(other))));
    }
  }
  const parts = all.map(({ measure, packed, period }) =>
    [measure.url, measure.version, packed.hash, period.start, period.end].join(' '),
  );
  return {
    date,
    measures,
    all,
    displaced,
    resourceTypes: [...new Set(['Patient', 'Encounter', ...all.flatMap(({ packed }) => packed.resourceTypes)])],
    key: createHash('sha256').update(parts.sort().join('\n')).digest('hex'),
  };
}
