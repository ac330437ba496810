import { createHash } from 'node:crypto';
import { type GroupDefinition, type MeasurementPeriod, reportedGroups } from '../../measures/index.ts';
import type { Catalogue } from '../content/catalogue.ts';
import { type InstalledMeasure, liveMeasures, measurementPeriodAt } from '../content/installed-measure.ts';
import type { MeasurePackage } from '../content/package.ts';
import { isDatabaseAway } from '../db/away.ts';
import type { Logger } from '../log.ts';
import { formatCanonical } from '../terminology/canonical.ts';

/** A measure whose gaps are kept for every patient, with the period that is current. */
export interface LiveMeasure {
  readonly measure: InstalledMeasure;
  readonly packed: MeasurePackage;
  readonly period: MeasurementPeriod;
  readonly groups: readonly GroupDefinition[];
}

export interface LivePlan {
  readonly measures: readonly LiveMeasure[];
  /** Changes when a measure, its content or its period does: then every patient is to be evaluated again. */
  readonly key: string;
  /** FHIR types that the measures retrieve, and those that a worklist shows. */
  readonly resourceTypes: readonly string[];
}

/** The live measures of a tenant at a date. One whose content cannot be loaded is left out, and the log says which. */
export async function livePlan(catalogue: Catalogue, tenant: string, date: string, log: Logger): Promise<LivePlan> {
  const measures: LiveMeasure[] = [];
  for (const measure of liveMeasures(await catalogue.list(tenant), date)) {
    const canonical = formatCanonical(measure);
    try {
      const packed = await catalogue.package(tenant, canonical);
      const { definition } = measure;
      measures.push({
        measure,
        packed,
        period: measurementPeriodAt(definition, date),
        groups: reportedGroups(definition),
      });
    } catch (error) {
      if (isDatabaseAway(error)) throw error; // says nothing of the measure, whose gaps must not vanish for it
      log.error('a measure is installed and cannot be loaded', { measure: canonical, error: (error as Error).message });
    }
  }
  const parts = measures.map(({ packed, period }) => `${packed.hash} ${period.start} ${period.end}`).sort();
  const resourceTypes = [
    ...new Set(['Patient', 'Encounter', ...measures.flatMap(({ packed }) => packed.resourceTypes)]),
  ];
  return { measures, resourceTypes, key: createHash('sha256').update(parts.join('\n')).digest('hex') };
}
