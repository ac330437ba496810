import type {
  CapabilityStatement,
  CapabilityStatementRestInteraction,
  CapabilityStatementRestResource,
  CapabilityStatementRestResourceInteraction,
  CapabilityStatementRestResourceOperation,
} from '@medplum/fhirtypes';
import { supportedProfiles } from '../../bundles/index.ts';
import { backport } from '../connectors/subscription-terms.ts';
import { subscriptionTopics } from '../connectors/subscription-topics.ts';
import type { RequestContext } from '../context.ts';
import type { Interaction } from '../interactions/interaction.ts';
import { type Operation, operationId } from '../operations/operation.ts';
import { resourceTypes, searchParametersOf } from '../search/definitions.ts';
import { once } from '../search/once.ts';
import { maxParameters, maxValues } from '../search/parse.ts';
import { maxDepth } from '../store/exact-json.ts';
import type { Handler } from './dispatch.ts';

export interface Capabilities {
  readonly interactions: readonly Interaction[];
  readonly operations: readonly Operation[];
  readonly version: string;
  /** When the software was started: nothing else changes what it can do. */
  readonly date: Date;
}

/** R4 http.html#capabilities: says what the same definitions route. */
export function capabilityHandler(capabilities: Capabilities): Handler {
  return ({ method, path }, context) => {
    const asked = path.length === 1 && path[0] === 'metadata' && (method === 'GET' || method === 'HEAD');
    if (!asked) return null;
    return Promise.resolve({ status: 200, headers: {}, body: capabilityStatement(capabilities, context) });
  };
}

export function capabilityStatement(
  capabilities: Capabilities,
  { baseUrl }: Pick<RequestContext, 'baseUrl'>,
): CapabilityStatement {
  const { interactions, operations, version, date } = capabilities;
  return {
    resourceType: 'CapabilityStatement',
    url: `${baseUrl}/metadata`,
    version,
    name: 'Gapless',
    title: 'Gapless: quality measures and care gaps',
    status: 'active',
    date: date.toISOString(),
    kind: 'instance',
    software: { name: 'Gapless', version },
    implementation: { description: 'Gapless', url: baseUrl },
    fhirVersion: '4.0.1',
    format: ['json', 'application/fhir+json', 'xml', 'application/fhir+xml'],
    patchFormat: ['application/json-patch+json', 'application/fhir+json', 'application/fhir+xml'],
    rest: [
      {
        mode: 'server',
        documentation: `Demo mode: one tenant and one actor, no login, reachable from this machine only. JSON and XML keep decimals digit by digit. A search has at most ${maxParameters} parameters and ${maxValues} values; a resource is nested at most ${maxDepth} levels.`,
        resource: resourceTypes().map((type) => resource(type, interactions, operations, baseUrl)),
        interaction: codesAt(interactions, 'system').map((code) => ({
          code: code as CapabilityStatementRestInteraction['code'],
        })),
        operation: operations
          .filter(({ levels }) => levels.includes('system'))
          .map((operation) => describe(operation, operations, baseUrl)),
      },
    ],
  };
}

function resource(
  type: string,
  interactions: readonly Interaction[],
  operations: readonly Operation[],
  baseUrl: string,
): CapabilityStatementRestResource {
  const codes = new Set([...codesAt(interactions, 'type'), ...codesAt(interactions, 'instance')]);
  const conditional = (code: string): boolean =>
    interactions.some((each) => each.conditional && each.codes.some((c) => c === code));
  const profiles = type === 'Subscription' ? [`${backport}/backport-subscription`] : (supportedProfiles[type] ?? []);
  const parameters = [...searchParametersOf(type).values()].filter(({ kind }) => kind !== 'special');
  const own = operations.filter(
    ({ resources, levels }) =>
      levels.some((level) => level !== 'system') && (resources === null || resources.includes(type)),
  );
  return {
    ...(type === 'Subscription' && { extension: topicExtensions }),
    type: type as CapabilityStatementRestResource['type'],
    profile: `http://hl7.org/fhir/StructureDefinition/${type}`,
    ...(profiles.length > 0 && { supportedProfile: [...profiles] }),
    interaction: [...codes].map((code) => ({ code: code as CapabilityStatementRestResourceInteraction['code'] })),
    versioning: 'versioned-update',
    readHistory: true,
    updateCreate: true,
    conditionalCreate: true,
    conditionalRead: 'full-support',
    conditionalUpdate: conditional('update'),
    conditionalDelete: conditional('delete') ? 'single' : 'not-supported',
    referencePolicy: ['literal', 'logical', 'resolves', 'local'],
    searchInclude: ['*', ...parameters.filter(({ kind }) => kind === 'reference').map(({ code }) => `${type}:${code}`)],
    searchRevInclude: [...(pointingAt().get(type) ?? [])],
    searchParam: parameters.map(({ code, url, kind }) => ({ name: code, definition: url, type: kind })),
    operation: [
      ...resourceOperations(interactions),
      ...own.flatMap((operation) => {
        const described = describe(operation, operations, baseUrl);
        const further = operation.furtherDefinitions?.[type];
        return further === undefined ? described : [described, { ...described, definition: further }];
      }),
    ],
  };
}

/** Subscriptions R5 Backport, conformance.html: the topics that a server supports. */
const topicExtensions = subscriptionTopics.map(({ canonical }) => ({
  url: `${backport}/capabilitystatement-subscriptiontopic-canonical`,
  valueCanonical: canonical,
}));

const clinicalCodes = new Set(['operation', 'transaction', 'batch']);

function codesAt(interactions: readonly Interaction[], level: Interaction['level']): string[] {
  const codes = interactions.filter((interaction) => interaction.level === level).flatMap(({ codes }) => codes);
  return [...new Set(codes)].filter((code) => (level === 'system' ? code !== 'operation' : !clinicalCodes.has(code)));
}

/** R4's operations on any resource (resource-operations.html) that are routed as interactions: `$validate`. */
function resourceOperations(interactions: readonly Interaction[]): CapabilityStatementRestResourceOperation[] {
  const codes = interactions
    .filter(({ codes: of }) => of.includes('operation'))
    .flatMap(({ path }) => path.at(-1)?.slice(1) ?? []);
  return [...new Set(codes)].map((name) => ({
    name,
    definition: `http://hl7.org/fhir/OperationDefinition/Resource-${name}`,
  }));
}

function describe(
  operation: Operation,
  operations: readonly Operation[],
  baseUrl: string,
): CapabilityStatementRestResourceOperation {
  const { code, definition, description } = operation;
  const documentation = `${description} Parameters: ${baseUrl}/OperationDefinition/${operationId(operation, operations)}`;
  const extension = operation.extension === undefined ? {} : { extension: [...operation.extension] };
  return { ...extension, name: code, definition, documentation };
}

/** `Type:parameter` of every reference, by the type that it may point to. */
const pointingAt = once((): ReadonlyMap<string, readonly string[]> => {
  const references = resourceTypes().flatMap((source) =>
    [...searchParametersOf(source).values()].flatMap(({ code, targets }) =>
      targets.map((target) => ({ target, name: `${source}:${code}` })),
    ),
  );
  const grouped = Map.groupBy(references, ({ target }) => target);
  return new Map([...grouped].map(([target, found]) => [target, found.map(({ name }) => name)]));
});
