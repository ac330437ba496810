/**
 * The operators of ELM, as functions over run-time values. What compiled code calls, and nothing else of this folder.
 *
 * ## Values (values/)
 * | CQL | at run time |
 * | --- | --- |
 * | null | `null`, never undefined |
 * | Boolean, String | boolean, string |
 * | Integer | number (whole, 32 bits) |
 * | Long | bigint |
 * | Decimal | `Decimal` (exact; `parseDecimal`, `decimalFromNumber`) |
 * | Date, DateTime, Time | `CqlDate`, `CqlDateTime`, `CqlTime`: packed numbers, a precision, and for DateTime an offset in minutes |
 * | Quantity, Ratio | `Quantity` { value: Decimal, unit }, `Ratio` |
 * | Code, Concept, ValueSet, CodeSystem | classes of the same name |
 * | Interval | `Interval` { low, high, lowClosed, highClosed, pointType } |
 * | List | readonly array |
 * | Tuple | `Tuple` { elements } |
 * | FHIR | raw JSON objects where the static type is known, `FhirElement` { type, value, sibling } where it isn't |
 * | uncertain Integer | `Uncertainty` { low, high }: only DurationBetween, DifferenceBetween and arithmetic on them give one |
 *
 * ## Functions
 * One per ELM node, by the node's name; operands in ELM's order. A node with a `precision` attribute takes a `Precision`
 * (a small number, see `precisions` and `precisionNamed`) after its operands; `precisions.Unstated` where ELM has none.
 * What needs the request's time, offset or budget takes the `Environment` last. Operands are values: laziness (If, Case,
 * Coalesce, And, Or, Implies with unevaluated right sides, Query) is the compiler's part.
 *
 * Null in gives null out unless the operator's section says otherwise. All are total: operands of types for which an
 * operator is not defined give null, as they do only behind an untyped null or a choice. @throws CqlRuntimeError where the specification
 * says that the operator fails.
 *
 * | chapter | functions (P = Precision, E = Environment, T = PointType or null where the operands are null) |
 * | --- | --- |
 * | comparison | Equal NotEqual Equivalent Less Greater LessOrEqual GreaterOrEqual (a, b) |
 * | logical | And Or Xor Implies (a, b), Not (a), IsNull IsTrue IsFalse (a), Coalesce (...operands or one list) |
 * | arithmetic | Add Subtract Multiply Divide TruncatedDivide Modulo Power Log (a, b), Abs Negate Ceiling Floor Truncate Exp Ln Precision Predecessor Successor (a), Round (a, places or null), LowBoundary HighBoundary (a, digits or null), MinValue MaxValue (type name, E) |
 * | string | Concatenate (a, b), Combine (list, separator), Split (s, separator), SplitOnMatches (s, pattern), Length (string or list), Upper Lower (s), Indexer (string or list, index), PositionOf LastPositionOf (pattern, s), Substring (s, start, length or null), StartsWith EndsWith (s, x), Matches (s, pattern), ReplaceMatches (s, pattern, substitution) |
 * | date-time | NewDateTime (year, month, day, hour, minute, second, millisecond, offset in hours: Decimal, Integer or null, E), NewDate (y, m, d), NewTime (h, m, s, ms), Now Today TimeOfDay (E), DateTimeComponentFrom (a, P), TimezoneOffsetFrom (a), DateFrom TimeFrom (a), DurationBetween DifferenceBetween (a, b, P), SameAs SameOrBefore SameOrAfter Before After (a, b, P) (the last four also on intervals) |
 * | interval | NewInterval (low, high, lowClosed, highClosed, T), Start End Width Size PointFrom (i), Contains In ProperContains ProperIn (.., P), Includes IncludedIn ProperIncludes ProperIncludedIn Meets MeetsBefore MeetsAfter Overlaps OverlapsBefore OverlapsAfter Starts Ends (a, b, P), Union Intersect Except (a, b), Collapse (list, per, E), Expand (list or interval, per, E) |
 * | list | Exists Distinct Flatten First Last SingletonFrom ToList (a), IndexOf (list, element), Slice (list, start, end), Times (a, b), Repeat is the compiler's, sortComparer (descending) for Query and Sort |
 * | aggregate | Count Sum Product Min Max Avg Median Mode StdDev PopulationStdDev Variance PopulationVariance GeometricMean AllTrue AnyTrue (list) |
 * | clinical | CalculateAge (birth, P, E), CalculateAgeAt (birth, asOf, P), InValueSet AnyInValueSet (code(s), ValueSet), InCodeSystem AnyInCodeSystem (code(s), CodeSystem), ExpandValueSet (ValueSet) |
 * | type | ToBoolean ToConcept ToDate ToDecimal ToInteger ToLong ToQuantity ToRatio ToString ToChars ToTime (a), ToDateTime (a, E), ConvertsTo* (same operands), ConvertQuantity CanConvertQuantity (quantity, unit), isType (a, type name): what Is and As of a System type ask |
 * | message | Message (source, condition, code, severity, message, E) |
 */
export type { Budget, Environment } from './environment.ts';
export { CqlRuntimeError } from './errors.ts';
export { Code, CodeSystem, Concept, ValueSet } from './values/clinical.ts';
export { atOffset, CqlDate, CqlDateTime, CqlTime } from './values/date-time.ts';
export {
  Decimal,
  decimalFromInteger,
  decimalFromNumber,
  decimalToNumber,
  formatDecimal,
  parseDecimal,
} from './values/decimal.ts';
export { type Precision, precisionNamed, precisions } from './values/precision.ts';
export { Quantity, Ratio } from './values/quantity.ts';
export {
  FhirElement,
  type FhirObject,
  Interval,
  type PointType,
  Tuple,
  Uncertainty,
  type Value,
} from './values/value.ts';
