import type { RequestContext } from '../context.ts';
import type { AddressedRequest, FhirResponse, Interaction, InteractionServices } from './interaction.ts';
import { readBody } from './respond.ts';
import { criteriaOf, writeOne } from './write.ts';

/** R4 http.html#update, with update as create (http.html#upsert). */
export const update: Interaction = {
  codes: ['update'],
  level: 'instance',
  method: 'PUT',
  path: [':type', ':id'],
  conditional: false,
  scope: 'u',
  run: (request, context, services) => updateAt({ id: request.id, criteria: null }, request, context, services),
};

/** R4 http.html#cond-update. */
export const conditionalUpdate: Interaction = {
  ...update,
  level: 'type',
  path: [':type'],
  conditional: true,
  run: (request, context, services) =>
    updateAt({ id: null, criteria: criteriaOf(request.query) }, request, context, services),
};

async function updateAt(
  target: { readonly id: string | null; readonly criteria: string | null },
  request: AddressedRequest,
  context: RequestContext,
  services: InteractionServices,
): Promise<FhirResponse> {
  const entry = {
    ...target,
    method: 'PUT',
    type: request.type,
    resource: readBody(request),
    fullUrl: null,
    ifMatch: request.headers['if-match'] ?? null,
    ifNoneMatch: request.headers['if-none-match'] ?? null,
  } as const;
  return writeOne(entry, { action: 'U', interaction: 'update' }, request, context, services);
}
