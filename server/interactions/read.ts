import type { StoredResource } from '../db/stored-resource.ts';
import { readResource } from '../store/read.ts';
import type { FhirRequest, FhirResponse, Interaction } from './interaction.ts';
import { versionHeaders } from './respond.ts';

/** R4 http.html#read, with conditional read (http.html#cread). */
export const read: Interaction = {
  codes: ['read'],
  level: 'instance',
  method: 'GET',
  path: [':type', ':id'],
  conditional: false,
  scope: 'r',
  async run(request, context, { database, audit }) {
    const stored = await readResource(database, context.tenant, request.type, request.id);
    await audit.record(context, { action: 'R', interaction: 'read', resources: [stored], query: null });
    return readResponse(stored, request);
  },
};

/** 304 without a body when the client has this version already. */
export function readResponse(stored: StoredResource, { headers }: FhirRequest): FhirResponse {
  const answer = versionHeaders(stored);
  return isKnown(stored, headers['if-none-match'], headers['if-modified-since'])
    ? { status: 304, headers: answer, body: null }
    : { status: 200, headers: answer, body: stored.content };
}

/** If-None-Match decides where both are given (RFC 9110, 13.2.2). Last-Modified has seconds, and so has what we compare. */
function isKnown(stored: StoredResource, noneMatch: string | undefined, modifiedSince: string | undefined): boolean {
  if (noneMatch !== undefined) {
    const tags = noneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, '').replaceAll('"', ''));
    return tags.includes('*') || tags.includes(String(stored.version));
  }
  const since = modifiedSince === undefined ? Number.NaN : Date.parse(modifiedSince);
  return Math.floor(Date.parse(stored.lastUpdated) / 1_000) * 1_000 <= since;
}
