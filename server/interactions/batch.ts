import type { FhirResource } from '../../cql/index.ts';
import type { RequestContext } from '../context.ts';
import type { StoredResource } from '../db/stored-resource.ts';
import { atEntry, entriesOf, readEntry } from './bundle-entries.ts';
import { bundleText, type TextEntry } from './bundle-text.ts';
import { acceptSubmissions, checkUpdateType, type SubmissionNotes } from './data-submission.ts';
import type { FhirRequest, FhirResponse, InteractionServices } from './interaction.ts';
import { information, preferredReturn } from './respond.ts';

/**
 * A batch Bundle (R4 http.html#batch): each entry stands alone, succeeds or fails alone, and is checked and audited as
 * a request of its own. Any request may be an entry, operations too.
 */
export async function batch(
  bundle: FhirResource,
  request: FhirRequest,
  context: RequestContext,
  services: InteractionServices,
): Promise<FhirResponse> {
  const entries = entriesOf(bundle);
  for (const [index, entry] of entries.entries()) atEntry(index, () => checkUpdateType(resourceOf(entry)));
  const written: StoredResource[] = [];
  const collecting = { ...services, collect: (some: readonly StoredResource[]) => void written.push(...some) };
  const responses: TextEntry[] = [];
  for (const entry of entries) {
    context.signal.throwIfAborted();
    responses.push(await answer(entry, request, context, collecting));
  }
  const complete = responses.every(({ response }) => /^2/.test((response as { status: string }).status));
  const notes = await submissionNotes(written, complete, context, services);
  const entry = responses.map((response) => withNote(response, notes));
  return { status: 200, headers: {}, body: bundleText({ type: 'batch-response', entry }) };
}

/** The entries are stored by now, each for itself: what keeps a snapshot from replacing the last one is told, not thrown. */
async function submissionNotes(
  written: readonly StoredResource[],
  complete: boolean,
  context: RequestContext,
  { database, translate }: InteractionServices,
): Promise<SubmissionNotes> {
  const reports = written.filter(({ type }) => type === 'MeasureReport');
  if (reports.length === 0) return new Map();
  try {
    return await database.transaction((sql) => acceptSubmissions(sql, context, written, complete));
  } catch (error) {
    if (translate(error).unexpected || !(error instanceof Error)) throw error;
    const note = `The data is stored, and replaced nothing that was sent before: ${error.message}`;
    return new Map(reports.map(({ id }) => [id, note]));
  }
}

/** What became of a submission is told with its MeasureReport. */
function withNote(entry: TextEntry, notes: SubmissionNotes): TextEntry {
  const { location = '' } = entry.response as { readonly location?: string };
  const [, id = ''] = /\/MeasureReport\/([^/]+)\/_history\//.exec(location) ?? [];
  const note = notes.get(id);
  return note === undefined ? entry : { ...entry, response: { ...entry.response, outcome: information(note) } };
}

function resourceOf(entry: unknown): unknown {
  return typeof entry === 'object' && entry !== null && 'resource' in entry ? entry.resource : undefined;
}

async function answer(
  entry: unknown,
  outer: FhirRequest,
  context: RequestContext,
  services: InteractionServices,
): Promise<TextEntry> {
  try {
    const { request } = readEntry(entry, context.baseUrl);
    const isRead =
      request.method === 'GET' || request.method === 'HEAD' || request.path.at(-1)?.startsWith('$') === true;
    const prefer = `return=${preferredReturn(outer) ?? (isRead ? 'representation' : 'minimal')}`;
    const provenance = isRead ? undefined : outer.headers['x-provenance'];
    const inner = { ...request, headers: { ...request.headers, prefer, 'x-provenance': provenance } };
    const { status, headers, body } = await services.dispatch(inner, context, services);
    const text = typeof body === 'object' && body !== null ? JSON.stringify(body) : body;
    const modified = headers['Last-Modified'];
    return {
      resource: text,
      response: {
        status: String(status),
        ...(headers.Location === undefined ? {} : { location: headers.Location }),
        ...(headers.ETag === undefined ? {} : { etag: headers.ETag }),
        ...(modified === undefined ? {} : { lastModified: new Date(modified).toISOString() }),
      },
    };
  } catch (error) {
    const { status, outcome, unexpected } = services.translate(error);
    if (unexpected) context.log.error('unexpected error', { error });
    return { response: { status: String(status), outcome } };
  }
}
