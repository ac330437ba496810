import { createContext, Script } from 'node:vm';
import { PatchTooCostly } from '../store/errors.ts';

const script = new Script('work()');

/**
 * Runs synchronous work and stops it when its time is over, wherever it then is: in a loop, or in a regular expression
 * that backtracks without end. Only a script of node:vm can be stopped so, and with it what it calls.
 *
 * @throws PatchTooCostly, and what the work throws
 */
export function withinTime<T>(milliseconds: number, work: () => T): T {
  const results: T[] = [];
  const context = createContext({ work: () => void results.push(work()) });
  try {
    script.runInContext(context, { timeout: milliseconds });
  } catch (error) {
    const isTime = (error as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
    throw isTime ? new PatchTooCostly(`The paths of the patch take longer to evaluate than ${milliseconds} ms`) : error;
  }
  const [result] = results;
  return result as T;
}
