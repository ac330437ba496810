import { setTimeout as sleep } from 'node:timers/promises';
import { UnusableAnswer } from '../connectors/bulk-http.ts';
import { type ImportSettings, importNdjson } from '../store/import-ndjson.ts';
import type { ImportCounts, ImportProgress, NdjsonSource } from '../store/import-source.ts';

export interface ImportRun extends Omit<ImportSettings, 'onProgress'> {
  /** Called after each transaction, with what all sources together gave. */
  readonly onProgress?: (state: ImportState) => unknown;
  /** Attempts at a URL that does not answer or breaks off, 1 s and then twice as long between them; 6 unless told. */
  readonly attempts?: number;
}

/** How far an import of several sources is. */
export interface ImportState extends ImportCounts {
  /** The source that is read, its position from 1, and how many there are. */
  readonly source: string;
  readonly position: number;
  readonly sources: number;
  /** Lines a second since this process took the import up. */
  readonly linesPerSecond: number;
  /** Between 0 and 1; null where the sizes of sources are not known. */
  readonly fraction: number | null;
  /** Seconds that are left at this speed; null where that cannot be said. */
  readonly secondsLeft: number | null;
}

export interface ImportedSource extends ImportCounts {
  readonly source: string;
  readonly resourceType: string | null;
}

/**
 * Imports sources one after another, in the order given: references may point to what a later one brings. A URL that
 * fails is asked again, and read on behind what is stored.
 *
 * @throws what importNdjson throws; UnusableAnswer when a URL gives nothing for too long
 */
export async function runImport(sources: readonly NdjsonSource[], run: ImportRun): Promise<readonly ImportedSource[]> {
  const began = performance.now();
  const sizes = sources.map(({ size }) => size);
  const total = sizes.includes(null) ? null : sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  const done: ImportedSource[] = [];
  let offsets = 0;
  let before: { readonly lines: number; readonly offset: number } | null = null;
  for (const [index, source] of sources.entries()) {
    const onProgress = async (progress: ImportProgress): Promise<void> => {
      const counts = sumOf([...done, progress]);
      const offset = offsets + progress.offset;
      // What an earlier process stored says nothing of this one's speed.
      before ??= { lines: counts.lines, offset };
      const seconds = (performance.now() - began) / 1000;
      const bytesPerSecond = (offset - before.offset) / seconds;
      await run.onProgress?.({
        ...counts,
        source: source.name,
        position: index + 1,
        sources: sources.length,
        linesPerSecond: (counts.lines - before.lines) / seconds,
        fraction: total === null || total === 0 ? null : Math.min(1, offset / total),
        secondsLeft: total === null || bytesPerSecond <= 0 ? null : (total - offset) / bytesPerSecond,
      });
    };
    const counts = await patiently(run, () => importNdjson(source, { ...run, onProgress }));
    done.push({ ...counts, source: source.name, resourceType: source.resourceType });
    offsets += source.size ?? 0;
  }
  return done;
}

/** All counts together. */
export function sumOf(all: readonly ImportCounts[]): ImportCounts {
  const of = (key: keyof ImportCounts): number => all.reduce((sum, counts) => sum + counts[key], 0);
  return {
    lines: of('lines'),
    created: of('created'),
    updated: of('updated'),
    unchanged: of('unchanged'),
    replaced: of('replaced'),
    failed: of('failed'),
  };
}

async function patiently<T>({ attempts = 6, signal }: ImportRun, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || attempt >= attempts || !canRetry(error)) throw error;
      await sleep(Math.min(60_000, 500 * 2 ** attempt), undefined, { signal });
    }
  }
}

/** A server that says so, and a connection that broke while it was read. */
function canRetry(error: unknown): boolean {
  if (error instanceof UnusableAnswer) return error.retry;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^(ECONNRESET|ERR_STREAM_PREMATURE_CLOSE|Z_BUF_ERROR|EPIPE|ETIMEDOUT)$/.test(code);
}
