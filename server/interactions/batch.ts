import type { FhirResource } from '../../cql/index.ts';
import type { RequestContext } from '../context.ts';
import { entriesOf, readEntry } from './bundle-entries.ts';
import { bundleText, type TextEntry } from './bundle-text.ts';
import type { FhirRequest, FhirResponse, InteractionServices } from './interaction.ts';
import { preferredReturn } from './respond.ts';

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
  const responses: TextEntry[] = [];
  for (const entry of entriesOf(bundle)) {
    context.signal.throwIfAborted();
    responses.push(await answer(entry, request, context, services));
  }
  return { status: 200, headers: {}, body: bundleText({ type: 'batch-response', entry: responses }) };
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
    const inner = { ...request, headers: { ...request.headers, prefer } };
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
