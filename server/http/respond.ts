import type { Response } from 'express';
import type { FhirResponse } from '../interactions/interaction.ts';

/** Sends what an interaction gave. A string body is JSON text that must go out exactly as it is. */
export function respond(response: Response, { status, headers, body }: FhirResponse): void {
  response.status(status).set({ 'cache-control': 'no-store', ...headers });
  if (body === null) response.end();
  else fhirJson(response, body);
}

/** Sends FHIR JSON, unless a content type was already set. */
export function fhirJson(response: Response, body: string | object): void {
  if (response.get('content-type') === undefined) response.set('content-type', 'application/fhir+json; charset=utf-8');
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
