import type { FhirResource } from '../../cql/index.ts';
import { isDatabaseAway } from '../db/away.ts';
import type { Database, Sql } from '../db/database.ts';
import type { StoredResource } from '../db/stored-resource.ts';
import { applyEntries } from './apply-entries.ts';
import { mapBreathing } from './breath.ts';
import type { Applied } from './entry.ts';
import { type LineEntry, type RefusedLine, ReplacedLine, readLine, refuse } from './import-lines.ts';
import type { ImportCounts, ImportProgress, NdjsonSource, RejectedLine } from './import-source.ts';
import {
  forgetPosition,
  type ImportKey,
  type ImportPosition,
  keepRejected,
  readPosition,
  writePosition,
} from './import-state.ts';
import { type LineBatch, type LineLimits, lineBatches } from './ndjson-lines.ts';

export interface ImportSettings {
  readonly database: Pick<Database, 'query' | 'transaction'>;
  readonly tenant: string;
  /** Names the import: with a source that an import of this name began, it goes on where that stopped. */
  readonly importId: string;
  /** Our own FHIR base without a slash at the end; null where it is not known. */
  readonly baseUrl: string | null;
  /** Makes the AuditEvent of each transaction. */
  readonly audit: (written: readonly StoredResource[]) => FhirResource | null;
  /** Runs last in each transaction (measure content). What it throws refuses lines. */
  readonly check: (sql: Sql, tenant: string, written: readonly StoredResource[]) => Promise<void>;
  /** What a client is told of an error: no word of the server's own (server/outcomes.ts). */
  readonly explain: (error: Error) => Pick<RejectedLine, 'code' | 'diagnostics' | 'expression'>;
  /** Stops after the transaction that is under way. */
  readonly signal: AbortSignal;
  /** Called after each transaction; what it returns is waited for. */
  readonly onProgress?: (progress: ImportProgress) => unknown;
  readonly limits?: Partial<LineLimits>;
}

const standardLimits: LineLimits = { maxLineBytes: 16_000_000, linesAtOnce: 500, bytesAtOnce: 3_000_000 };
const none: ImportCounts = { lines: 0, created: 0, updated: 0, unchanged: 0, replaced: 0, failed: 0 };
const start: ImportPosition = { offset: 0, line: 0, digest: '', complete: false, counts: none };

/**
 * Stores the resources of an NDJSON source through the one door (apply-entries.ts), some lines to a transaction, each
 * under its own id. A line that is refused does not stop the others: it is kept with the reason (import-state.ts,
 * `rejectedLines`). References may point to what comes later or never. The place is kept with each transaction: after any
 * stop, the same call goes on. A resource that is stored just so already makes no version.
 *
 * @returns what became of all lines, those of earlier calls included
 * @throws the signal's reason; errors of `source.open` and of the database. What is stored stays, and the import can go on.
 */
export async function importNdjson(source: NdjsonSource, settings: ImportSettings): Promise<ImportCounts> {
  const { database, tenant, importId, signal } = settings;
  const key = { tenant, importId, source: source.name };
  const known = await readPosition(database, key);
  if (known?.complete === true) return known.counts;
  const limits = { ...standardLimits, ...settings.limits, endAt: known?.offset };
  let position = known ?? start;
  // While a batch is being stored, which is mostly the database's work, the next one is read.
  let storing: Promise<void> = Promise.resolve();
  try {
    for await (const batch of lineBatches(await source.open(signal), limits)) {
      signal.throwIfAborted();
      if (known !== null && batch.offset <= known.offset) {
        if (batch.offset < known.offset || batch.digest === known.digest) continue;
        await forgetPosition(database, key); // another content under this name: from its start, then
        return importNdjson(source, settings);
      }
      const to = { key, limits, settings };
      const read = await readBatch(batch, source.resourceType, limits);
      await storing;
      signal.throwIfAborted();
      storing = storeBatch(batch, read, position, to).then(async (next) => {
        position = next;
        const { counts, offset } = next;
        await settings.onProgress?.({ ...counts, source: key.source, offset, size: source.size });
      });
      storing.catch(() => {}); // thrown where it is waited for
    }
    await storing;
  } finally {
    await storing.catch(() => {}); // nothing is stored any more once this has ended
  }
  await writePosition(database, key, { ...position, complete: true });
  return position.counts;
}

interface BatchSettings {
  readonly key: ImportKey;
  readonly limits: LineLimits;
  readonly settings: ImportSettings;
}

interface ReadBatch {
  readonly entries: readonly LineEntry[];
  readonly refused: readonly RefusedLine[];
}

/** Short, so that neither the database nor a client waits for us. */
const breathMs = 3;

async function readBatch(batch: LineBatch, type: string | null, { maxLineBytes }: LineLimits): Promise<ReadBatch> {
  return withoutReplaced(await mapBreathing(batch.lines, (line) => readLine(line, type, maxLineBytes), breathMs));
}

/** Stores a batch, with the place after it. @returns that place */
async function storeBatch(
  batch: LineBatch,
  { entries, refused }: ReadBatch,
  before: ImportPosition,
  to: BatchSettings,
): Promise<ImportPosition> {
  const counts = { ...before.counts, lines: before.counts.lines + batch.lines.length };
  const { line, offset, digest } = batch;
  const end = (applied: readonly Applied[], all: readonly RefusedLine[]): ImportPosition => ({
    ...{ line, offset, digest, complete: false },
    counts: counted(counts, applied, all),
  });
  let position = before;
  await storeLines(entries, refused, to, async (sql, applied, all) => {
    position = end(applied, all);
    await keepRejected(
      sql,
      to.key,
      all.map((one) => rejectedLine(one, to)),
    );
    await writePosition(sql, to.key, position);
  });
  return position;
}

type Finish = (sql: Sql, applied: readonly Applied[], refused: readonly RefusedLine[]) => Promise<void>;

/**
 * Stores the entries in one transaction; when one of them cannot be stored, in halves, so that it alone is refused.
 * `finish` runs in the last of these transactions, with what became of all.
 */
async function storeLines(
  entries: readonly LineEntry[],
  refused: readonly RefusedLine[],
  to: BatchSettings,
  finish: Finish,
): Promise<void> {
  const applied: Applied[] = [];
  const rejected = [...refused];
  const store = async (some: readonly LineEntry[], isLast: boolean): Promise<void> => {
    try {
      const stored = await apply(some, to, async (sql, now) => {
        if (isLast) await finish(sql, [...applied, ...now], rejected);
      });
      applied.push(...stored);
    } catch (error) {
      const [first] = some;
      if (first === undefined || !(error instanceof Error) || !concernsLines(error, to)) throw error;
      if (some.length === 1) {
        rejected.push(refuse(first.line, error, first.entry));
        if (isLast) await store([], true);
        return;
      }
      const middle = some.length >> 1;
      await store(some.slice(0, middle), false);
      await store(some.slice(middle), isLast);
    }
  };
  await store(entries, true);
}

/** False when the error says nothing of the lines: the database is away, or somebody stopped the import. */
function concernsLines(error: Error, { settings: { signal } }: BatchSettings): boolean {
  return !signal.aborted && !isDatabaseAway(error);
}

async function apply(
  some: readonly LineEntry[],
  { settings: { database, tenant, baseUrl, audit, check } }: BatchSettings,
  finish: (sql: Sql, applied: readonly Applied[]) => Promise<void>,
): Promise<readonly Applied[]> {
  return applyEntries(
    database,
    tenant,
    some.map(({ entry }) => entry),
    {
      baseUrl,
      isChecked: true,
      keepsUnchanged: true,
      audit: (applied) => (writtenOf(applied).length === 0 ? null : audit(writtenOf(applied))),
      beforeCommit: async (sql, applied) => {
        await check(sql, tenant, writtenOf(applied));
        await finish(sql, applied);
      },
    },
  );
}

function writtenOf(applied: readonly Applied[]): StoredResource[] {
  return applied.flatMap(({ outcome, stored }) => (stored === null || outcome === 'unchanged' ? [] : [stored]));
}

/** Of several lines about one resource the last holds: within a batch it alone is stored, and the others are told. */
function withoutReplaced(read: readonly (LineEntry | RefusedLine)[]): ReadBatch {
  const refused: RefusedLine[] = [];
  const last = new Map<string, LineEntry>();
  for (const item of read) {
    if ('error' in item) {
      refused.push(item);
      continue;
    }
    const name = `${item.entry.type}/${item.entry.id}`;
    const earlier = last.get(name);
    if (earlier !== undefined) {
      const why = `Line ${item.line.number} is about the same resource and comes later: that one holds`;
      refused.push(refuse(earlier.line, new ReplacedLine(why), earlier.entry));
      last.delete(name);
    }
    last.set(name, item);
  }
  return { entries: [...last.values()], refused };
}

function counted(before: ImportCounts, applied: readonly Applied[], refused: readonly RefusedLine[]): ImportCounts {
  const of = (outcome: Applied['outcome']): number => applied.filter((one) => one.outcome === outcome).length;
  const replaced = refused.filter(({ error }) => error instanceof ReplacedLine).length;
  return {
    lines: before.lines,
    created: before.created + of('created'),
    updated: before.updated + of('updated'),
    unchanged: before.unchanged + of('unchanged'),
    replaced: before.replaced + replaced,
    failed: before.failed + refused.length - replaced,
  };
}

function rejectedLine({ line, error, ...rest }: RefusedLine, { key, settings }: BatchSettings): RejectedLine {
  const place = { source: key.source, line: line.number, offset: line.start, bytes: line.bytes };
  return { ...place, ...rest, ...settings.explain(error), text: line.text };
}
