import type { Resource } from '@medplum/fhirtypes';
import type { FhirResource } from '../../cql/index.ts';
import {
  type GapAnswer,
  type GapStatus,
  type MeasureDefinition,
  type MeasurementPeriod,
  reportedGroups,
  type SubjectResult,
} from '../../measures/index.ts';
import type { DeqmVersion } from '../deqm-version.ts';

/** All that is known of one subject's gaps. */
export interface SubjectGaps {
  readonly patient: FhirResource;
  readonly measures: readonly {
    readonly definition: MeasureDefinition;
    readonly result: SubjectResult;
    /** One answer for each group that can have a gap (proportion and ratio). */
    readonly gaps: readonly GapAnswer[];
    /**
     * When that was calculated, as an instant: what MeasureReport.date, identifiedDateTime and occurrenceDateTime say.
     * Without it, now (`CareGapsSettings.date`).
     */
    readonly evaluatedAt?: string;
  }[];
  /** Resources of the record by `Type/id`, for the evidence that the answers name; null when it is not there. */
  find(reference: string): FhirResource | null;
}

export interface CareGapsSettings {
  readonly period: MeasurementPeriod;
  /** When the Bundle is made: an instant with offset. */
  readonly date: string;
  /** Practitioner, PractitionerRole or Organization that reports. */
  readonly reporter: Reporter;
  readonly version: Exclude<DeqmVersion, 'r4'>;
  readonly statuses: readonly GapStatus[];
  readonly isDocument: boolean;
  /** Base of the full URLs, without a slash at the end. */
  readonly baseUrl: string;
  readonly locations?: readonly string[];
}

export type Reporter = Extract<Resource, { resourceType: 'Organization' | 'Practitioner' | 'PractitionerRole' }>;

/** Position of the answer's group in the measure: answers that were stored carry an equal group, not the same one. */
export function groupIndex(definition: MeasureDefinition, { group }: GapAnswer): number {
  const groups = reportedGroups(definition);
  const same = groups.indexOf(group);
  return same >= 0 ? same : groups.findIndex(({ id, linkId }) => id === group.id && linkId === group.linkId);
}
