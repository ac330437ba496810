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

export interface PopulationCount {
  readonly code: PopulationCode;
  readonly count: number;
}

export interface MeasureName {
  readonly id: string;
  readonly url: string;
  readonly version: string | null;
  readonly title: string;
}

export interface GroupName {
  readonly id: string | null;
  readonly title: string | null;
}

/** First and last date. */
export interface Period {
  readonly start: string;
  readonly end: string;
}

export interface TrendPoint {
  /** Last day of the twelve months. */
  readonly date: string;
  readonly rate: number | null;
  readonly numerator: number;
  readonly denominator: number;
}

/** One group of a live measure: GET /api/measures. */
export interface MeasureSummary {
  readonly measure: MeasureName & {
    readonly description: string | null;
    /** What the measure was warned about when it was installed: an incomplete value set, a draft. */
    readonly warnings: readonly string[];
  };
  readonly group: GroupName;
  readonly period: Period;
  /** Null where the measure does not say: then no rate is better than another. */
  readonly improvementNotation: 'increase' | 'decrease' | null;
  /** What an operator said of the direction, and what the Measure says instead; null where the Measure's own holds. */
  readonly direction: {
    readonly published: 'increase' | 'decrease' | null;
    readonly reason: string;
    readonly givenBy: string;
  } | null;
  readonly target: { readonly rate: number; readonly source: string } | null;
  readonly initialPopulation: number;
  readonly denominator: number;
  readonly denominatorExclusion: number;
  readonly denominatorException: number;
  readonly numerator: number;
  readonly numeratorExclusion: number;
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
  /** The general practitioner. */
  readonly provider: { readonly reference: string; readonly name: string | null } | null;
}

export type WorklistSort = 'name' | 'birthDate' | 'since' | 'dueBy' | 'status';

/** Body of POST /api/measures/:id/patients/_search: in the body, because text that is searched for may be a name. */
export interface WorklistRequest {
  readonly groupId: string | null;
  /** Any of these; empty: all. */
  readonly status: readonly GapStatus[];
  /** Members of a population; null: everyone who was evaluated. */
  readonly population: PopulationCode | null;
  /** Part of the name; null: any. */
  readonly text: string | null;
  /** Reference to the general practitioner; null: any. */
  readonly provider: string | null;
  readonly sort: WorklistSort;
  readonly descending: boolean;
  readonly offset: number;
  /** At most 500. */
  readonly count: number;
}

export interface WorklistItem {
  readonly patient: PatientHeader;
  readonly groupId: string | null;
  readonly status: GapStatus | null;
  readonly since: string;
  readonly dueBy: string | null;
  /** First reason and first next step. */
  readonly reasonText: string | null;
  readonly nextStepText: string | null;
  /** Why the patient could not be evaluated. */
  readonly error: string | null;
  readonly lastVisit: string | null;
  readonly populations: readonly PopulationCount[];
}

export interface Worklist {
  readonly total: number;
  readonly items: readonly WorklistItem[];
}

export interface PatientGap {
  readonly measure: MeasureName;
  readonly group: GroupName;
  readonly period: Period;
  /** False for the gaps of a period beside the current one. */
  readonly current: boolean;
  /** Id of the MeasureReport to which remarks are added. */
  readonly reportId: string;
  /** Why an operator says that another direction is better than the Measure does; null where nobody does. */
  readonly directionReason: string | null;
  readonly status: GapStatus | null;
  readonly since: string;
  readonly evaluatedAt: string;
  readonly dueBy: string | null;
  readonly reasons: readonly { readonly code: string; readonly text: string; readonly reference: string | null }[];
  /** What put the patient where they are. */
  readonly evidence: readonly Evidence[];
  readonly nextSteps: readonly { readonly text: string }[];
  readonly populations: readonly PopulationCount[];
  /** Why the patient could not be evaluated. */
  readonly error: string | null;
  /** Oldest first. None of them changes anything of the gap. */
  readonly remarks: readonly Remark[];
}

/** A resource in one line, such as "Mammography, 3 Feb 2025". */
export interface Evidence {
  /** `Type/id` or `Type/id/_history/version`. */
  readonly reference: string;
  readonly summary: string;
  readonly date: string | null;
}

/** What somebody said about a gap (DEQM deqm-careGapRemark). */
export interface Remark {
  readonly id: string;
  readonly author: string;
  /** Date or instant. */
  readonly at: string;
  readonly code: { readonly code: string | null; readonly display: string } | null;
  readonly text: readonly string[];
}

/** A remark that is to be added to a gap. */
export interface NewRemark {
  readonly reportId: string;
  readonly groupId: string | null;
  readonly author: string;
  /** Code of deqm-care-gap-remark; null for none. */
  readonly code: string | null;
  readonly text: string;
}

export interface GapTransition {
  readonly id: number;
  readonly measureUrl: string;
  readonly measureTitle: string;
  readonly groupId: string | null;
  /** Null when the measure has one group only, or is not live any more. */
  readonly groupTitle: string | null;
  readonly periodStart: string;
  readonly at: string;
  readonly from: GapStatus | null;
  readonly to: GapStatus | null;
  /** `data`: the chart changed; `measures`: the measure, its content, direction or periods did; `time`: time alone passed. */
  readonly cause: {
    readonly kind: 'data' | 'measures' | 'time';
    readonly resourceTypes: readonly string[];
    /** The versions that changed, as far as known. */
    readonly resources: readonly ChangedVersion[];
  };
}

/** A version of a resource that changed a gap. */
export interface ChangedVersion extends Evidence {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly at: string;
  readonly writtenBy: { readonly reference: string; readonly display: string | null } | null;
}

/** GET /api/patients/:id. */
export interface PatientGaps {
  readonly patient: PatientHeader & { readonly lastVisit: string | null };
  /** The patient waits to be evaluated again. */
  readonly pending: boolean;
  /** The current period before others, in it what is urgent first. */
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

/** What the page reads of the FHIR resources that it asks for. */
export interface HumanName {
  readonly use?: string;
  readonly text?: string;
  readonly family?: string;
  readonly given?: readonly string[];
  readonly prefix?: readonly string[];
  readonly suffix?: readonly string[];
}

export interface Patient {
  readonly resourceType: 'Patient';
  readonly id: string;
  readonly name?: readonly HumanName[];
  readonly birthDate?: string;
  readonly gender?: string;
  readonly telecom?: readonly { readonly system?: string; readonly value?: string }[];
}

export interface Practitioner {
  readonly resourceType: 'Practitioner';
  readonly id: string;
  readonly name?: readonly HumanName[];
}

export interface Bundle<T> {
  readonly resourceType: 'Bundle';
  readonly total?: number;
  readonly entry?: readonly { readonly resource?: T }[];
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

/** One model of a risk score: as `ModelScore` of the server, of which the page shows this. */
export interface RiskModel {
  readonly model: string;
  readonly title: string;
  readonly segment: { readonly code: string; readonly reason: string };
  readonly age: number;
  readonly diagnoses: readonly {
    readonly code: string;
    readonly categories: readonly number[];
    readonly evidence: readonly { readonly reference: string; readonly date: string }[];
  }[];
  readonly categories: readonly {
    readonly category: number;
    readonly label: string;
    readonly droppedBy: number | null;
    readonly notCounted: string | null;
  }[];
  readonly contributions: readonly {
    readonly kind: 'demographic' | 'category' | 'interaction' | 'count' | 'graft';
    readonly variable: string;
    readonly label: string;
    readonly coefficient: number;
    readonly categories: readonly number[];
  }[];
  readonly raw: number | null;
  readonly normalized: number | null;
  readonly adjusted: number | null;
  /** Why there is no score. */
  readonly refused: string | null;
}

/** POST /api/patients/:id/risk/_search */
export interface RiskView {
  readonly paymentYear: number;
  readonly collection: Period;
  readonly score: number | null;
  /** How certain the least certain table behind it is. */
  readonly status: 'final' | 'derived' | 'provisional';
  readonly models: readonly RiskModel[];
  readonly services: readonly {
    readonly reference: string;
    readonly counts: boolean;
    readonly gates: readonly { readonly gate: string; readonly passed: boolean; readonly reason: string }[];
  }[];
  readonly assumptions: readonly string[];
}
