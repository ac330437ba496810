import type { FhirResource } from '../../cql/index.ts';
import { auditEvent } from '../auth/audit.ts';
import { type Permission, requireScope } from '../auth/scopes.ts';
import type { RequestContext } from '../context.ts';
import type { Transaction } from '../db/database.ts';
import { receiveSubscriptions } from '../gaps/subscriptions/client-terms.ts';
import { applyEntries } from '../store/apply-entries.ts';
import type { Applied, Entry } from '../store/entry.ts';
import { InvalidRequest, TransactionFailed } from '../store/errors.ts';
import { atEntry, type BundleEntry, entriesOf, readEntry } from './bundle-entries.ts';
import { bundleText, type TextEntry } from './bundle-text.ts';
import { acceptRemarks } from './care-gap-remarks.ts';
import { acceptSubmissions, checkUpdateType, type SubmissionNotes } from './data-submission.ts';
import type { FhirRequest, FhirResponse, InteractionServices } from './interaction.ts';
import { readPatch } from './patch.ts';
import { storeProvenance } from './provenance-header.ts';
import { information, locationOf, preferredReturn } from './respond.ts';
import { auditedOf, changedBy, criteriaOf, subscribing } from './write.ts';

/**
 * A transaction Bundle (R4 http.html#transaction): all or nothing, in the order DELETE, POST, PUT and PATCH, GET,
 * whatever the order of the entries. Leaves one AuditEvent.
 *
 * @throws TransactionFailed with the entry at fault
 */
export async function transaction(
  bundle: FhirResource,
  request: FhirRequest,
  context: RequestContext,
  services: InteractionServices,
): Promise<FhirResponse> {
  const entries = entriesOf(bundle).map((entry, index) => atEntry(index, () => readEntry(entry, context.baseUrl)));
  const order = processingOrder(entries);
  const writes = order.filter((index) => !isRead(entries[index]));
  const changes = writes.map((index) => atEntry(index, () => changeOf(entries[index], context)));
  for (const [index, { resource }] of entries.entries()) atEntry(index, () => checkUpdateType(resource));
  const responses: TextEntry[] = new Array(entries.length);
  const wanted = preferredReturn(request) ?? 'minimal';
  const subscriptions = receiveSubscriptions(changes);
  await applyEntries(services.database, context.tenant, subscriptions.entries, {
    transaction: true,
    positions: writes,
    dangling: services.dangling,
    baseUrl: context.baseUrl,
    audit: (applied) =>
      auditEvent(
        context,
        { action: 'E', interaction: 'transaction', resources: auditedOf(applied), query: null },
        new Date(),
      ),
    beforeCommit: async (sql, applied) => {
      await services.check(sql, context.tenant, changedBy(applied));
      await acceptRemarks(sql, context, changedBy(applied));
      await storeProvenance(sql, request, context, changedBy(applied));
      const failedAt = (position: number, error: Error): Error =>
        new TransactionFailed(writes[position] ?? position, error);
      await subscriptions.keep(sql, applied, subscribing(context, services), failedAt);
      const notes = await acceptSubmissions(sql, context, changedBy(applied), true);
      for (const [position, index] of writes.entries()) {
        responses[index] = writeResponse(applied[position], wanted, context.baseUrl, notes);
      }
      const inside = { ...services, database: within(sql) };
      for (const index of order.filter((candidate) => isRead(entries[candidate]))) {
        responses[index] = await readResponse(entries[index], index, context, inside);
      }
    },
  });
  return { status: 200, headers: {}, body: bundleText({ type: 'transaction-response', entry: responses }) };
}

const ranks: Readonly<Record<string, number>> = { DELETE: 0, POST: 1, PUT: 2, PATCH: 2, GET: 3, HEAD: 3 };

/** Positions of the entries in the order in which they are to be processed. */
function processingOrder(entries: readonly BundleEntry[]): number[] {
  const rank = (index: number): number => ranks[entries[index]?.request.method ?? ''] ?? 4;
  return [...entries.keys()].sort((a, b) => rank(a) - rank(b) || a - b);
}

function isRead(entry: BundleEntry | undefined): boolean {
  return entry?.request.method === 'GET' || entry?.request.method === 'HEAD';
}

const permissions: Readonly<Record<Entry['method'], Permission>> = { POST: 'c', PUT: 'u', PATCH: 'u', DELETE: 'd' };

function changeOf(entry: BundleEntry | undefined, context: RequestContext): Entry {
  if (entry === undefined) throw new TypeError('the entry is there');
  const { request, resource, fullUrl } = entry;
  const { method, path, query, headers } = request;
  const [type, id = null, ...more] = path;
  if (method !== 'POST' && method !== 'PUT' && method !== 'PATCH' && method !== 'DELETE') {
    throw new InvalidRequest(`${method} cannot be part of a transaction`);
  }
  if (type === undefined || more.length > 0 || /^[$_]/.test(type) || /^[$_]/.test(id ?? '')) {
    throw new InvalidRequest(`${method} ${path.join('/')} cannot be part of a transaction: send a batch`);
  }
  requireScope(context.scopes, type, permissions[method]);
  if (method === 'POST') {
    if (id !== null) throw new InvalidRequest('request.url of a POST is the type alone');
    return { method, type, resource, fullUrl, ifNoneExist: headers['if-none-exist'] ?? null };
  }
  const criteria = id === null ? criteriaOf(query) : null;
  if (criteria === '') throw new InvalidRequest(`request.url of a ${method} needs an id or criteria`);
  const target = { type, id, criteria, ifMatch: headers['if-match'] ?? null };
  if (method === 'PUT') {
    return { ...target, method, resource, fullUrl, ifNoneMatch: headers['if-none-match'] ?? null };
  }
  return method === 'DELETE' ? { ...target, method } : { ...target, method, patch: readPatch(request) };
}

function writeResponse(
  applied: Applied | undefined,
  wanted: string,
  baseUrl: string,
  notes: SubmissionNotes,
): TextEntry {
  if (applied === undefined) throw new TypeError('every change has an outcome');
  const { outcome, type, stored } = applied;
  const gone = outcome === 'deleted' || outcome === 'absent';
  const status = outcome === 'created' ? '201' : gone ? '204' : '200';
  const note = type === 'MeasureReport' ? notes.get(stored?.id ?? '') : undefined;
  const text = `The ${type} was ${outcome === 'absent' ? 'not there' : outcome}`;
  const response = {
    status,
    ...(stored === null || gone ? {} : { location: locationOf(baseUrl, stored) }),
    ...(stored === null ? {} : { etag: `W/"${stored.version}"`, lastModified: stored.lastUpdated }),
    ...(note !== undefined
      ? { outcome: information(note) }
      : wanted === 'OperationOutcome'
        ? { outcome: information(text) }
        : {}),
  };
  const fullUrl = stored === null || gone ? {} : { fullUrl: `${baseUrl}/${type}/${stored.id}` };
  return { ...fullUrl, resource: wanted === 'representation' ? (stored?.content ?? null) : null, response };
}

/** A read inside the transaction sees what the transaction wrote; its failure is the transaction's. */
async function readResponse(
  entry: BundleEntry | undefined,
  index: number,
  context: RequestContext,
  services: InteractionServices,
): Promise<TextEntry> {
  if (entry === undefined) throw new TypeError('the entry is there');
  try {
    const { status, headers, body } = await services.dispatch(entry.request, context, services);
    const resource = typeof body === 'object' && body !== null ? JSON.stringify(body) : body;
    const etag = headers.ETag;
    return { resource, response: { status: String(status), ...(etag === undefined ? {} : { etag }) } };
  } catch (error) {
    throw error instanceof Error ? new TransactionFailed(index, error) : error;
  }
}

/** The open transaction, for whoever expects a database: a transaction inside it is a part of it. */
function within(sql: Transaction): InteractionServices['database'] {
  return {
    query: (query, values) => sql.query(query as string, values as unknown[]),
    transaction: (work) => work(sql),
  };
}
