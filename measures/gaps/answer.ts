import type { Coding, GroupDefinition } from '../definition.ts';

/** Codes of http://hl7.org/fhir/uv/deqm/CodeSystem/deqm-gaps-status. */
export type GapStatus = 'open-gap' | 'closed-gap' | 'prospective-gap' | 'not-applicable';

/** Codes of http://hl7.org/fhir/uv/deqm/CodeSystem/deqm-care-gap-reason. */
export type GapReasonCode =
  | 'NotFound'
  | 'Missing'
  | 'Present'
  | 'InvalidAttribute'
  | 'DateInRange'
  | 'DateOutOfRange'
  | 'ValueInRange'
  | 'ValueOutOfRange'
  | 'CountInRange'
  | 'CountOutOfRange'
  | 'NonComputableDocumentation';

/** Data that a measure looks for: what a retrieve asks, as a FHIR DataRequirement says it. */
export interface DataNeed {
  readonly resourceType: string;
  readonly profile: string | null;
  /** Path of the code element within the resource, e.g. `code` or `type`; null when any code will do. */
  readonly codePath: string | null;
  readonly valueSet: string | null;
  /** Title of the value set, or display of the first code, for people. */
  readonly title: string | null;
  readonly codes: readonly Coding[];
  /** Element with the date and the dates (inclusive) within which it must lie, where the analysis can tell. */
  readonly datePath: string | null;
  readonly dateFrom: string | null;
  readonly dateTo: string | null;
  /** A value that must hold, in words and as a FHIR value filter; null where the analysis can tell none. */
  readonly valuePath: string | null;
  readonly valueComparator: 'lt' | 'le' | 'gt' | 'ge' | 'eq' | null;
  readonly value: number | null;
  readonly unit: string | null;
}

export interface GapReason {
  readonly code: GapReasonCode;
  readonly need: DataNeed;
  /** Resource that the reason is about (out of range, present, ...), `Type/id`; null for NotFound and Missing. */
  readonly reference: string | null;
  /** Element of that resource, e.g. `Observation.effective`; null without a reference. */
  readonly path: string | null;
  /** One sentence for a person: "No mammography between 1 Oct 2024 and 31 Dec 2026 was found". No PHI beyond dates and values of the chart. */
  readonly text: string;
}

/** What Gapless says of one patient, one group of a measure and one period. */
export interface GapAnswer {
  readonly group: GroupDefinition;
  readonly status: GapStatus;
  readonly reasons: readonly GapReason[];
  /** Resources that put the subject where it is (`Type/id` or `Type/id/_history/v`): what closed it, or what excludes it. */
  readonly evidence: readonly string[];
  /** What would close an open gap; empty otherwise. */
  readonly nextSteps: readonly { readonly text: string; readonly need: DataNeed }[];
}
