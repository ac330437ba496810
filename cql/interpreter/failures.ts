import cql from 'cql-execution';
import { CqlError, EvaluationFailed } from '../errors.ts';
import { failedIn } from './repairs.ts';

/** Messages of cql-execution that quote no data: types, names and fixed texts. */
const harmless = [
  /^Cannot cast /,
  /^Unimplemented Expression: /,
  /^no function with matching signature/,
  /^IllegalArgument: /,
  /^Cannot (read|perform|calculate|create) /,
  /^(Size|Width) of /,
  /^Argument to /,
  /^Passed in parameter /,
  /^Invalid precision: /,
  /^Patient Source does not support Is/,
  /^ValueSet must be provided/,
  /^In \(valueset\) is ambiguous/,
  / is not a function$/,
];

/**
 * What an evaluation throws: our own errors as they are, all others as EvaluationFailed with library, definition and
 * locator, and a reason that quotes nothing of the record. The original error may, so it isn't kept as the cause.
 */
export function failure(error: unknown, library: string, expression: string): Error {
  const origin = originOf(error);
  if (origin instanceof CqlError) return origin;
  const place = typeof error === 'object' && error !== null ? failedIn.get(error) : undefined;
  const locator = error instanceof cql.AnnotatedError ? (error.locator ?? null) : null;
  const node = error instanceof cql.AnnotatedError ? `${error.expressionName}: ` : '';
  return new EvaluationFailed(
    place?.library ?? library,
    place?.definition ?? expression,
    locator,
    `${node}${reasonOf(origin)}`,
  );
}

function originOf(error: unknown): unknown {
  return error instanceof cql.AnnotatedError && error.cause !== undefined ? originOf(error.cause) : error;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the value could not be computed';
  if (error instanceof RangeError) return 'the expression is nested too deeply or a number is out of range';
  return harmless.some((pattern) => pattern.test(error.message))
    ? error.message
    : `the value could not be computed (${error.constructor.name})`;
}
