/**
 * A measure as its FHIR Measure resource defines it, with both spellings of every extension (cqfm-*, cqm-*) resolved.
 * Terms are those of the quality measure IG (http://hl7.org/fhir/uv/cqm, measure conformance).
 */

export type Scoring = 'proportion' | 'ratio' | 'continuous-variable' | 'cohort' | 'composite';

/** Codes of http://terminology.hl7.org/CodeSystem/measure-population. */
export type PopulationCode =
  | 'initial-population'
  | 'denominator'
  | 'denominator-exclusion'
  | 'denominator-exception'
  | 'numerator'
  | 'numerator-exclusion'
  | 'measure-population'
  | 'measure-population-exclusion'
  | 'measure-observation';

export type ImprovementNotation = 'increase' | 'decrease';
export type ReportType = 'individual' | 'subject-list' | 'summary';

export interface Coding {
  readonly system?: string;
  readonly version?: string;
  readonly code?: string;
  readonly display?: string;
}
export interface CodeableConcept {
  readonly coding?: readonly Coding[];
  readonly text?: string;
}

/** An expression whose value tells why a subject is in a population (cqf-supportingEvidenceDefinition). */
export interface SupportingEvidenceDefinition {
  readonly name: string;
  readonly description: string | null;
  readonly code: CodeableConcept | null;
  /** Name of a CQL definition of the library, or, qualified, of one that it includes. */
  readonly expression: string;
}

export interface PopulationDefinition {
  readonly id: string | null;
  readonly linkId: string | null;
  readonly code: PopulationCode;
  /** The concept as the Measure has it, for reports. */
  readonly concept: CodeableConcept;
  readonly description: string | null;
  /** Name of the CQL definition (for measure-observation: of the function). */
  readonly expression: string;
  /** The `id` of the population that this one refers to: an observation's population, a ratio's initial population. */
  readonly criteriaReference: string | null;
  readonly supportingEvidence?: readonly SupportingEvidenceDefinition[];
  /** Measure observations only: sum, average, median, minimum, maximum, count. */
  readonly aggregateMethod: string | null;
}

export interface StratifierComponentDefinition {
  readonly id: string | null;
  readonly linkId: string | null;
  readonly code: CodeableConcept | null;
  readonly expression: string;
}

/** Criteria-based when `expression` is given, value-based when it has components (CR 3.17). */
export interface StratifierDefinition {
  readonly id: string | null;
  readonly linkId: string | null;
  readonly code: CodeableConcept | null;
  readonly expression: string | null;
  readonly components: readonly StratifierComponentDefinition[];
  /** Codes of the populations that it applies to (cqfm-appliesTo); empty means all. */
  readonly appliesTo: readonly PopulationCode[];
}

export interface GroupDefinition {
  readonly id: string | null;
  readonly linkId: string | null;
  readonly code: CodeableConcept | null;
  readonly description: string | null;
  readonly scoring: Scoring;
  /** `boolean` or a FHIR resource type (or another CQL type) that the criteria list. */
  readonly basis: string;
  /** Null for cohort measures, which have none. */
  readonly improvementNotation: ImprovementNotation | null;
  /** Only where an operator gave another direction: what the Measure itself says. */
  readonly publishedImprovementNotation?: ImprovementNotation | null;
  readonly rateAggregation: string | null;
  readonly scoringUnit: CodeableConcept | null;
  readonly populations: readonly PopulationDefinition[];
  readonly stratifiers: readonly StratifierDefinition[];
}

export interface SupplementalDataDefinition {
  readonly id: string | null;
  readonly linkId: string | null;
  readonly code: CodeableConcept | null;
  readonly description: string | null;
  readonly expression: string;
  readonly usage: 'supplemental-data' | 'risk-adjustment-factor';
  /** Empty means all report types. */
  readonly includeInReportTypes: readonly ReportType[];
}

/** A component of a composite measure (relatedArtifact `composed-of`). */
export interface ComponentDefinition {
  readonly measure: string;
  readonly weight: number | null;
  readonly groupId: string | null;
}

export type CompositeScoring = 'opportunity' | 'all-or-nothing' | 'linear' | 'weighted';

export interface MeasureDefinition {
  readonly url: string;
  readonly version: string | null;
  readonly name: string | null;
  readonly title: string | null;
  /** Canonical of the primary library; null for composite measures that have none. */
  readonly library: string | null;
  readonly scoring: Scoring | null;
  /** True when the Measure says its scoring at the root, false when every group says its own (report: deqm-3). */
  readonly scoringAtRoot: boolean;
  readonly improvementNotation: ImprovementNotation | null;
  /** Only where an operator gave another direction: what the Measure itself says at its root. */
  readonly publishedImprovementNotation?: ImprovementNotation | null;
  readonly compositeScoring: CompositeScoring | null;
  readonly effectivePeriod: { readonly start: string; readonly end: string } | null;
  readonly groups: readonly GroupDefinition[];
  readonly supplementalData: readonly SupplementalDataDefinition[];
  readonly components: readonly ComponentDefinition[];
}
