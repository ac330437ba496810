import type { Code, CodeSystem, Concept, ValueSet } from './clinical.ts';
import type { CqlDate, CqlDateTime, CqlTime } from './date-time.ts';
import type { Decimal } from './decimal.ts';
import type { Quantity, Ratio } from './quantity.ts';

/** Whatever an expression can be at run time. Null is never undefined. `number` is an Integer, `bigint` a Long. */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Decimal
  | CqlDate
  | CqlDateTime
  | CqlTime
  | Quantity
  | Ratio
  | Code
  | Concept
  | ValueSet
  | CodeSystem
  | Interval
  | Uncertainty
  | Tuple
  | FhirElement
  | FhirObject
  | readonly Value[];

/** A resource or an element of the patient's record, as JSON. */
export interface FhirObject {
  readonly [element: string]: unknown;
}

export type PointType = 'Integer' | 'Long' | 'Decimal' | 'Date' | 'DateTime' | 'Time' | 'Quantity';

/**
 * Interval of CQL (2.2.4). A null boundary that is closed is the least (or greatest) value of the point type; one that is
 * open is not known.
 */
export class Interval {
  readonly low: Value;
  readonly high: Value;
  readonly lowClosed: boolean;
  readonly highClosed: boolean;
  /** Null where neither a boundary nor a static type tells. */
  readonly pointType: PointType | null;
  constructor(low: Value, high: Value, lowClosed: boolean, highClosed: boolean, pointType: PointType | null) {
    this.low = low;
    this.high = high;
    this.lowClosed = lowClosed;
    this.highClosed = highClosed;
    this.pointType = pointType;
  }
}

/** An Integer that lies between two bounds, both included: what is known of a duration between imprecise dates (5.4). */
export class Uncertainty {
  readonly low: number;
  readonly high: number;
  constructor(low: number, high: number) {
    this.low = low;
    this.high = high;
  }
}

/** Tuple of CQL. Elements sit in an ordinary object, written as one literal, so that all tuples of a place have one shape. */
export class Tuple {
  readonly elements: { readonly [name: string]: Value };
  constructor(elements: { readonly [name: string]: Value }) {
    this.elements = elements;
  }
}

/** A FHIR value that says its type: used where the static type doesn't (choices, Any). Resources need none. */
export class FhirElement {
  /** FHIR type name: `dateTime`, `CodeableConcept`, `Encounter.Diagnosis`. */
  readonly type: string;
  /** The JSON: a primitive or an object; null for a primitive that has extensions only. */
  readonly value: unknown;
  /** The `_name` sibling of a primitive; otherwise null. */
  readonly sibling: FhirObject | null;
  constructor(type: string, value: unknown, sibling: FhirObject | null = null) {
    this.type = type;
    this.value = value;
    this.sibling = sibling;
  }
}

/** Array.isArray for readonly arrays. */
export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
