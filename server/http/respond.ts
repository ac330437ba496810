import type { Response } from 'express';
import type { FhirResponse } from '../interactions/interaction.ts';
import { parseExact } from '../store/exact-json.ts';
import { type Format, formatOf } from './format.ts';
import { writeXml } from './xml/write-xml.ts';

/** Sends what an interaction gave. A string body is JSON text that must go out exactly as it is. */
export function respond(response: Response, { status, headers, body }: FhirResponse): void {
  if (body instanceof Uint8Array) {
    response.status(status).set({ 'cache-control': 'no-store', ...headers });
    response.end(body);
    return;
  }
  const content =
    body === null ? null : represent(body, headers['Content-Type'] === undefined ? formatOf(response) : null);
  response.status(status).set({ 'cache-control': 'no-store', ...headers });
  if (content === null) response.end();
  else sendFhir(response, content);
}

/** Sends a resource in the format that the request wants. */
export function fhirResource(response: Response, resource: object): void {
  sendFhir(response, represent(resource, formatOf(response)));
}

interface Content {
  readonly type: string;
  readonly text: string;
}

/** JSON that is no resource (the manifest of an asynchronous answer) and what has a type of its own stay as they are. */
function represent(body: string | object, format: Format | null): Content {
  if (format === 'xml') {
    const tree: unknown = typeof body === 'string' ? parseExact(body) : body;
    if (typeof tree === 'object' && tree !== null && 'resourceType' in tree)
      return { type: 'application/fhir+xml; charset=utf-8', text: writeXml({ ...tree }) };
  }
  return { type: 'application/fhir+json; charset=utf-8', text: typeof body === 'string' ? body : JSON.stringify(body) };
}

function sendFhir(response: Response, { type, text }: Content): void {
  if (response.get('content-type') === undefined) response.set('content-type', type);
  response.end(text);
}
