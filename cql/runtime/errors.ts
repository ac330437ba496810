import { CqlError } from '../errors.ts';

/** An operator that the CQL specification lets fail. The caller adds library, expression and locator. Quotes no patient data. */
export class CqlRuntimeError extends CqlError {
  override readonly name = 'CqlRuntimeError';
}
