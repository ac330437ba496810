import { randomUUID } from 'node:crypto';
import type { FhirResource } from '../../cql/index.ts';
import type { Database, Transaction } from '../db/database.ts';
import { patientOf } from '../search/compartment.ts';
import { writeSearchRows } from '../search/rows.ts';
import { mapBreathing } from './breath.ts';
import { changeOf, creationOf, stamp, unchangedOf, type Write } from './change.ts';
import { checkEntry } from './check-entry.ts';
import { type Identified, identify } from './conditions.ts';
import type { Applied, ApplyOptions, Entry, Locator } from './entry.ts';
import { DuplicateEntry, TransactionFailed } from './errors.ts';
import { withoutNumbers } from './exact-json.ts';
import { feedChanges } from './feed.ts';
import { patientChanges } from './feed-notes.ts';
import { noteGroupChanges } from './group-changes.ts';
import { linksBetween } from './links.ts';
import { lockTargets, type Target } from './lock.ts';
import { addReferringPatients } from './outside-changes.ts';
import { type Links, replaceLinks } from './references.ts';
import { checkType } from './validate.ts';
import { writeVersions } from './write-rows.ts';

/**
 * The one door for data: applies the entries in one transaction, all or nothing, in a handful of statements however
 * many they are. Validates, assigns ids and versions, resolves links between the entries and conditional references,
 * serialises with other writers, and writes current rows, history, search index and change feed.
 *
 * @returns what became of each entry, in the order of the entries
 * @throws InvalidResource, WrongResourceType, UnknownResourceType, InvalidId, VersionConflict, PreconditionFailed,
 *   MultipleMatches, ResourceNotFound, ResourceDeleted, DuplicateEntry, InvalidReference, PatchFailed; as the cause of
 *   a TransactionFailed when `transaction`
 */
export async function applyEntries(
  database: Pick<Database, 'transaction'>,
  tenant: string,
  entries: readonly Entry[],
  options: ApplyOptions = {},
): Promise<readonly Applied[]> {
  const at = locator(options);
  if (options.isChecked !== true) await mapBreathing(entries, (entry, index) => at(index, () => checkEntry(entry)));
  const { baseUrl = null, keepsUnchanged = false } = options;
  return database.transaction(async (sql) => {
    const identified = await identify(sql, tenant, entries, at, baseUrl);
    refuseDuplicates(identified, at);
    const links = await linksBetween(sql, tenant, identified, at, options);
    const trees = await mapBreathing(identified, (item) => linked(item, links));
    const current = await lockTargets(sql, tenant, targetsOf(identified, trees, baseUrl));
    const now = new Date().toISOString();
    const changes = await mapBreathing(identified, (item, index) =>
      at(index, () => {
        const before = current.get(`${item.entry.type}/${item.id}`) ?? null;
        return (
          (keepsUnchanged ? unchangedOf(item, trees[index] ?? null, before) : null) ??
          changeOf(item, trees[index] ?? null, before, now, baseUrl)
        );
      }),
    );
    const applied = changes.map((change) => change.applied);
    const writes = changes.flatMap(({ write }) => (write === null ? [] : [write]));
    const event = options.audit?.(applied) ?? null;
    await write(sql, tenant, now, event === null ? writes : [...writes, creationOf(event, randomUUID(), now)], baseUrl);
    await feed(sql, tenant, now, writes);
    await options.beforeCommit?.(sql, applied);
    await noteGroupChanges(sql, tenant, applied, now);
    return applied;
  });
}

const indexedAtOnce = 500;

/**
 * Stores AuditEvents: no validation (they are our own), no change feed (they change no answer), no audit of themselves.
 */
export async function appendAuditEvents(
  sql: Transaction,
  tenant: string,
  events: readonly FhirResource[],
): Promise<void> {
  const now = new Date().toISOString();
  await write(
    sql,
    tenant,
    now,
    events.map((event) => creationOf(event, randomUUID(), now)),
    null,
  );
}

function locator({ transaction = false, positions }: ApplyOptions): Locator {
  return (entry, work) => {
    try {
      return work();
    } catch (error) {
      throw transaction && error instanceof Error ? new TransactionFailed(positions?.[entry] ?? entry, error) : error;
    }
  };
}

/** R4 http.html#trules: a resource may be the target of one entry only. */
function refuseDuplicates(identified: readonly Identified[], at: Locator): void {
  const seen = new Map<string, number>();
  for (const [index, { entry, id, matched }] of identified.entries()) {
    if (matched !== null || id === '') continue;
    const key = `${entry.type}/${id}`;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, index);
    else {
      at(index, () => {
        throw new DuplicateEntry(`${key} is already the target of Bundle.entry[${first}]: it may occur once`);
      });
    }
  }
}

/** The resource of a create or update with its links replaced and its id set; null for patches and deletions. */
function linked({ entry, id, matched }: Identified, links: Links): FhirResource | null {
  if ((entry.method !== 'POST' && entry.method !== 'PUT') || matched !== null) return null;
  checkType(entry.resource, entry.type);
  return stamp(replaceLinks(entry.resource, entry.fullUrl, links), id, 0, '');
}

/** What exists already or could: all but the ids that we have just made up. */
function targetsOf(
  identified: readonly Identified[],
  trees: readonly (FhirResource | null)[],
  baseUrl: string | null,
): Target[] {
  return identified.flatMap(({ entry, id, isNew, matched }, index) => {
    if (isNew || matched !== null) return [];
    const tree = trees[index] ?? null;
    return [{ type: entry.type, id, patient: tree === null ? null : patientOf(withoutNumbers(tree), baseUrl) }];
  });
}

async function write(
  sql: Transaction,
  tenant: string,
  now: string,
  writes: readonly Write[],
  baseUrl: string | null,
): Promise<void> {
  if (writes.length === 0) return;
  await writeVersions(
    sql,
    tenant,
    now,
    writes.map(({ version }) => version),
  );
  // Some at a time: the rows of all would keep the thread, and the memory, for too long.
  for (let start = 0; start < writes.length; start += indexedAtOnce) {
    const some = writes.slice(start, start + indexedAtOnce).map(({ index }) => index);
    await writeSearchRows(sql, tenant, some, { baseUrl });
  }
}

/** The patients whose data changed, and those whose records include a resource in no compartment that did. */
async function feed(sql: Transaction, tenant: string, now: string, writes: readonly Write[]): Promise<void> {
  const changes = patientChanges(writes);
  await addReferringPatients(sql, tenant, writes, changes);
  await feedChanges(sql, tenant, now, changes);
}
