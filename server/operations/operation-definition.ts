import type { OperationDefinition, OperationDefinitionParameter } from '@medplum/fhirtypes';
import type { RequestContext } from '../context.ts';
import type { FhirRequest, FhirResponse } from '../interactions/interaction.ts';
import type { ArgumentDefinition } from './arguments.ts';
import type { Operation } from './operation.ts';

/** What an operation takes here, as a resource: the published definition is its `base`. */
export function operationDefinition(operation: Operation, baseUrl: string): OperationDefinition {
  const { code, definition, title, description, resources, levels, safe, parameters } = operation;
  return {
    resourceType: 'OperationDefinition',
    id: code,
    url: `${baseUrl}/OperationDefinition/${code}`,
    name: title.replace(/\W+(\w)/g, (_, letter: string) => letter.toUpperCase()),
    title,
    status: 'active',
    kind: 'operation',
    affectsState: !safe,
    description,
    code,
    base: definition,
    resource: [...(resources ?? ['Resource'])] as NonNullable<OperationDefinition['resource']>,
    system: levels.includes('system'),
    type: levels.includes('type'),
    instance: levels.includes('instance'),
    parameter: [
      ...parameters.map(parameterOf),
      { name: 'return', use: 'out', min: 1, max: '1', type: 'Any' as OperationDefinitionParameter['type'] },
    ],
  };
}

/** Answers `GET OperationDefinition/[code]` of our own operations; null for any other request. */
export function operationDefinitionHandler(
  operations: readonly Operation[],
): (request: FhirRequest, context: RequestContext) => Promise<FhirResponse> | null {
  return ({ method, path: [type, id, ...rest] }, { baseUrl }) => {
    const asked = method === 'GET' && type === 'OperationDefinition' && rest.length === 0;
    const operation = asked ? operations.find(({ code }) => code === id) : undefined;
    if (operation === undefined) return null;
    return Promise.resolve({ status: 200, headers: {}, body: operationDefinition(operation, baseUrl) });
  };
}

const fhirTypes: Readonly<Record<ArgumentDefinition['type'], string>> = {
  string: 'string',
  code: 'code',
  canonical: 'canonical',
  id: 'id',
  date: 'date',
  dateTime: 'dateTime',
  boolean: 'boolean',
  reference: 'string',
  token: 'string',
  Group: 'Group',
  Parameters: 'Parameters',
  Bundle: 'Bundle',
  Resource: 'Resource',
};

function parameterOf({
  name,
  type,
  min,
  max,
  documentation,
  aliases,
  codes,
}: ArgumentDefinition): OperationDefinitionParameter {
  const also = [
    ...(aliases.length === 0 ? [] : [`Other names: ${aliases.join(', ')}.`]),
    ...(codes === null ? [] : [`One of: ${Object.keys(codes).join(', ')}.`]),
  ];
  return {
    name,
    use: 'in',
    min,
    max,
    documentation: [documentation, ...also].filter((text) => text !== '').join(' '),
    type: fhirTypes[type] as OperationDefinitionParameter['type'],
    ...((type === 'reference' || type === 'token') && { searchType: type }),
  };
}
