import type { FhirResource } from '../../cql/index.ts';
import type { FhirRequest } from '../interactions/interaction.ts';
import { isResourceType } from '../search/definitions.ts';
import { parseExact, plain } from '../store/exact-json.ts';
import type { RawParameter } from './arguments.ts';
import { InvalidArguments, MethodNotAllowed } from './errors.ts';
import type { Operation } from './operation.ts';

/** Where a path calls an operation. */
export interface OperationAddress {
  readonly operation: Operation;
  readonly resourceType: string | null;
  readonly resourceId: string | null;
}

/** Reads `[Type/[id/]]$code`; null when no operation is called that way there. */
export function addressedOperation(operations: readonly Operation[], path: readonly string[]): OperationAddress | null {
  const code = path.at(-1);
  if (code?.startsWith('$') !== true || path.length > 3) return null;
  const [resourceType = null, resourceId = null] = path.slice(0, -1);
  const level = resourceType === null ? 'system' : resourceId === null ? 'type' : 'instance';
  const operation = operations.find(
    (candidate) =>
      `$${candidate.code}` === code &&
      candidate.levels.includes(level) &&
      (resourceType === null || (candidate.resources?.includes(resourceType) ?? isResourceType(resourceType))),
  );
  return operation === undefined ? null : { operation, resourceType, resourceId };
}

/**
 * The parameters of a request: of the query, and of a POSTed Parameters resource. Where an operation takes a `resource`,
 * the body may be that resource itself (R4 operations.html#request).
 *
 * @throws MalformedJson, MethodNotAllowed, InvalidArguments
 */
export function requestParameters(request: FhirRequest, operation: Operation): readonly RawParameter[] {
  const { query, body } = request;
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const allow = operation.safe ? ['GET', 'HEAD', 'POST'] : ['POST'];
  if (method !== 'GET' && method !== 'POST')
    throw new MethodNotAllowed(`$${operation.code} answers ${allow.join(', ')}, not ${method}`, allow);
  if (method === 'GET' && !operation.safe)
    throw new MethodNotAllowed(`$${operation.code} changes the server: use POST`, allow);
  const inQuery = [...query].map(([name, valueString]): RawParameter => ({ name, valueString }));
  if (method === 'GET' && inQuery.some(({ name, valueString }) => name === 'storeReport' && valueString === 'true'))
    throw new MethodNotAllowed('storeReport=true changes the server: use POST', ['POST']);
  return body === null || body.trim() === '' || method === 'GET'
    ? inQuery
    : [...inQuery, ...inBody(body, request, operation)];
}

function inBody(body: string, { headers }: FhirRequest, operation: Operation): readonly RawParameter[] {
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true)
    return [...new URLSearchParams(body)].map(([name, valueString]) => ({ name, valueString }));
  const tree = parseExact(body) as FhirResource;
  const parsed: unknown = operation.exact === true ? tree : plain(tree);
  const resourceType =
    typeof parsed === 'object' && parsed !== null && 'resourceType' in parsed ? parsed.resourceType : null;
  if (resourceType === 'Parameters') return parametersOf(parsed);
  if (
    resourceType !== null &&
    operation.parameters.some(({ name, type }) => name === 'resource' && type === 'Resource')
  )
    return [{ name: 'resource', resource: parsed }];
  throw structure('the body must be a Parameters resource', 'Parameters');
}

function parametersOf(parsed: unknown): readonly RawParameter[] {
  const { parameter = [] } = parsed as { parameter?: unknown };
  if (!Array.isArray(parameter)) throw structure('Parameters.parameter must be a list', 'Parameters.parameter');
  return parameter.map((item: unknown, index) => {
    if (typeof item === 'object' && item !== null && 'name' in item && typeof item.name === 'string')
      return item as RawParameter;
    throw structure(`Parameters.parameter[${index}] has no name`, `Parameters.parameter[${index}]`);
  });
}

function structure(diagnostics: string, expression: string): InvalidArguments {
  return new InvalidArguments([{ code: 'structure', diagnostics, expression: [expression] }]);
}

/** Directives of the header Prefer (RFC 7240): `respond-async`, `timezone="America/New_York"`. */
export function preferences(header: string | undefined): ReadonlyMap<string, string> {
  const found = (header ?? '').matchAll(/([A-Za-z][\w-]*)(?:\s*=\s*(?:"([^"]*)"|([^\s,;]+)))?/g);
  return new Map([...found].map(([, name = '', quoted, bare]) => [name.toLowerCase(), quoted ?? bare ?? '']));
}
