import type { FhirResource } from '../../cql/index.ts';
import { requireScope } from '../auth/scopes.ts';
import type { RequestContext } from '../context.ts';
import { InvalidRequest } from '../store/errors.ts';
import { plain } from '../store/exact-json.ts';
import { readResource } from '../store/read.ts';
import { checkId, checkType, validate } from '../store/validate.ts';
import type { AddressedRequest, FhirResponse, Interaction, InteractionServices } from './interaction.ts';
import { information, readBody } from './respond.ts';

/** R4 resource-operation-validate.html, on a type: the body is the resource, or Parameters that hold it. */
export const validateOnType: Interaction = {
  codes: ['operation'],
  level: 'type',
  method: 'POST',
  path: [':type', '$validate'],
  conditional: false,
  scope: null,
  run: runValidate,
};

/** `$validate` on a resource: what the body holds is checked as an update of it; without a body, what is stored. */
export const validateOnInstance: Interaction = {
  ...validateOnType,
  level: 'instance',
  path: [':type', ':id', '$validate'],
};

async function runValidate(
  request: AddressedRequest,
  context: RequestContext,
  { database }: InteractionServices,
): Promise<FhirResponse> {
  const { type, id, body } = request;
  if (body === null || body === '') {
    if (id === '') throw new InvalidRequest('$validate needs the resource in the body');
    requireScope(context.scopes, type, 'r');
    const stored = await readResource(database, context.tenant, type, id);
    return outcomeOf(JSON.parse(stored.content ?? 'null'), type);
  }
  const given = readBody(request);
  const { resource, mode } = readParameters(given, type);
  if (mode === 'update' && id === '') throw new InvalidRequest('mode update needs the URL of a resource');
  if (id !== '' && mode !== 'create') checkId(id);
  return outcomeOf(resource, type);
}

function readParameters(given: unknown, type: string): { resource: unknown; mode: string | null } {
  if (type === 'Parameters' || typeof given !== 'object' || given === null || !('parameter' in given)) {
    return { resource: given, mode: null };
  }
  const parameters: readonly unknown[] = Array.isArray(given.parameter) ? given.parameter : [];
  const named = (name: string): Record<string, unknown> | undefined =>
    parameters
      .filter((p): p is Record<string, unknown> => typeof p === 'object' && p !== null)
      .find((p) => p.name === name);
  const mode = named('mode')?.valueCode;
  return { resource: named('resource')?.resource, mode: typeof mode === 'string' ? mode : null };
}

/** Always 200: the OperationOutcome is the result, not an error of the request. */
function outcomeOf(resource: unknown, type: string): FhirResponse {
  checkType(resource, type);
  const issues = validate(plain(resource satisfies FhirResource));
  const body =
    issues.length === 0 ? information(`The ${type} is valid`) : { resourceType: 'OperationOutcome', issue: issues };
  return { status: 200, headers: {}, body };
}
