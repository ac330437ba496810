import { requireScope } from '../auth/scopes.ts';
import type { RequestContext } from '../context.ts';
import { isResourceType } from '../search/definitions.ts';
import { UnknownResourceType } from '../search/errors.ts';
import { UnsupportedInteraction } from '../store/errors.ts';
import { bundle } from './bundle.ts';
import { create } from './create.ts';
import { conditionalDeletion, deletion } from './delete.ts';
import { instanceHistory, systemHistory, typeHistory } from './history.ts';
import type { AddressedRequest, FhirRequest, FhirResponse, Interaction, InteractionServices } from './interaction.ts';
import { conditionalPatch, patch } from './patch.ts';
import { read } from './read.ts';
import { compartmentSearch, postedSystemSearch, postedTypeSearch, systemSearch, typeSearch } from './search.ts';
import { conditionalUpdate, update } from './update.ts';
import { validateOnInstance, validateOnType } from './validate.ts';
import { vread } from './vread.ts';
import { criteriaOf } from './write.ts';

/** Every interaction that the server answers; routes and CapabilityStatement are derived from this list. */
export const interactions: readonly Interaction[] = [
  read,
  vread,
  create,
  update,
  conditionalUpdate,
  patch,
  conditionalPatch,
  deletion,
  conditionalDeletion,
  instanceHistory,
  typeHistory,
  systemHistory,
  typeSearch,
  postedTypeSearch,
  compartmentSearch,
  systemSearch,
  postedSystemSearch,
  bundle,
  validateOnType,
  validateOnInstance,
];

export interface FoundInteraction {
  readonly interaction: Interaction;
  readonly request: AddressedRequest;
}

/** The interaction that a request asks for; null when there is none, for instance because it is an operation. */
export function findInteraction(request: FhirRequest): FoundInteraction | null {
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  for (const interaction of interactions) {
    if (interaction.method !== method) continue;
    if (interaction.conditional && criteriaOf(request.query) === '') continue;
    const variables = match(interaction.path, request.path);
    if (variables !== null)
      return { interaction, request: { ...request, type: '', id: '', version: '', compartment: '', ...variables } };
  }
  return null;
}

/**
 * Answers a request after checking type and scope.
 *
 * @throws UnsupportedInteraction, UnknownResourceType, ForbiddenByScope, and what the interaction throws
 */
export async function interact(
  request: FhirRequest,
  context: RequestContext,
  services: InteractionServices,
): Promise<FhirResponse> {
  const found = findInteraction(request);
  if (found === null) {
    throw new UnsupportedInteraction(`There is no interaction ${request.method} on /${request.path.join('/')}`);
  }
  const { interaction, request: addressed } = found;
  if (addressed.type !== '' && !isResourceType(addressed.type)) throw new UnknownResourceType(addressed.type);
  if (interaction.scope !== null) requireScope(context.scopes, addressed.type || '*', interaction.scope);
  return interaction.run(addressed, context, services);
}

function match(pattern: readonly string[], path: readonly string[]): Record<string, string> | null {
  if (pattern.length !== path.length) return null;
  const variables: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = path[index] ?? '';
    if (!part.startsWith(':')) {
      if (part !== segment) return null;
    } else if (/^[$_]/.test(segment)) return null;
    else variables[part.slice(1)] = segment;
  }
  return variables;
}
