/**
 * Results of CQL expressions in a form that belongs to no engine. Every Evaluator converts its own values to these,
 * and only for the definitions that were asked for.
 */

/** A FHIR resource or element as plain JSON. */
export interface FhirResource {
  readonly resourceType: string;
  readonly id?: string;
  readonly [element: string]: unknown;
}

export interface CqlCode {
  readonly type: 'Code';
  readonly code: string;
  readonly system: string | null;
  readonly version: string | null;
  readonly display: string | null;
}

export interface CqlQuantity {
  readonly type: 'Quantity';
  readonly value: number;
  /** UCUM code or CQL calendar unit; '1' when the quantity has no unit. */
  readonly unit: string;
}

export type CqlValue =
  | null
  | boolean
  | number
  | string
  | { readonly type: 'Long'; readonly value: string }
  /** ISO 8601 as precise as the value is: `2026`, `2026-01-31`, `2026-01-31T10:00:00.000+00:00`, `10:30:00`. */
  | { readonly type: 'Date' | 'DateTime' | 'Time'; readonly value: string }
  | CqlQuantity
  | { readonly type: 'Ratio'; readonly numerator: CqlQuantity; readonly denominator: CqlQuantity }
  | CqlCode
  | { readonly type: 'Concept'; readonly codes: readonly CqlCode[]; readonly display: string | null }
  | {
      readonly type: 'Interval';
      readonly low: CqlValue;
      readonly high: CqlValue;
      readonly lowClosed: boolean;
      readonly highClosed: boolean;
    }
  | { readonly type: 'Tuple'; readonly elements: { readonly [name: string]: CqlValue } }
  /** A resource of the patient's record: the very object that was put into it. */
  | { readonly type: 'Resource'; readonly resource: FhirResource }
  /** A FHIR element that is not a resource (an Encounter.diagnosis, a FHIR.code, ...), as JSON. */
  | { readonly type: 'Element'; readonly fhirType: string; readonly value: unknown }
  | readonly CqlValue[];
