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
  /** Further conditions, where the analysis can tell them: codes that elements must have, bounds of the value, the component. */
  readonly elements?: readonly {
    readonly path: string;
    readonly codes: readonly Coding[];
    readonly valueSet: string | null;
  }[];
  readonly values?: readonly { readonly comparator: string; readonly value: number; readonly unit: string | null }[];
  readonly component?: Coding;
  readonly count?: number;
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
  /** What would close an open gap, all of the steps together; empty otherwise, and where no data would. */
  readonly nextSteps: readonly NextStep[];
}

export interface NextStep {
  /** One sentence: "Record blood pressure below 140/90 mm[Hg] by 31 Dec 2026", "Record one of: colonoscopy or ...". */
  readonly text: string;
  readonly need: DataNeed;
  /** What the same resource must meet as well, e.g. another component. */
  readonly together?: readonly DataNeed[];
  /** Other data that would do instead. */
  readonly alternatives?: readonly DataNeed[];
}
