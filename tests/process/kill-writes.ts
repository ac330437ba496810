import type { Write } from './kill-load.ts';

/** A version of a resource, as the database has it. */
export interface StoredVersion {
  readonly key: string;
  readonly type: string;
  readonly version: number;
  /** Null for a deletion. */
  readonly tag: string | null;
  /** It is the one that reads give. */
  readonly current: boolean | null;
  /** Rows of the resource: one. */
  readonly copies: number;
}

/** What is wrong with what was stored, given what clients were told. */
export function writeProblems(writes: readonly Write[], versions: readonly StoredVersion[]): string[] {
  const problems: string[] = [];
  const byTag = Map.groupBy(versions, ({ tag }) => tag);
  const sent = new Set(writes.map(({ tag }) => tag));
  for (const { tag, outcome } of writes) {
    if (tag === null) continue;
    const found = byTag.get(tag)?.length ?? 0;
    if (outcome === 'stored' && found !== 1) problems.push(`acknowledged and stored ${found} times: ${tag}`);
    if (found > 1) problems.push(`sent once and stored ${found} times: ${tag}`);
  }
  for (const tag of byTag.keys()) if (!sent.has(tag)) problems.push(`stored and never sent: ${tag}`);

  for (const [request, parts] of Map.groupBy(writes, (write) => write.request)) {
    const stored = parts.filter(({ tag }) => tag !== null && byTag.has(tag)).length;
    const tagged = parts.filter(({ tag }) => tag !== null).length;
    if (stored !== 0 && stored !== tagged)
      problems.push(`request ${request} is stored in part: ${stored} of ${tagged}`);
  }

  const sentOf = Map.groupBy(writes, ({ key }) => key);
  for (const [key, own] of Map.groupBy(versions, (version) => version.key)) {
    const numbers = own.map(({ version }) => version).join();
    if (numbers !== own.map((_, index) => index + 1).join()) problems.push(`versions of ${key}: ${numbers}`);
    const current = own.filter((version) => version.current === true);
    if (own[0]?.copies !== 1 || current.length !== 1 || current[0] !== own.at(-1))
      problems.push(`${key} has ${own[0]?.copies} rows, and its latest version is not the one that is read`);
    // Medications are written by all clients at once: nobody knows which was the last.
    if (own[0]?.type !== 'Medication') problems.push(...orderProblems(key, sentOf.get(key) ?? [], own));
  }
  return problems;
}

/** One client wrote them one after the other: what it was told last stands, unless what it was not told of came after. */
function orderProblems(key: string, sent: readonly Write[], own: readonly StoredVersion[]): string[] {
  if (sent.length === 0) return [];
  const last = sent.findLastIndex(({ outcome }) => outcome === 'stored');
  const possible = new Set(sent.slice(Math.max(0, last)).map(({ tag }) => tag));
  const tag = own.at(-1)?.tag ?? null;
  const problems = possible.has(tag) ? [] : [`${key} is ${tag}, and was told to be ${[...possible].join(' or ')}`];
  const places = own.flatMap(({ tag: of }) => (of === null ? [] : sent.findIndex((write) => write.tag === of)));
  if (places.some((place, index) => place < (places[index - 1] ?? -1)))
    problems.push(`${key} has versions out of order`);
  return problems;
}
