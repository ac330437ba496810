import cql from 'cql-execution';
import elm from 'cql-execution/lib/elm/expressions.js';
import external from 'cql-execution/lib/elm/external.js';
import intervals from 'cql-execution/lib/elm/interval.js';
import queries from 'cql-execution/lib/elm/query.js';
import reusable from 'cql-execution/lib/elm/reusable.js';
import comparison from 'cql-execution/lib/util/comparison.js';
import keys from 'cql-execution/lib/util/immutableUtil.js';
import clocks from 'cql-execution/lib/util/util.js';
import { PointFrom, ProperContains, ProperIn } from './added-nodes.ts';
import type { LibraryContext, RowContext } from './contexts.ts';
import { FhirObject } from './fhir-object.ts';
import { LazyQuery, OrderedByColumn, OrderedByDirection, OrderedByExpression } from './query.ts';
import { IndexedRetrieve } from './retrieve.ts';

/**
 * Defects and costs of cql-execution 3.3.2, repaired from outside, each with the section of CQL 1.5 or ELM that decides.
 * The library has no seams for this, but it looks its node classes up in its modules whenever it builds a node, so
 * classes put there are the ones that it uses. That is done once per process.
 */
let repaired = false;

export function repairCqlExecution(): void {
  if (repaired) return;
  repaired = true;
  Object.assign(elm, { PointFrom, ProperContains, ProperIn });
  Object.assign(external, { Retrieve: IndexedRetrieve });
  Object.assign(intervals, { Interval: ConvertedInterval });
  Object.assign(queries, {
    Query: LazyQuery,
    ByDirection: OrderedByDirection,
    ByExpression: OrderedByExpression,
    ByColumn: OrderedByColumn,
  });
  Object.assign(reusable, { ExpressionDef: KeptDefinition, FunctionRef: NullSafeCall });
  Object.assign(keys, { toNormalizedKey: cheapKey(keys.toNormalizedKey) });
  Object.assign(clocks, { jsDate: RequestClock });
}

/** What the running evaluation needs to be known deep inside constructors that take no context. */
const running = { offset: 0, lane: Promise.resolve() };

/**
 * Runs an evaluation in which date-times without an offset have that of the request (CQL 1.5, 5.2.4). cql-execution
 * takes the machine's, so evaluations of one process run one after another; they wait for nothing outside themselves,
 * so nothing is lost by that.
 * @param offset hours from UTC
 */
export function inOffset<T>(offset: number, run: () => Promise<T>): Promise<T> {
  const result = running.lane.then(() => {
    running.offset = offset;
    return run();
  });
  running.lane = result.then(
    () => undefined,
    () => undefined,
  );
  return result;
}

class RequestClock extends Date {
  override getTimezoneOffset(): number {
    return -running.offset * 60;
  }
}

/** Distinct, union, except and intersect build a nested map of every property of every resource: its JSON says the same. */
function cheapKey(original: (value: unknown) => unknown): (value: unknown) => unknown {
  return (value) => (value instanceof FhirObject ? FhirObject.keyOf(value) : original(value));
}

/** In which definition an error happened, innermost first found. */
export const failedIn = new WeakMap<object, { readonly library: string; readonly definition: string }>();

/** ELM, ExpressionDef: a result of undefined is null, and kept like any other; errors remember where they happened. */
class KeptDefinition extends reusable.ExpressionDef {
  override async exec(context: LibraryContext | RowContext): Promise<unknown> {
    const root = context.rootContext();
    try {
      const value = (this.expression != null ? await this.expression.execute(context) : null) ?? null;
      root.set(this.name, value);
      return value;
    } catch (error) {
      if (typeof error === 'object' && error !== null && !failedIn.has(error))
        failedIn.set(error, { library: root.key, definition: this.name });
      throw error;
    }
  }
}

/** ELM, FunctionRef: an operand without a value is null; otherwise its name would be looked up in the caller. */
class NullSafeCall extends reusable.FunctionRef {
  override async execArgs(context: LibraryContext | RowContext): Promise<unknown[]> {
    const operands: unknown = await super.execArgs(context);
    return Array.isArray(operands) ? operands.map((operand) => operand ?? null) : [];
  }
}

/** The interval selector of cql-execution, whose declaration leaves out that the result may be null. */
const IntervalSelector: new (
  json: object,
) => {
  readonly lowClosedExpression: { execute(context: LibraryContext | RowContext): Promise<unknown> } | null | undefined;
  exec(context: LibraryContext | RowContext): Promise<unknown>;
} = intervals.Interval;

/**
 * ELM, Interval: a converted interval (of dates, to one of date-times) is written as a selector over the properties of the
 * interval that it is made from. Where that is null, so is whether it is closed, and the result: what is converted from
 * null is null (CQL 1.5, Appendix B, Convert). cql-execution makes an interval without bounds of it, which is all of time.
 */
class ConvertedInterval extends IntervalSelector {
  override async exec(context: LibraryContext | RowContext): Promise<unknown> {
    const closed = this.lowClosedExpression;
    if (closed != null && (await closed.execute(context)) == null) return null;
    const interval: unknown = await super.exec(context);
    return interval instanceof cql.Interval && endsBeforeItStarts(interval) ? null : interval;
  }
}

/** CQL, Author's Guide 2, Interval Values: there is no such interval. Taken for one, it would lie in periods that it is not in. */
function endsBeforeItStarts(interval: InstanceType<typeof cql.Interval>): boolean {
  const { low, high, lowClosed, highClosed } = interval;
  if (low == null || high == null) return false;
  const isAfter = comparison.greaterThan(low, high);
  if (isAfter !== false || (lowClosed && highClosed)) return isAfter === true;
  const closed = interval.toClosed();
  return comparison.greaterThan(closed.low, closed.high) === true;
}
