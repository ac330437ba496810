import type { OperationDefinition, OperationDefinitionParameter } from '@medplum/fhirtypes';
import type { ArgumentDefinition } from '../operations/arguments.ts';
import { type Operation, operationId } from '../operations/operation.ts';
import type { Handler } from './dispatch.ts';

/** GET OperationDefinition/[id]: what this server's operations take, derived from the operations themselves. */
export function operationDefinitionHandler(operations: readonly Operation[], version: string): Handler {
  return ({ method, path: [type, id, ...rest] }, { baseUrl }) => {
    if (
      (method !== 'GET' && method !== 'HEAD') ||
      type !== 'OperationDefinition' ||
      id === undefined ||
      rest.length > 0
    )
      return null;
    const operation = operations.find((each) => operationId(each, operations) === id);
    if (operation === undefined) return null;
    return Promise.resolve({ status: 200, headers: {}, body: operationDefinition(operation, baseUrl, version, id) });
  };
}

export function operationDefinition(
  operation: Operation,
  baseUrl: string,
  version: string,
  id = operation.code,
): OperationDefinition {
  const { code, title, description, definition, safe, levels, resources, parameters } = operation;
  return {
    resourceType: 'OperationDefinition',
    id,
    url: `${baseUrl}/OperationDefinition/${id}`,
    version,
    name: id.replace(/(^|[-.])(\w)/g, (_, __, letter: string) => letter.toUpperCase()),
    title,
    status: 'active',
    kind: 'operation',
    base: definition,
    affectsState: !safe,
    description,
    code,
    ...(resources === null ? {} : { resource: [...resources] as OperationDefinition['resource'] }),
    system: levels.includes('system'),
    type: levels.includes('type'),
    instance: levels.includes('instance'),
    parameter: [...parameters.map(inParameter), { name: 'return', use: 'out', min: 0, max: '*', type: 'Resource' }],
  };
}

function inParameter({
  name,
  type,
  min,
  max,
  documentation,
  aliases,
  parts,
}: ArgumentDefinition): OperationDefinitionParameter {
  const names = aliases.length === 0 ? '' : ` Older names: ${aliases.join(', ')}.`;
  const searched = type === 'token' ? { type: 'string' as const, searchType: 'token' as const } : null;
  if (type === 'Part') {
    const part = Object.entries(parts).map(([of, partType]) => inPart(of, partType));
    return { name, use: 'in', min, max, documentation: `${documentation}${names}`, part };
  }
  const text = type === 'reference' || type === 'id' ? 'string' : type;
  return {
    name,
    use: 'in',
    min,
    max,
    documentation: `${documentation}${names}`,
    ...(searched ?? { type: text as NonNullable<OperationDefinitionParameter['type']> }),
  };
}

function inPart(name: string, type: string): OperationDefinitionParameter {
  return { name, use: 'in', min: 0, max: '1', type: type as NonNullable<OperationDefinitionParameter['type']> };
}
