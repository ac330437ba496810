/** Codes of the aggregate methods (cqm-aggregateMethod), and how each combines the values that are there. */
const methods: { readonly [method: string]: (sorted: readonly number[]) => number } = {
  sum,
  average: (values) => sum(values) / values.length,
  median,
  minimum: (values) => values[0] ?? 0,
  maximum: (values) => values.at(-1) ?? 0,
  count: (values) => values.length,
};

export const aggregateMethods: readonly string[] = Object.keys(methods);

/**
 * Combines observations (nulls are left out by the caller, as CQL's aggregate functions do).
 * @returns null when there is nothing to combine (a count is 0), or when no method is given
 */
export function aggregate(method: string | null, values: readonly number[]): number | null {
  const combine = method === null ? undefined : methods[method];
  if (combine === undefined || (values.length === 0 && method !== 'count')) return null;
  return combine([...values].sort((a, b) => a - b));
}

/** Neumaier's summation over sorted values: the result does not depend on the order in which subjects came. */
function sum(values: readonly number[]): number {
  let total = 0;
  let lost = 0;
  for (const value of values) {
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
}

function median(sorted: readonly number[]): number {
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
