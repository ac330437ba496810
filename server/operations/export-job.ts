import type { AuditTrail } from '../auth/audit.ts';
import { allows } from '../auth/scopes.ts';
import type { RequestContext } from '../context.ts';
import type { Database } from '../db/database.ts';
import {
  beginExport,
  ExportFiles,
  type ExportProgress,
  type ExportScope,
  type ExportState,
  findExport,
  rosterAfter,
} from '../jobs/bulk-exports.ts';
import type { JobHandler, JobRun } from '../jobs/jobs.ts';
import { typesOutsidePatient } from '../search/compartment.ts';
import { parseSearch } from '../search/parse.ts';
import { searchIds } from '../search/search.ts';
import { shapeResource } from '../search/shape.ts';
import type { SearchTerminology } from '../search/terminology.ts';
import {
  type ExportedRow,
  type ExportPage,
  type ExportPosition,
  type ExportSlice,
  readReferenced,
  readRoster,
  readType,
  typesWithData,
} from '../store/bulk-rows.ts';
import { parseExact } from '../store/exact-json.ts';
import { loadByReference } from '../store/patient-record.ts';
import { settledInstant } from '../store/settled-instant.ts';
import type { ExportRequest } from './export-request.ts';

/** Kind of the jobs that export. */
export const exportJob = 'bulk-export';

/** First segment of the URLs at which clients follow their exports. */
export const exportPath = '_export';

/** What an export needs to know. JSON. */
export interface ExportJobInput {
  readonly level: 'system' | 'patients' | 'group';
  /** Id of the Group; null unless the level is. */
  readonly group: string | null;
  readonly scope: ExportScope;
  readonly request: ExportRequest;
  /** How it was asked for decides what the manifest looks like. */
  readonly shape: 'query' | 'parameters';
  /** Canonical of the operation. */
  readonly definition: string;
  readonly url: string;
  readonly context: Pick<RequestContext, 'actor' | 'scopes' | 'requestId' | 'baseUrl'>;
}

export interface ExportServices {
  readonly database: Database;
  readonly audit: AuditTrail;
  /** For `:in` and its like in _typeFilter. */
  readonly terminology: (tenant: string) => SearchTerminology;
}

/** The server's own log, which nobody means by "everything"; it is exported when _type names it. */
const onlyByName = new Set(['AuditEvent']);
const patientsPerAuditEvent = 200;

/**
 * Runs an export: type by type, a page at a time, so that its memory does not grow with what it exports. What is read
 * is the state at one instant, whatever is written meanwhile. It goes on behind its last file when a process died.
 */
export function exportJobHandler(services: ExportServices): JobHandler {
  return async (run) => {
    const input = run.input as ExportJobInput;
    const state = (await findExport(services.database, run.tenant, run.id)) ?? (await start(input, run, services));
    await new Export(input, state, run, services).run();
    return null;
  };
}

async function start(input: ExportJobInput, run: JobRun, { database, audit }: ExportServices): Promise<ExportState> {
  const { level, scope, request, context } = input;
  const { tenant, id } = run;
  const transactionTime = (await settledInstant(database, run.signal)).toISOString();
  const there = [...(await typesWithData(database, tenant)).keys()];
  const wanted = request.types ?? there.filter((type) => !onlyByName.has(type));
  const types = wanted.filter((type) => there.includes(type) && allows(context.scopes, type, 'r'));
  const state = await beginExport(database, tenant, id, { transactionTime, types }, scope, request.since);
  const by = { tenant, actor: context.actor, requestId: context.requestId };
  const record = (patients: readonly string[]) =>
    audit.record(by, {
      action: 'E',
      interaction: '$export',
      resources: patients.map((patient) => ({ type: 'Patient', id: patient, version: null, patient })),
      query: input.url.slice(context.baseUrl.length + 1),
    });
  if (level === 'system') await record([]);
  else
    for (let last = ''; ; ) {
      const some = await rosterAfter(database, tenant, id, last, patientsPerAuditEvent);
      if (some.length === 0) break;
      await record(some);
      last = some.at(-1) ?? '';
    }
  return state;
}

class Export {
  readonly #input: ExportJobInput;
  readonly #state: ExportState;
  readonly #run: JobRun;
  readonly #services: ExportServices;
  readonly #files: ExportFiles;

  constructor(input: ExportJobInput, state: ExportState, run: JobRun, services: ExportServices) {
    this.#input = input;
    this.#state = state;
    this.#run = run;
    this.#services = services;
    this.#files = new ExportFiles(services.database, run.tenant, run.id, state.progress);
  }

  async run(): Promise<void> {
    const { types, progress } = this.#state;
    if (progress.type === 0 && progress.after === null) this.#tellIgnored();
    let { read, after } = progress;
    for (let position = progress.type; position < types.length; position += 1) {
      const type = types[position] ?? '';
      for (;;) {
        this.#run.signal.throwIfAborted();
        const { rows, next } = await this.#page(type, after);
        await this.#write(type, rows);
        read += rows.length;
        after = next;
        if (next === null) break;
        if (this.#files.full) await this.#checkpoint({ type: position, after, read });
      }
      await this.#checkpoint({ type: position + 1, after: null, read });
    }
    await this.#checkpoint({ type: types.length, after: null, read });
  }

  #tellIgnored(): void {
    for (const diagnostics of this.#input.request.ignored) {
      const issue = [{ severity: 'warning', code: 'not-supported', diagnostics }];
      this.#files.write('outcome', 'OperationOutcome', JSON.stringify({ resourceType: 'OperationOutcome', issue }));
    }
  }

  async #checkpoint(progress: Omit<ExportProgress, 'files'>): Promise<void> {
    await this.#files.checkpoint(progress);
    const { types } = this.#state;
    const done = progress.type / Math.max(1, types.length);
    const now = types[progress.type] ?? types.at(-1) ?? 'nothing';
    await this.#run.progress(done, `${progress.read} resources, ${progress.type} of ${types.length} types, at ${now}`);
  }

  async #page(type: string, after: ExportPosition | null): Promise<ExportPage> {
    const { tenant, id } = this.#run;
    const { level, group, request } = this.#input;
    const { database } = this.#services;
    const { since, until } = request;
    const slice: ExportSlice = { tenant, type, at: this.#state.transactionTime, since, until };
    if (level === 'system') return readType(database, slice, after);
    if (type === 'Group') return this.#group(group);
    return typesOutsidePatient().has(type)
      ? readReferenced(database, slice, id, after)
      : readRoster(database, slice, id, after);
  }

  /** The Group that was asked for belongs to its export; others tell of people who do not. */
  async #group(id: string | null): Promise<ExportPage> {
    if (id === null) return { rows: [], next: null };
    const { database } = this.#services;
    const found = await loadByReference(database, this.#run.tenant, new Set([`Group/${id}`]));
    return { rows: [...found.values()].map(({ content }) => ({ patient: '', id, content })), next: null };
  }

  async #write(type: string, rows: readonly ExportedRow[]): Promise<void> {
    const { since, elements, filters } = this.#input.request;
    const deleted = rows.filter(({ content }) => content === null);
    if (since !== null && deleted.length > 0) {
      const entry = deleted.map(({ id }) => ({ request: { method: 'DELETE', url: `${type}/${id}` } }));
      this.#files.write('deleted', 'Bundle', JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry }));
    }
    const present = rows.filter(({ content }) => content !== null);
    const found = await this.#matching(type, present, filters[type] ?? []);
    const wanted = elementsOf(type, elements);
    for (const { content } of found) {
      const text = content ?? '';
      this.#files.write('output', type, elements.length === 0 ? text : subset(text, wanted));
    }
  }

  /** Rows that any of the searches finds. */
  async #matching(
    type: string,
    rows: readonly ExportedRow[],
    queries: readonly string[],
  ): Promise<readonly ExportedRow[]> {
    if (queries.length === 0 || rows.length === 0) return rows;
    const { database, terminology } = this.#services;
    const { tenant } = this.#run;
    const found = new Set<string>();
    for (const query of queries) {
      const parameters = new URLSearchParams(query);
      parameters.append('_id', rows.map(({ id }) => id).join(','));
      const request = parseSearch(type, parameters, { now: new Date(), baseUrl: this.#input.context.baseUrl });
      for (const { id } of await searchIds(database, tenant, request, null, terminology(tenant))) found.add(id);
    }
    return rows.filter(({ id }) => found.has(id));
  }
}

/** Elements that are wanted of a type; `id` stands in for none, since an empty list would mean all. */
function elementsOf(type: string, elements: readonly string[]): readonly string[] {
  const own = elements.filter((element) => !/^[A-Z]/.test(element) || element.startsWith(`${type}.`));
  return own.length === 0 ? ['id'] : own;
}

function subset(content: string, elements: readonly string[]): string {
  const tree = parseExact(content) as Readonly<Record<string, unknown>>;
  return JSON.stringify(shapeResource(tree, { summary: 'false', elements }));
}
