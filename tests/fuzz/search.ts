import fc from 'fast-check';
import { type Difference, differenceOf, type Example, examples } from './differences.ts';
import { nodesOf } from './nodes.ts';
import { ruleOf } from './triaged.ts';

export interface Found {
  /** Seed that finds it again. */
  readonly seed: number;
  readonly difference: Difference;
}

export interface SearchResult {
  readonly evaluated: number;
  /** Differences that no rule explains, each shrunk, one of a kind. */
  readonly found: readonly Found[];
  /** How often each rule was needed, by its `what`. */
  readonly explained: ReadonlyMap<string, number>;
}

export interface SearchPlan {
  readonly seed: number;
  readonly runs: number;
  /** Stops at this time (of performance.now()), whatever is left. */
  readonly until: number;
  /** Stops when so many kinds were found. */
  readonly most: number;
  readonly report?: (found: Found) => void;
}

/** Looks for expressions on which the engines differ. The same seed and runs look at the same expressions. */
export async function search({ seed, runs, until, most, report }: SearchPlan): Promise<SearchResult> {
  const explained = new Map<string, number>();
  const found: Found[] = [];
  const kinds = new Set<string>();
  let evaluated = 0;
  const differs = async (example: Example): Promise<Difference | null> => {
    evaluated += 1;
    const difference = await differenceOf(example);
    if (difference === null) return null;
    const rule = ruleOf(difference);
    if (rule !== null) explained.set(rule.what, (explained.get(rule.what) ?? 0) + 1);
    return rule === null && !kinds.has(kindOf(difference)) ? difference : null;
  };
  for (let batch = seed; evaluated < runs && found.length < most && performance.now() < until; batch += 1) {
    const property = fc.asyncProperty(examples, async (example) => (await differs(example)) === null);
    const left = until - performance.now();
    const result = await fc.check(property, {
      seed: batch,
      numRuns: Math.min(500, runs - evaluated),
      ...(Number.isFinite(left) ? { interruptAfterTimeLimit: Math.max(1, left), markInterruptAsFailure: false } : {}),
    });
    const [example] = result.counterexample ?? [];
    if (example === undefined) continue;
    const difference = await differenceOf(example);
    if (difference === null) throw new Error(`The engines differ once and agree then: ${JSON.stringify(example)}`);
    kinds.add(kindOf(difference));
    found.push({ seed: batch, difference });
    report?.({ seed: batch, difference });
  }
  return { evaluated, found, explained };
}

/** Differences of one kind have the same nodes. */
function kindOf({ expression }: Difference): string {
  return [...nodesOf(expression)].map(({ type }) => type).join(' ');
}
