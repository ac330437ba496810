import type { Environment } from './environment.ts';
import { CqlRuntimeError } from './errors.ts';
import type { Value } from './values/value.ts';

/**
 * 24.1. Message: gives back its source. Where the condition is true it tells the environment, and at the severity Error it
 * ends the evaluation. The text may come from data, so the error has only the code.
 * @throws CqlRuntimeError at the severity Error
 */
export function Message(
  source: Value,
  condition: Value,
  code: Value,
  severity: Value,
  message: Value,
  environment: Environment,
): Value {
  if (condition !== true) return source;
  const name = typeof code === 'string' ? code : null;
  const level = typeof severity === 'string' ? severity : 'Message';
  if (level === 'Error') throw new CqlRuntimeError(`The library raised the error ${name ?? 'without a code'}`);
  environment.onMessage?.(level, name, typeof message === 'string' ? message : null);
  return source;
}
