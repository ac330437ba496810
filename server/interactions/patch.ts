import type { FhirResource } from '../../cql/index.ts';
import type { RequestContext } from '../context.ts';
import { InvalidRequest } from '../store/errors.ts';
import { fhirPathPatch } from './fhirpath-patch.ts';
import type { AddressedRequest, FhirRequest, FhirResponse, Interaction, InteractionServices } from './interaction.ts';
import { jsonPatch } from './json-patch.ts';
import { patchGivenReport } from './patch-given-report.ts';
import { readBody } from './respond.ts';
import { criteriaOf, writeOne } from './write.ts';

/** R4 http.html#patch: JSON Patch and FHIRPath Patch, told apart by the body. */
export const patch: Interaction = {
  codes: ['patch'],
  level: 'instance',
  method: 'PATCH',
  path: [':type', ':id'],
  conditional: false,
  scope: 'u',
  run: (request, context, services) => patchAt({ id: request.id, criteria: null }, request, context, services),
};

/** Conditional patch: the criteria must match one resource. */
export const conditionalPatch: Interaction = {
  ...patch,
  level: 'type',
  path: [':type'],
  conditional: true,
  run: (request, context, services) =>
    patchAt({ id: null, criteria: criteriaOf(request.query) }, request, context, services),
};

async function patchAt(
  target: { readonly id: string | null; readonly criteria: string | null },
  request: AddressedRequest,
  context: RequestContext,
  services: InteractionServices,
): Promise<FhirResponse> {
  const patch = readPatch(request);
  if (request.type === 'MeasureReport' && target.id !== null) {
    const given = await patchGivenReport(patch, request, context, services);
    if (given !== null) return given;
  }
  const entry = {
    ...target,
    method: 'PATCH',
    type: request.type,
    patch,
    ifMatch: request.headers['if-match'] ?? null,
  } as const;
  return writeOne(entry, { action: 'U', interaction: 'patch' }, request, context, services);
}

/**
 * The patch of a request: a list is a JSON Patch, Parameters are a FHIRPath Patch, and a Binary (as in a Bundle's
 * entry) carries a JSON Patch in base64.
 */
export function readPatch(request: FhirRequest): (resource: FhirResource) => FhirResource {
  const body = readBody(request);
  if (Array.isArray(body)) return jsonPatch(body);
  const { resourceType, data } = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  if (resourceType === 'Parameters') return fhirPathPatch(body as FhirResource);
  if (resourceType === 'Binary' && typeof data === 'string') {
    return jsonPatch(readBody({ ...request, body: Buffer.from(data, 'base64').toString() }));
  }
  throw new InvalidRequest('A patch is a JSON Patch (a list of operations) or a Parameters resource (FHIRPath Patch)');
}
