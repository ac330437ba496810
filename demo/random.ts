/** A stream of reproducible draws. The same seed gives the same stream on every machine. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  chance(probability: number): boolean;
  /** Whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number;
  /** Approximately normal (sum of four uniforms): never further than 3.5 deviations from the mean. */
  normal(mean: number, deviation: number): number;
  /** How often something happens that happens `mean` times on average (Poisson, by Knuth). */
  count(mean: number): number;
  pick<const List extends readonly [unknown, ...unknown[]]>(list: List): List[number];
  /** One value of a list of `[value, weight]`. */
  weighted<T>(list: readonly [readonly [T, number], ...(readonly [T, number])[]]): T;
}

/** xmur3 for the seed, sfc32 for the stream: small, fast, and good enough for populations of millions. */
export function seededRandom(seed: string): Random {
  let [a, b, c, d] = hash(seed);
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  for (let warmUp = 0; warmUp < 12; warmUp++) next();
  return {
    next,
    chance: (probability) => next() < probability,
    integer: (low, high) => low + Math.floor(next() * (high - low + 1)),
    normal: (mean, deviation) => mean + (next() + next() + next() + next() - 2) * Math.sqrt(3) * deviation,
    count(mean) {
      const limit = Math.exp(-mean);
      let happened = 0;
      for (let product = next(); product > limit; product *= next()) happened++;
      return happened;
    },
    pick: (list) => list[Math.floor(next() * list.length)] ?? list[0],
    weighted(list) {
      let rest = next() * list.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [value, weight] of list) {
        rest -= weight;
        if (rest < 0) return value;
      }
      return list[0][0];
    },
  };
}

function hash(text: string): [number, number, number, number] {
  let h = 1779033703 ^ text.length;
  for (let index = 0; index < text.length; index++) {
    h = Math.imul(h ^ text.charCodeAt(index), 3432918353);
    h = (h << 13) | (h >>> 19);
  }
  const word = (): number => {
    h = Math.imul(h ^ (h >>> 16), 2246822507);
    h = Math.imul(h ^ (h >>> 13), 3266489909);
    h ^= h >>> 16;
    return h | 0;
  };
  return [word(), word(), word(), word()];
}
