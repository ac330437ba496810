import { type BulkClient, type BulkFile, PullFailed } from '../connectors/bulk-client.ts';
import { UnusableAnswer } from '../connectors/bulk-http.ts';
import { type IdMapping, localId, localLine } from '../connectors/bulk-ids.ts';
import { wholeLines } from '../connectors/bulk-lines.ts';
import { applyEntries } from '../store/apply-entries.ts';
import { claimOrigins, clearManifests, type Origin, ownedBy } from '../store/bulk-origins.ts';
import type { DeleteEntry } from '../store/entry.ts';
import { type ImportSettings, importNdjson } from '../store/import-ndjson.ts';
import type { ImportCounts } from '../store/import-source.ts';
import { type Pull, type PullReport, savePull } from './bulk-pulls.ts';

/** What taking files needs of the rest. */
export interface TakeServices extends Pick<ImportSettings, 'database' | 'baseUrl' | 'audit' | 'check' | 'explain'> {}

export interface TakeSettings {
  readonly tenant: string;
  readonly client: BulkClient;
  readonly mapping: IdMapping;
  readonly origin: Origin;
  readonly signal: AbortSignal;
  /** Says how far it is. `fraction` lies between 0 and 1. */
  readonly progress: (fraction: number, message: string) => Promise<void>;
  /** Attempts at a file that breaks off. */
  readonly attempts: number;
}

/** Entries of deletions in a transaction. */
const deletionsAtOnce = 500;
const mostWarnings = 50;

/**
 * Takes the files of a pull's manifest, one after another, those that are done left out. Within a file it goes on behind
 * the last line that was stored. The pull is kept after each file.
 *
 * @returns the pull as it is at the end
 * @throws PullFailed, ExportGone, and what the database throws
 */
export async function takeFiles(pull: Pull, settings: TakeSettings, services: TakeServices): Promise<Pull> {
  const files = pull.state.manifest?.files ?? [];
  let { state, report } = pull;
  for (let position = state.done; position < files.length; position += 1) {
    const file = files[position];
    if (file === undefined) break;
    settings.signal.throwIfAborted();
    await settings.progress(position / files.length, `file ${position + 1} of ${files.length}`);
    const name = nameOf(file, position);
    report = await patiently(name, settings, () => takeFile(pull.id, file, name, report, settings, services));
    state = { ...state, done: position + 1 };
    report = { ...report, files: report.files + 1, retries: settings.client.retries };
    await savePull(services.database, settings.tenant, { id: pull.id, state, report });
  }
  return { ...pull, state, report };
}

/** Tries a file again when it breaks off. */
async function patiently(
  name: string,
  { client, attempts, signal }: TakeSettings,
  work: () => Promise<PullReport>,
): Promise<PullReport> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !(error instanceof UnusableAnswer)) throw error;
      if (!error.retry || attempt >= attempts)
        throw new PullFailed(
          `${error.message}. It was tried ${attempt} times; what came whole is stored, and the next run goes on with ${name}`,
        );
      await client.backOff(attempt, null, error.message);
    }
  }
}

async function takeFile(
  pull: string,
  file: BulkFile,
  name: string,
  report: PullReport,
  settings: TakeSettings,
  services: TakeServices,
): Promise<PullReport> {
  if (file.kind === 'output') return takeOutput(pull, file, name, report, settings, services);
  const lines: string[] = [];
  const answer = await settings.client.file(file);
  for await (const bytes of wholeLines(answer, name, file.count, (line) => line)) lines.push(...split(bytes));
  return file.kind === 'deleted'
    ? takeDeleted(lines, report, settings, services)
    : { ...report, warnings: [...report.warnings, ...lines.flatMap(saidIn)].slice(0, mostWarnings) };
}

async function takeOutput(
  pull: string,
  file: BulkFile,
  name: string,
  report: PullReport,
  { tenant, client, mapping, origin, signal, progress }: TakeSettings,
  services: TakeServices,
): Promise<PullReport> {
  let bytes = 0;
  const counts = await importNdjson(
    {
      name,
      resourceType: file.type,
      size: null,
      open: async () => wholeLines(await client.file(file), name, file.count, (line) => localLine(mapping, line)),
    },
    {
      ...services,
      tenant,
      importId: pull,
      signal,
      check: async (sql, of, written) => {
        await claimOrigins(sql, of, origin, written);
        await services.check(sql, of, written);
      },
      onProgress: async ({ lines, offset }) => {
        bytes = offset;
        await progress(0, `${name}: ${lines}${file.count === null ? '' : ` of ${file.count}`} lines`);
      },
    },
  );
  const type = file.type ?? 'resources';
  const before = report.types[type];
  const types = { ...report.types, [type]: before === undefined ? counts : added(before, counts) };
  return { ...report, types, bytes: report.bytes + bytes };
}

/** Lines are Bundles of deletions. Only what the source itself brought is deleted. */
async function takeDeleted(
  lines: readonly string[],
  report: PullReport,
  { tenant, mapping, origin }: TakeSettings,
  { database, audit }: TakeServices,
): Promise<PullReport> {
  const names = [...new Set(lines.flatMap(deletionsIn))].map(([type, id]) => `${type}/${localId(mapping, id)}`);
  const deleted = await deleteBrought(names, tenant, origin.source, { database, audit });
  return {
    ...report,
    deleted: report.deleted + deleted,
    deletedSkipped: report.deletedSkipped + names.length - deleted,
  };
}

/** Deletes, of what is named as `Type/id`, what the source brought. @returns how many were there */
export async function deleteBrought(
  names: readonly string[],
  tenant: string,
  source: string,
  { database, audit }: Pick<TakeServices, 'database' | 'audit'>,
): Promise<number> {
  let deleted = 0;
  for (let from = 0; from < names.length; from += deletionsAtOnce) {
    const some = names.slice(from, from + deletionsAtOnce);
    const own = [...(await ownedBy(database, tenant, source, some))];
    if (own.length === 0) continue;
    const entries = own.map((name): DeleteEntry => {
      const [type = '', id = ''] = name.split('/');
      return { method: 'DELETE', type, id, criteria: null, ifMatch: null };
    });
    const applied = await applyEntries(database, tenant, entries, {
      audit: (all) => audit(all.flatMap(({ stored }) => stored ?? [])),
      beforeCommit: (sql) => clearManifests(sql, tenant, own),
    });
    deleted += applied.filter(({ outcome }) => outcome === 'deleted').length;
  }
  return deleted;
}

/** Type and id of each deletion in a Bundle; what is none is left out. */
function deletionsIn(line: string): (readonly [type: string, id: string])[] {
  const { entry } = parsed(line) as { entry?: readonly { request?: { method?: unknown; url?: unknown } }[] };
  return (Array.isArray(entry) ? entry : []).flatMap(({ request }) => {
    const [, type, id] = /(?:^|\/)([A-Z][A-Za-z]+)\/([A-Za-z0-9.-]{1,64})$/.exec(String(request?.url ?? '')) ?? [];
    return request?.method === 'DELETE' && type !== undefined && id !== undefined ? [[type, id] as const] : [];
  });
}

function saidIn(line: string): string[] {
  const { issue } = parsed(line) as { issue?: readonly { diagnostics?: unknown; details?: { text?: unknown } }[] };
  return (Array.isArray(issue) ? issue : []).flatMap(({ diagnostics, details }) => {
    const said = diagnostics ?? details?.text;
    return typeof said === 'string' ? [said.slice(0, 300)] : [];
  });
}

function parsed(line: string): object {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function split(bytes: Uint8Array): string[] {
  return Buffer.from(bytes)
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
}

function added(a: ImportCounts, b: ImportCounts): ImportCounts {
  return {
    lines: a.lines + b.lines,
    created: a.created + b.created,
    updated: a.updated + b.updated,
    unchanged: a.unchanged + b.unchanged,
    replaced: a.replaced + b.replaced,
    failed: a.failed + b.failed,
  };
}

/** The query of a file's URL may be a secret: it is not told. */
function nameOf({ kind, type, url }: BulkFile, position: number): string {
  const { host, pathname } = new URL(url);
  return `${type ?? kind} file ${position + 1} (${host}${pathname})`;
}
