import { randomUUID } from 'node:crypto';
import type { Sql } from '../db/database.ts';
import type { StoredResource } from '../db/stored-resource.ts';
import type { Entry, Locator } from './entry.ts';
import { DuplicateEntry, InvalidId, MultipleMatches, ResourceNotFound } from './errors.ts';
import { lock } from './lock.ts';
import { matchCriteria } from './match.ts';
import { checkType } from './validate.ts';

/** An entry whose target is known. */
export interface Identified {
  readonly entry: Entry;
  /** '' for a conditional deletion that matches nothing. */
  readonly id: string;
  /** Nothing can exist under the id, which was made up just now. */
  readonly isNew: boolean;
  /** What a conditional create found instead of creating. */
  readonly matched: StoredResource | null;
}

/**
 * Finds the target of each entry, by search where it is conditional (R4 http.html#cond-update and following). Criteria
 * are locked until the transaction ends, so that of two conditional creates with the same criteria only one creates.
 *
 * @throws MultipleMatches, ResourceNotFound (a patch without match), InvalidId (an update whose body has another id
 *   than the match), DuplicateEntry (two creates with the same criteria)
 */
export async function identify(
  sql: Sql,
  tenant: string,
  entries: readonly Entry[],
  at: Locator,
  baseUrl: string | null,
): Promise<readonly Identified[]> {
  const conditions = new Map<string, Entry>();
  for (const [index, entry] of entries.entries()) {
    const condition = conditionOf(entry);
    if (condition === null) continue;
    if (entry.method === 'POST' && conditions.has(condition)) {
      at(index, () => {
        throw new DuplicateEntry(`Another entry of this Bundle has the same criteria: ${condition}`);
      });
    }
    conditions.set(condition, entry);
  }
  await lock(sql, tenant, 'criteria', new Set(conditions.keys()));
  const matches = new Map<string, readonly StoredResource[]>();
  for (const condition of conditions.keys()) {
    const [type = '', criteria = ''] = splitCondition(condition);
    matches.set(condition, await matchCriteria(sql, tenant, type, criteria, baseUrl));
  }
  const deleted = new Set(
    entries.flatMap((entry) => (entry.method === 'DELETE' && entry.id !== null ? [`${entry.type}/${entry.id}`] : [])),
  );
  return entries.map((entry, index) =>
    at(index, () => {
      const condition = conditionOf(entry);
      if (condition === null) return unconditional(entry);
      // Deletions come first in a transaction, so that what they delete no longer matches.
      const found = matches.get(condition)?.filter(({ type, id }) => !deleted.has(`${type}/${id}`)) ?? [];
      if (found.length > 1) throw new MultipleMatches(condition);
      return conditional(entry, condition, found[0] ?? null);
    }),
  );
}

function conditionOf(entry: Entry): string | null {
  const criteria = entry.method === 'POST' ? entry.ifNoneExist : entry.criteria;
  return criteria === null ? null : `${entry.type}?${criteria}`;
}

/** `Type?criteria` in two. */
export function splitCondition(condition: string): readonly [type: string, criteria: string] {
  const mark = condition.indexOf('?');
  return [condition.slice(0, mark), condition.slice(mark + 1)];
}

function unconditional(entry: Entry): Identified {
  return entry.method === 'POST' || entry.id === null
    ? { entry, id: randomUUID(), isNew: true, matched: null }
    : { entry, id: entry.id, isNew: false, matched: null };
}

function conditional(entry: Entry, condition: string, match: StoredResource | null): Identified {
  if (entry.method === 'POST') {
    return { entry, id: match?.id ?? randomUUID(), isNew: match === null, matched: match };
  }
  if (entry.method === 'PUT') return conditionalUpdate(entry, match);
  if (match !== null) return { entry, id: match.id, isNew: false, matched: null };
  if (entry.method === 'PATCH') throw new ResourceNotFound(`No resource matches ${condition}`);
  return { entry, id: '', isNew: true, matched: null };
}

function conditionalUpdate(entry: Entry & { method: 'PUT' }, match: StoredResource | null): Identified {
  checkType(entry.resource, entry.type);
  const own = entry.resource.id ?? null;
  if (match !== null && own !== null && own !== match.id) {
    throw new InvalidId('The criteria match a resource with another id than that of the body', [`${entry.type}.id`]);
  }
  const id = match?.id ?? own;
  return id === null
    ? { entry, id: randomUUID(), isNew: true, matched: null }
    : { entry, id, isNew: false, matched: null };
}
