import * as runtime from '../runtime/index.ts';
import { Children, Descendents } from './fhir/children.ts';
import { withinRange } from './fhir/date-range.ts';
import { elementOfType } from './fhir/read.ts';
import { aggregated, repeated } from './nodes/iteration.ts';
import { intervalOf, tooLarge } from './nodes/literals.ts';
import { Message } from './nodes/message.ts';
import { rowsOf, sortedRows } from './rows.ts';

/**
 * Functions and classes of ours that compiled code may refer to, by the name under which kept code asks for them. Code that
 * refers to one that is missing here is not kept, which the tests of stored code notice.
 */
export const callables: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ...named('runtime', runtime),
  ...named('compiler', { elementOfType, intervalOf, tooLarge, rowsOf, sortedRows, Message, isArray: Array.isArray }),
  ...named('compiler', { repeated, aggregated, withinRange, Children, Descendents }),
]);

export const namesOfCallables: ReadonlyMap<unknown, string> = new Map(
  [...callables].map(([name, callable]) => [callable, name]),
);

function named(prefix: string, functions: object): [string, unknown][] {
  return Object.entries(functions)
    .filter(([, value]) => typeof value === 'function')
    .map(([name, value]) => [`${prefix}.${name}`, value]);
}
