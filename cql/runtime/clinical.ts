import { DateFrom, Now, Today } from './date-time.ts';
import { DurationBetween } from './duration.ts';
import type { Environment } from './environment.ts';
import { Code, CodeSystem, Concept, ValueSet } from './values/clinical.ts';
import { CqlDate, CqlDateTime } from './values/date-time.ts';
import { type Precision, precisions } from './values/precision.ts';
import { isList, type Uncertainty, type Value } from './values/value.ts';

/** Ages and terminology (ELM 23). */

/** 23.4. CalculateAge today, or now where the birth is a date-time or hours and finer are asked for. */
export function CalculateAge(
  birth: Value,
  precision: Precision,
  environment: Environment,
): number | Uncertainty | null {
  return CalculateAgeAt(birth, birth instanceof CqlDate ? Today(environment) : Now(environment), precision);
}

/** 23.5. CalculateAgeAt: whole periods from birth to a date. A date and a date-time are compared as dates, in years to days. */
export function CalculateAgeAt(birth: Value, asOf: Value, precision: Precision): number | Uncertainty | null {
  const coarse = precision <= precisions.Day || precision === precisions.Week;
  const mixed =
    (birth instanceof CqlDate && asOf instanceof CqlDateTime) ||
    (birth instanceof CqlDateTime && asOf instanceof CqlDate);
  return mixed && coarse
    ? DurationBetween(DateFrom(birth), DateFrom(asOf), precision)
    : DurationBetween(birth, asOf, precision);
}

/**
 * 23.8 and 23.9. InValueSet: of a code, a concept (one of its codes) or a list of either. A code given as a string is a member
 * when it is one of exactly one system. False for null.
 */
export function InValueSet(code: Value, valueSet: Value): boolean | null {
  if (!(valueSet instanceof ValueSet)) return code === null ? false : null;
  if (code instanceof Code) return valueSet.codes.has(code.system, code.code);
  if (code instanceof Concept) return code.codes.some((each) => valueSet.codes.has(each.system, each.code));
  if (typeof code === 'string') return valueSet.codes.systemsOf(code) === 1;
  return code !== null && isList(code) && code.some((each) => InValueSet(each, valueSet) === true);
}

/** 23.2. AnyInValueSet. */
export function AnyInValueSet(codes: Value, valueSet: Value): boolean | null {
  return InValueSet(codes, valueSet);
}

/** 23.6. InCodeSystem: decided by the code's system, because the system's codes aren't known here. */
export function InCodeSystem(code: Value, codeSystem: Value): boolean | null {
  if (!(codeSystem instanceof CodeSystem)) return code === null ? false : null;
  if (code instanceof Code)
    return (
      code.system === codeSystem.id &&
      (code.version === null || codeSystem.version === null || code.version === codeSystem.version)
    );
  if (code instanceof Concept) return code.codes.some((each) => InCodeSystem(each, codeSystem) === true);
  return code !== null && isList(code) && code.some((each) => InCodeSystem(each, codeSystem) === true);
}

/** 23.1. AnyInCodeSystem. */
export function AnyInCodeSystem(codes: Value, codeSystem: Value): boolean | null {
  return InCodeSystem(codes, codeSystem);
}

/** 23.10. ExpandValueSet: its codes. */
export function ExpandValueSet(valueSet: Value): readonly Code[] | null {
  return valueSet instanceof ValueSet ? valueSet.expand() : null;
}
