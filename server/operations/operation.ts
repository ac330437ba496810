import type { Extension, Resource } from '@medplum/fhirtypes';
import type { Permission } from '../auth/scopes.ts';
import type { RequestContext } from '../context.ts';
import type { FhirRequest, FhirResponse } from '../interactions/interaction.ts';
import type { Jobs } from '../jobs/jobs.ts';
import {
  type ArgumentDefinition,
  type ArgumentsOf,
  argumentDefinitions,
  type Input,
  type RawParameter,
  readArguments,
} from './arguments.ts';
import { MethodNotAllowed } from './errors.ts';
import type { OperationServices } from './services.ts';

export type OperationLevel = 'system' | 'type' | 'instance';

/** Where an operation is called, beside who calls it. */
export interface OperationContext extends RequestContext {
  /** Type of the URL; null at system level. */
  readonly resourceType: string | null;
  /** Id of the URL; null at system and type level. */
  readonly resourceId: string | null;
  /** Tells how far it is, for who waits on an asynchronous request. `fraction` lies between 0 and 1. */
  progress(fraction: number, message: string): Promise<void>;
  /** Header X-Provenance of the request: where what it stores comes from. */
  readonly provenance?: string | undefined;
  /** Takes a resource of the answer as soon as it is made. Absent where the answer is given whole. */
  readonly deliver?: (resource: Resource | ResourceText) => Promise<void>;
}

/** A resource whose JSON is at hand. */
export class ResourceText {
  readonly resourceType: string;
  readonly text: string;

  constructor(resourceType: string, text: string) {
    this.resourceType = resourceType;
    this.text = text;
  }
}

interface OperationDescription {
  /** Without the dollar sign. */
  readonly code: string;
  /** Types on which it is called; null for any type, empty for system level only. */
  readonly resources: readonly string[] | null;
  readonly levels: readonly OperationLevel[];
  /** Canonical of the published OperationDefinition. */
  readonly definition: string;
  readonly title: string;
  readonly description: string;
  /** What the caller's scopes must allow. */
  readonly scopes: readonly { readonly type: string; readonly permission: Permission }[];
  /** False when a GET may not call it, because it always changes something. */
  readonly safe: boolean;
  /** What is sent is stored: numbers keep their text, and the answer waits for the commit whatever the client prefers. */
  readonly exact?: boolean;
  /** Further published OperationDefinitions that it satisfies, by resource type: declared beside the first. */
  readonly furtherDefinitions?: Readonly<Record<string, string>>;
  /** Extensions of the operation in the CapabilityStatement. */
  readonly extension?: readonly Extension[];
}

export interface OperationSettings<I extends Input> extends OperationDescription {
  readonly input: I;
  /** Throws named errors. */
  run(args: ArgumentsOf<I>, context: OperationContext, services: OperationServices): Promise<Resource>;
}

/** A request that an operation answers by itself, status and headers included. */
export interface OperationCall {
  readonly parameters: readonly RawParameter[];
  readonly request: FhirRequest;
  readonly context: OperationContext;
  readonly services: OperationServices;
  readonly jobs: Jobs;
}

export interface KickOffSettings<I extends Input> extends OperationDescription {
  readonly input: I;
  /** Throws named errors. */
  start(args: ArgumentsOf<I>, call: OperationCall): Promise<FhirResponse>;
}

/** An operation as one value: routes, CapabilityStatement, OperationDefinition and documentation follow from it. */
export interface Operation extends OperationDescription {
  readonly parameters: readonly ArgumentDefinition[];
  /** @throws InvalidArguments listing everything that is missing or wrong */
  check(parameters: readonly RawParameter[]): void;
  /** @throws InvalidArguments, and what `run` throws */
  invoke(
    parameters: readonly RawParameter[],
    context: OperationContext,
    services: OperationServices,
  ): Promise<Resource>;
  /** Answers the request itself: of operations that are never answered by a resource, as those of Bulk Data. */
  readonly start?: (call: OperationCall) => Promise<FhirResponse>;
}

/** An operation that starts something, or tells how far it is, and so has an answer of its own form. */
export function defineKickOff<const I extends Input>({ input, start, ...description }: KickOffSettings<I>): Operation {
  return {
    ...description,
    parameters: argumentDefinitions(input),
    check: (parameters) => void readArguments(input, parameters),
    invoke: () => Promise.reject(new MethodNotAllowed(`$${description.code} is called by itself, never in a job`, [])),
    start: async (call) => start(readArguments(input, call.parameters), call),
  };
}

export function defineOperation<const I extends Input>({
  input,
  run,
  ...description
}: OperationSettings<I>): Operation {
  return {
    ...description,
    parameters: argumentDefinitions(input),
    check: (parameters) => void readArguments(input, parameters),
    invoke: async (parameters, context, services) => run(readArguments(input, parameters), context, services),
  };
}

/** Id of an operation's definition: its code, after the type where another operation has the same code. */
export function operationId({ code, resources, definition }: Operation, operations: readonly Operation[]): string {
  const first = operations.find((operation) => operation.code === code);
  return first?.definition === definition ? code : `${resources?.[0] ?? 'Resource'}-${code}`;
}
