/**
 * The translator keeps a table from ELM elements to their properties, which is weak on the JVM and an ordinary Map in
 * JavaScript: every library that was ever translated stays in memory. This finds that Map while `translate` runs, and
 * lets it hold its keys weakly from then on. Only for a thread that does nothing else.
 * @throws Error when there is no such Map, which means that the translator is not the version that this was written for
 */
export function forgetElements(translate: () => void): void {
  const found = new Set<Map<unknown, unknown>>();
  const { set } = Map.prototype;
  Map.prototype.set = function (this: Map<unknown, unknown>, key: unknown, value: unknown) {
    if (typeof key === 'object' && key !== null && !found.has(this) && calledFromTranslator()) found.add(this);
    return set.call(this, key, value);
  };
  try {
    translate();
  } finally {
    Map.prototype.set = set;
  }
  if (found.size !== 1)
    throw new Error(`the CQL translator has ${found.size} tables of elements where one is expected`);
  for (const map of found) hold(map);
}

/** The table's own class calls `set` directly; kotlin's collections come from another module. */
function calledFromTranslator(): boolean {
  const caller = new Error().stack?.split('\n')[3] ?? '';
  return caller.includes('/cql-to-elm.mjs');
}

function hold(map: Map<unknown, unknown>): void {
  const weak = new WeakMap<object, unknown>();
  for (const [key, value] of map) if (typeof key === 'object' && key !== null) weak.set(key, value);
  map.clear();
  Object.assign(map, {
    get: (key: object) => weak.get(key),
    set: (key: object, value: unknown) => {
      weak.set(key, value);
      return map;
    },
  });
}
