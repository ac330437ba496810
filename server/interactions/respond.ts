import type { StoredResource } from '../db/stored-resource.ts';
import type { Applied } from '../store/entry.ts';
import { parseExact } from '../store/exact-json.ts';
import type { FhirRequest, FhirResponse } from './interaction.ts';

/** The JSON of a request's body. @throws MalformedJson, for an empty body too */
export function readBody({ body }: FhirRequest): unknown {
  return parseExact(body ?? '');
}

/** ETag and Last-Modified of a version (R4 http.html#versioning). */
export function versionHeaders(stored: StoredResource): Record<string, string> {
  return { ETag: `W/"${stored.version}"`, 'Last-Modified': new Date(stored.lastUpdated).toUTCString() };
}

export function locationOf(baseUrl: string, { type, id, version }: StoredResource): string {
  return `${baseUrl}/${type}/${id}/_history/${version}`;
}

/** `Prefer: return=…` (R4 http.html#return); null when it is not given. */
export function preferredReturn({ headers }: FhirRequest): 'minimal' | 'representation' | 'OperationOutcome' | null {
  const [, wanted] = /\breturn=(minimal|representation|OperationOutcome)\b/.exec(headers.prefer ?? '') ?? [];
  return wanted === 'minimal' || wanted === 'representation' || wanted === 'OperationOutcome' ? wanted : null;
}

const statuses: Readonly<Record<Applied['outcome'], number>> = {
  created: 201,
  updated: 200,
  unchanged: 200,
  deleted: 200,
  absent: 200,
};

/** The answer to a change of one resource. */
export function changeResponse(
  { outcome, type, stored }: Applied,
  request: FhirRequest,
  baseUrl: string,
): FhirResponse {
  const wanted = preferredReturn(request) ?? 'representation';
  const gone = outcome === 'deleted' || outcome === 'absent';
  const headers: Record<string, string> = stored === null ? {} : versionHeaders(stored);
  if (stored !== null && !gone) headers.Location = locationOf(baseUrl, stored);
  if (wanted === 'OperationOutcome') {
    const text = outcome === 'absent' ? `There is no ${type} to delete` : `The ${type} was ${outcome}`;
    return { status: statuses[outcome], headers, body: information(text) };
  }
  if (gone) return { status: 204, headers, body: null };
  return { status: statuses[outcome], headers, body: wanted === 'minimal' ? null : (stored?.content ?? null) };
}

/** An OperationOutcome that tells of success. */
export function information(diagnostics: string): object {
  return { resourceType: 'OperationOutcome', issue: [{ severity: 'information', code: 'informational', diagnostics }] };
}
