import type { ClauseResult, CqlValue, FhirResource, RetrieveResult } from '../../cql/index.ts';
import type { PopulationCode } from '../definition.ts';

/** The measurement period as reports show it; `periodParameter` says it as CQL sees it. */
export interface MeasurementPeriod {
  /** Dates (YYYY-MM-DD), both inclusive, as a MeasureReport shows them (deqm-1: day precision). */
  readonly start: string;
  readonly end: string;
}

export interface PopulationResult {
  readonly id: string | null;
  readonly code: PopulationCode;
  /** Boolean basis: 0 or 1. Otherwise the number of members. Gross, as reports show it (excluded members still count). */
  readonly count: number;
  /** Basis other than boolean: the members, in order. Empty for boolean basis. */
  readonly members: readonly CqlValue[];
  /**
   * What the criterion itself gave, before it was restricted to its parents. Null, too, when it was not evaluated because
   * the subject is in no initial population.
   */
  readonly criterion: CqlValue;
  /** measure-observation only: one value per member that is observed, null where the function gave null. */
  readonly observations: readonly (number | null)[];
  /** Values of the supporting evidence that the Measure defines for the population; only when it was traced. */
  readonly supportingEvidence?: readonly { readonly name: string; readonly value: CqlValue }[];
}

export interface StratifierResult {
  readonly id: string | null;
  /**
   * The strata that this subject (boolean basis) or its members fall into. `value` is the stratum's value, one per
   * component for component stratifiers; a criteria stratifier has the one value `true` or `false`.
   */
  readonly strata: readonly {
    readonly values: readonly CqlValue[];
    readonly populations: readonly PopulationResult[];
    readonly score: number | null;
  }[];
}

export interface GroupResult {
  readonly id: string | null;
  readonly populations: readonly PopulationResult[];
  readonly stratifiers: readonly StratifierResult[];
  /** This subject's own score; null when it cannot be computed (not in the denominator, all excluded, cohort). */
  readonly score: number | null;
}

/** What a measure says of one subject. */
export interface SubjectResult {
  /** Logical id of the Patient. */
  readonly subject: string;
  readonly groups: readonly GroupResult[];
  readonly supplementalData: readonly { readonly expression: string; readonly value: CqlValue }[];
  /**
   * Resources that the populations' expressions retrieved, with the populations (ids, or linkIds where there are) that
   * used them. Only filled when the evaluation was traced.
   */
  readonly evaluatedResources: readonly { readonly resource: FhirResource; readonly criteria: readonly string[] }[];
  /** Composite measures only: the results of the components, in their order. */
  readonly components: readonly SubjectResult[];
  /** What the engine noted on its way, for gap reasons and highlighting; null unless the evaluation was traced. */
  readonly trace: EvaluationTrace | null;
}

export interface EvaluationTrace {
  readonly clauses: readonly ClauseResult[];
  readonly retrieves: readonly RetrieveResult[];
  /** Values of the bounds of dates that gap reasons name, by definition. */
  readonly bounds: { readonly [definition: string]: CqlValue };
}
