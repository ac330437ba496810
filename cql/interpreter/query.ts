import cql from 'cql-execution';
import lists from 'cql-execution/lib/elm/list.js';
import queries from 'cql-execution/lib/elm/query.js';
import type { LibraryContext, RowContext } from './contexts.ts';

/**
 * ELM, Query. As in the library, but the product of several sources is walked and not built (a budget can stop it), a
 * `let` without a value hides an outer one of the same name, and the row of a query over several sources without a
 * return has the sources only (CQL 1.5, 3.2 Multi-Source Queries), not the lets.
 */
export class LazyQuery extends queries.Query {
  override async exec(context: LibraryContext | RowContext): Promise<unknown> {
    const results: unknown[] = [];
    for (const source of this.sources) results.push(await source.expression.execute(context));
    if (results.every((result) => result == null)) return null;
    const isList = results.some(Array.isArray);
    const rows = results.map((result) => (result == null ? [] : Array.isArray(result) ? result : [result]));

    let returned: unknown[] = [];
    for (const combination of product(rows)) {
      const row = context.childContext();
      for (const [i, value] of combination.entries()) row.set(this.aliases[i] ?? '', value ?? null);
      for (const definition of this.letClauses)
        row.set(definition.identifier, (await definition.expression.execute(row)) ?? null);
      if (await this.#passes(row)) returned.push(await this.#row(row, combination));
    }
    if (this.isDistinct()) returned = lists.toDistinctList(returned);
    if (this.aggregateClause != null) return this.aggregateClause.aggregate(returned, context);
    if (this.sortClause != null) returned = await this.sortClause.sort(context, returned);
    return isList ? returned : returned[0];
  }

  async #passes(row: RowContext): Promise<boolean> {
    let related = true;
    for (const relationship of this.relationship)
      if (!(await relationship.execute(row.childContext()))) related = false;
    return related && (this.where ? Boolean(await this.where.execute(row)) : true);
  }

  async #row(row: RowContext, combination: readonly unknown[]): Promise<unknown> {
    if (this.returnClause != null) return this.returnClause.expression.execute(row);
    if (this.aliases.length === 1 && this.aggregateClause == null) return combination[0];
    // An aggregate may read the lets as well.
    if (this.aggregateClause != null) return row.context_values;
    return Object.fromEntries(combination.map((value, i) => [this.aliases[i] ?? '', value]));
  }
}

function* product(lists: readonly (readonly unknown[])[]): Generator<readonly unknown[]> {
  const [first, ...rest] = lists;
  if (first === undefined) yield [];
  else for (const value of first) for (const others of product(rest)) yield [value, ...others];
}

/** Sort direction (CQL 1.5, 3.2 Sorting): nulls are lowest; date-times are compared as instants, not as text. */
export class OrderedByDirection extends queries.ByDirection {
  override async exec(_: unknown, a: unknown, b: unknown): Promise<number> {
    return signed(compare(a, b), this.low_order);
  }
}

export class OrderedByExpression extends queries.ByExpression {
  override async exec(context: LibraryContext | RowContext, a: object, b: object): Promise<number> {
    const [left, right] = [
      await this.expression.execute(context.childContext(a)),
      await this.expression.execute(context.childContext(b)),
    ];
    return signed(compare(left, right), this.low_order);
  }
}

export class OrderedByColumn extends OrderedByExpression {
  constructor(json: { path: string; direction: string }) {
    super({ ...json, expression: { name: json.path, type: 'IdentifierRef' } });
  }
}

function signed(order: number, lowOrder: number): number {
  return order === 0 ? 0 : order < 0 ? lowOrder : -lowOrder;
}

function compare(a: unknown, b: unknown): number {
  if (a == null || b == null) return a == null ? (b == null ? 0 : -1) : 1;
  if (a instanceof cql.Quantity && b instanceof cql.Quantity) return a.before(b) ? -1 : b.before(a) ? 1 : 0;
  if (a instanceof cql.DateTime && b instanceof cql.DateTime) {
    const before = a.before(b);
    if (before !== null) return before ? -1 : b.before(a) ? 1 : 0;
  }
  const [left, right] = [comparable(a), comparable(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function comparable(value: unknown): string | number {
  return typeof value === 'number' ? value : String(value);
}
