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
 * | arithmetic | Add Subtract Multiply Divide TruncatedDivide Modulo Power Log (a, b), Abs Negate Ceiling Floor Truncate Exp Ln PrecisionOf (node Precision) Predecessor Successor (a), Round (a, places or null), LowBoundary HighBoundary (a, digits or null), MinValue MaxValue (type name, E) |
 * | string | Concatenate (a, b), Combine (list, separator), Split (s, separator), SplitOnMatches (s, pattern), Length (string or list), Upper Lower (s), Indexer (string or list, index), PositionOf LastPositionOf (pattern, s), Substring (s, start, length or null), StartsWith EndsWith (s, x), Matches (s, pattern), ReplaceMatches (s, pattern, substitution) |
 * | date-time | NewDateTime (year, month, day, hour, minute, second, millisecond, offset in hours: Decimal, Integer or null, E), NewDate (y, m, d), NewTime (h, m, s, ms), Now Today TimeOfDay (E), DateTimeComponentFrom (a, P), TimezoneOffsetFrom (a), DateFrom TimeFrom (a), DurationBetween DifferenceBetween (a, b, P), SameAs SameOrBefore SameOrAfter Before After (a, b, P) (the last four also on intervals) |
 * | interval | NewInterval (low, high, lowClosed, highClosed, T), Start End Width Size PointFrom (i), Contains In ProperContains ProperIn (.., P), Includes IncludedIn ProperIncludes ProperIncludedIn Meets MeetsBefore MeetsAfter Overlaps OverlapsBefore OverlapsAfter Starts Ends (a, b, P), Union Intersect Except (a, b), Collapse (list, per, E), Expand (list or interval, per, E) |
 * | list | Exists Distinct Flatten First Last SingletonFrom ToList (a), IndexOf (list, element), Slice (list, start, end), Times (a, b), compareForSort (a, b) for Query and Sort |
 * | aggregate | Count Sum Product Min Max Avg Median Mode StdDev PopulationStdDev Variance PopulationVariance GeometricMean AllTrue AnyTrue (list) |
 * | clinical | CalculateAge (birth, P, E), CalculateAgeAt (birth, asOf, P), InValueSet AnyInValueSet (code(s), ValueSet), InCodeSystem AnyInCodeSystem (code(s), CodeSystem), ExpandValueSet (ValueSet) |
 * | type | ToBoolean ToConcept ToDate ToDecimal ToInteger ToLong ToQuantity ToRatio ToChars ToTime (a), ToDateTime ToString (a, E), ConvertsTo* (same operands), ConvertQuantity CanConvertQuantity (quantity, unit), isType isFhirType (a, type name): what Is and As ask |
 * | message | Message (source, condition, code, severity, message, E) |
 */

export { AllTrue, AnyTrue, Count, Max, Min, Mode, Product, Sum } from './aggregate.ts';
export {
  Abs,
  Add,
  Ceiling,
  Divide,
  Floor,
  Log,
  Modulo,
  Multiply,
  Negate,
  Power,
  Round,
  Subtract,
  Truncate,
  TruncatedDivide,
} from './arithmetic.ts';
export { pointTypeOf } from './bounds.ts';
export {
  AnyInCodeSystem,
  AnyInValueSet,
  CalculateAge,
  CalculateAgeAt,
  ExpandValueSet,
  InCodeSystem,
  InValueSet,
} from './clinical.ts';
export { Collapse } from './collapse.ts';
export {
  compareForSort,
  Equal,
  Equivalent,
  Greater,
  GreaterOrEqual,
  Less,
  LessOrEqual,
  NotEqual,
} from './comparison.ts';
export {
  DateFrom,
  DateTimeComponentFrom,
  NewDate,
  NewDateTime,
  NewTime,
  Now,
  TimeFrom,
  TimeOfDay,
  TimezoneOffsetFrom,
  Today,
} from './date-time.ts';
export { distinctValues } from './distinct.ts';
export { DifferenceBetween, DurationBetween } from './duration.ts';
export type { Budget, Environment } from './environment.ts';
export { CqlRuntimeError } from './errors.ts';
export { Expand } from './expand.ts';
export {
  End,
  Ends,
  Meets,
  MeetsAfter,
  MeetsBefore,
  NewInterval,
  Overlaps,
  OverlapsAfter,
  OverlapsBefore,
  PointFrom,
  Size,
  Start,
  Starts,
  Width,
} from './interval.ts';
export { Distinct, Exists, First, Flatten, IndexOf, Last, SingletonFrom, Slice, Times, ToList } from './list.ts';
export { And, Implies, Not, Or, Xor } from './logical.ts';
export {
  Contains,
  In,
  IncludedIn,
  Includes,
  ProperContains,
  ProperIn,
  ProperIncludedIn,
  ProperIncludes,
} from './membership.ts';
export { Message } from './message.ts';
export { Coalesce, IsFalse, IsNull, IsTrue } from './nullological.ts';
export { Exp, Ln } from './powers.ts';
export {
  HighBoundary,
  LowBoundary,
  MaxValue,
  MinValue,
  Precision as PrecisionOf,
  Predecessor,
  Successor,
} from './precision-operators.ts';
export { Except, Intersect, Union } from './set-operations.ts';
export { Avg, GeometricMean, Median, PopulationStdDev, PopulationVariance, StdDev, Variance } from './statistics.ts';
export {
  Combine,
  Concatenate,
  EndsWith,
  Indexer,
  LastPositionOf,
  Length,
  Lower,
  Matches,
  PositionOf,
  ReplaceMatches,
  Split,
  SplitOnMatches,
  StartsWith,
  Substring,
  Upper,
} from './string.ts';
export { After, Before, SameAs, SameOrAfter, SameOrBefore } from './timing.ts';
export {
  CanConvertQuantity,
  ConvertQuantity,
  ConvertsToBoolean,
  ConvertsToDate,
  ConvertsToDateTime,
  ConvertsToDecimal,
  ConvertsToInteger,
  ConvertsToLong,
  ConvertsToQuantity,
  ConvertsToRatio,
  ConvertsToString,
  ConvertsToTime,
  ToBoolean,
  ToChars,
  ToConcept,
  ToDate,
  ToDateTime,
  ToDecimal,
  ToInteger,
  ToLong,
  ToQuantity,
  ToRatio,
  ToString,
  ToTime,
} from './type-conversion.ts';
export { isFhirType, isType } from './type-test.ts';
export { normalUnit } from './units.ts';
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
export { formatDate, formatDateTime, formatTime } from './values/format-date-time.ts';
export { parseDate, parseDateTime, parseTime } from './values/parse-date-time.ts';
export { type Precision, precisionNamed, precisions } from './values/precision.ts';
export { Quantity, Ratio } from './values/quantity.ts';
export {
  FhirElement,
  type FhirObject,
  Interval,
  isList,
  type PointType,
  Tuple,
  Uncertainty,
  type Value,
} from './values/value.ts';
