import { setImmediate } from 'node:timers/promises';

/** How long a loop may keep the thread from all other requests, in ms. */
const longest = 20;

/**
 * For loops over as much as a client may send. `if (breath.isDue()) await breath.take()` after each step lets other
 * requests through in between.
 */
export class Breath {
  readonly #longest: number;
  #since = performance.now();

  /** @param atMost ms between two breaths */
  constructor(atMost = longest) {
    this.#longest = atMost;
  }

  isDue(): boolean {
    return performance.now() - this.#since > this.#longest;
  }

  async take(): Promise<void> {
    await setImmediate();
    this.#since = performance.now();
  }
}

/** As Array.map, with a breath now and then. */
export async function mapBreathing<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => R,
  atMost?: number,
): Promise<R[]> {
  const breath = new Breath(atMost);
  const results: R[] = [];
  for (const [index, item] of items.entries()) {
    results.push(work(item, index));
    if (breath.isDue()) await breath.take();
  }
  return results;
}
