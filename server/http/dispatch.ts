import type { RequestContext } from '../context.ts';
import { findInteraction, interact } from '../interactions/index.ts';
import type { FhirRequest, FhirResponse, InteractionServices } from '../interactions/interaction.ts';
import { MethodNotAllowed } from '../operations/errors.ts';
import { isResourceType } from '../search/definitions.ts';
import { UnknownResourceType } from '../search/errors.ts';
import { UnsupportedInteraction } from '../store/errors.ts';

/** Answers the requests that it knows; null for those that are not its own. */
export type Handler = (request: FhirRequest, context: RequestContext) => Promise<FhirResponse> | null;

/** Asks each handler in turn. @throws UnknownResourceType, MethodNotAllowed, UnsupportedInteraction when none takes the request */
export async function dispatch(
  handlers: readonly Handler[],
  request: FhirRequest,
  context: RequestContext,
): Promise<FhirResponse> {
  for (const handler of handlers) {
    const answer = handler(request, context);
    if (answer !== null) return answer;
  }
  const [type = ''] = request.path;
  const isMetadata = type === 'metadata' && request.path.length === 1;
  if (!isMetadata && /^[A-Za-z]/.test(type) && !isResourceType(type)) throw new UnknownResourceType(type);
  const allow = methodsAt(request);
  if (allow.length > 0)
    throw new MethodNotAllowed(`${request.method} does not answer here: ${allow.join(', ')} do`, allow);
  // An id in the path could tell of a patient: it is not repeated.
  const shape = request.path.map((part, position) => (position === 1 && !/^[$_]/.test(part) ? '[id]' : part));
  throw new UnsupportedInteraction(
    `Nothing answers ${request.method} /${shape.join('/')}: the CapabilityStatement at /metadata lists what does`,
  );
}

/** The methods by which interactions answer at a path. */
function methodsAt(request: FhirRequest): string[] {
  if (request.path[0] === 'metadata') return ['GET', 'HEAD'];
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
  return methods.filter((method) => method !== request.method && findInteraction({ ...request, method }) !== null);
}

export function interactionHandler(services: InteractionServices): Handler {
  return (request, context) => (findInteraction(request) === null ? null : interact(request, context, services));
}
