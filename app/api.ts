/**
 * What /api answers, as the server's views give it. Dates are FHIR dates (YYYY-MM-DD) or instants; rates and targets lie
 * between 0 and 1; counts are of patients, gross as in a MeasureReport (an excluded patient still counts in the denominator).
 */

/** Codes of http://hl7.org/fhir/uv/deqm/CodeSystem/deqm-gaps-status, and `error` for a patient who could not be evaluated. */
export type GapStatus = 'open-gap' | 'prospective-gap' | 'closed-gap' | 'not-applicable' | 'error';

export type PopulationCode =
  | 'initial-population'
  | 'denominator'
  | 'denominator-exclusion'
  | 'denominator-exception'
  | 'numerator'
  | 'numerator-exclusion';

export interface MeasureName {
  readonly id: string;
  readonly url: string;
  readonly version: string | null;
  readonly title: string | null;
  readonly description: string | null;
}

export interface GroupName {
  readonly id: string;
  readonly title: string | null;
}

export interface TrendPoint {
  readonly date: string;
  readonly rate: number | null;
  readonly numerator: number;
  readonly denominator: number;
}

/** One group of a live measure: GET /api/measures. */
export interface MeasureSummary {
  readonly measure: MeasureName;
  readonly group: GroupName;
  readonly period: { readonly start: string; readonly end: string };
  readonly improvementNotation: 'increase' | 'decrease';
  readonly target: number | null;
  readonly targetSource: string | null;
  readonly initialPopulation: number;
  readonly denominator: number;
  readonly exclusions: number;
  readonly exceptions: number;
  readonly numerator: number;
  /** Null when nobody can be assessed, and for scorings without a rate. */
  readonly rate: number | null;
  readonly open: number;
  readonly prospective: number;
  readonly closed: number;
  readonly notApplicable: number;
  readonly errors: number;
  /** Patients whose data changed and who wait to be evaluated again. */
  readonly pending: number;
  /** Rolling twelve months, oldest first. */
  readonly trend: readonly TrendPoint[];
}

export interface PatientHeader {
  readonly id: string;
  readonly name: string;
  readonly birthDate: string | null;
  readonly gender: string | null;
  readonly phone: string | null;
  /** Reference to the general practitioner, and how people call them. */
  readonly provider: string | null;
  readonly providerName: string | null;
  readonly lastVisit: string | null;
}

/** Body of POST /api/measures/:id/patients/_search: in the body, because text that is searched for may be a name. */
export interface WorklistRequest {
  readonly group: string;
  /** Empty: any. */
  readonly status: readonly GapStatus[];
  /** Members of a population; null: everyone who was evaluated. */
  readonly population: PopulationCode | null;
  readonly q: string;
  readonly provider: string | null;
  /** A column, with `-` before it for descending. */
  readonly sort: string;
  readonly count: number;
  readonly offset: number;
}

export interface WorklistItem {
  readonly patient: PatientHeader;
  readonly status: GapStatus | null;
  readonly since: string;
  readonly dueBy: string | null;
  readonly reasonText: string | null;
  readonly nextStepText: string | null;
  readonly lastVisit: string | null;
  readonly populations: readonly { readonly code: PopulationCode; readonly count: number }[];
}

export interface Worklist {
  readonly total: number;
  readonly items: readonly WorklistItem[];
  /** Everyone that the list could be narrowed to, whatever the other filters. */
  readonly providers: readonly { readonly reference: string; readonly name: string | null }[];
}

/** Answer to POST /api/patients/_search. */
export interface PatientMatches {
  readonly total: number;
  readonly items: readonly PatientHeader[];
}

export interface PatientGap {
  readonly measure: MeasureName;
  readonly group: GroupName;
  readonly period: { readonly start: string; readonly end: string };
  readonly status: GapStatus | null;
  readonly since: string;
  readonly evaluatedAt: string;
  readonly dueBy: string | null;
  /** Why the patient could not be evaluated. */
  readonly error: string | null;
  readonly reasons: readonly { readonly code: string; readonly text: string; readonly reference: string | null }[];
  readonly evidence: readonly {
    readonly reference: string;
    readonly summary: string | null;
    readonly date: string | null;
  }[];
  readonly nextSteps: readonly { readonly text: string }[];
  readonly populations: readonly { readonly code: PopulationCode; readonly count: number }[];
}

export interface GapTransition {
  readonly at: string;
  readonly measure: MeasureName;
  readonly group: GroupName;
  readonly from: GapStatus | null;
  readonly to: GapStatus | null;
  /** One sentence: what brought the change. */
  readonly causeText: string | null;
}

/** GET /api/patients/:id. */
export interface PatientGaps {
  readonly patient: PatientHeader;
  readonly gaps: readonly PatientGap[];
  /** Latest first. */
  readonly history: readonly GapTransition[];
}

/** GET /api/status. */
export interface ServerStatus {
  readonly mode: 'demo' | 'production';
  readonly tenant: string;
  readonly patients: number;
  readonly evaluated: number;
  readonly pending: number;
  readonly errors: number;
  readonly lastEvaluated: string | null;
  readonly version: string;
}

export interface OperationOutcome {
  readonly resourceType: 'OperationOutcome';
  readonly issue: readonly {
    readonly severity: string;
    readonly code: string;
    readonly diagnostics?: string;
    readonly details?: { readonly text?: string };
  }[];
}
