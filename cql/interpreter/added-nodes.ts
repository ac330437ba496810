import cql from 'cql-execution';
import expressions from 'cql-execution/lib/elm/expression.js';
import lists from 'cql-execution/lib/elm/list.js';
import comparison from 'cql-execution/lib/util/comparison.js';
import type { LibraryContext, RowContext } from './contexts.ts';

/** ELM nodes that cql-execution 3.3.2 does not have. */

type AnyContext = LibraryContext | RowContext;

/** CQL 1.5, Appendix B, Properly Includes (element of a list, point of an interval). */
abstract class ProperMembership extends expressions.Expression {
  readonly precision: string | undefined;

  constructor(json: { precision?: string }) {
    super(json);
    this.precision = json.precision?.toLowerCase();
  }

  protected async members(context: AnyContext): Promise<readonly [unknown, unknown]> {
    const operands: unknown = await this.execArgs(context);
    return Array.isArray(operands) ? [operands[0], operands[1]] : [null, null];
  }

  protected properly(container: unknown, item: unknown): boolean | null {
    if (container == null) return false;
    if (Array.isArray(container)) {
      const others = container.some((other) => !(comparison.equals(other, item) ?? (other == null && item == null)));
      return lists.doContains(container, item) && others;
    }
    if (item == null || !(container instanceof cql.Interval)) return null;
    const { precision } = this;
    const [low, high] = [container.start(), container.end()];
    const after: boolean | null = low === null ? null : comparison.greaterThan(item, low, precision);
    const before: boolean | null = high === null ? null : comparison.lessThan(item, high, precision);
    if (after === false || before === false) return false;
    return after === null || before === null ? null : true;
  }
}

export class ProperContains extends ProperMembership {
  override async exec(context: AnyContext): Promise<boolean | null> {
    const [container, item] = await this.members(context);
    return this.properly(container, item);
  }
}

export class ProperIn extends ProperMembership {
  override async exec(context: AnyContext): Promise<boolean | null> {
    const [item, container] = await this.members(context);
    return this.properly(container, item);
  }
}

/** CQL 1.5, Appendix B, Point From: an error unless the interval is one point. */
export class PointFrom extends expressions.Expression {
  override async exec(context: AnyContext): Promise<unknown> {
    const interval: unknown = await this.execArgs(context);
    if (!(interval instanceof cql.Interval)) return null;
    const [start, end] = [interval.start(), interval.end()];
    if (start === null || end === null || comparison.equals(start, end) !== true)
      throw new Error('Cannot perform point from on an interval of more than one point');
    return start;
  }
}
