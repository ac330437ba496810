import { requireScope } from '../auth/scopes.ts';
import type { RequestContext } from '../context.ts';
import type { FhirRequest, FhirResponse } from '../interactions/interaction.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { addressedJob, answerJob, enqueueOperation } from './async.ts';
import { invalidArgument } from './errors.ts';
import type { Operation } from './operation.ts';
import { addressedOperation, type OperationAddress, preferences, requestParameters } from './request.ts';
import type { OperationServices } from './services.ts';

export interface OperationRuntime {
  readonly operations: readonly Operation[];
  readonly services: OperationServices;
  readonly jobs: Jobs;
}

/**
 * Answers requests that call an operation, or that follow an asynchronous one; null for any other request. With
 * `Prefer: respond-async`, wrong arguments still fail at once.
 */
export function operationHandler(
  runtime: OperationRuntime,
): (request: FhirRequest, context: RequestContext) => Promise<FhirResponse> | null {
  return (request, context) => {
    const job = addressedJob(request.path);
    if (job !== null)
      return answerJob(job, request, context, { jobs: runtime.jobs, database: runtime.services.database });
    const address = addressedOperation(runtime.operations, request.path);
    return address === null ? null : answerOperation(address, request, context, runtime);
  };
}

async function answerOperation(
  address: OperationAddress,
  request: FhirRequest,
  context: RequestContext,
  { services, jobs }: OperationRuntime,
): Promise<FhirResponse> {
  const { operation, resourceType, resourceId } = address;
  for (const { type, permission } of operation.scopes) requireScope(context.scopes, type, permission);
  const parameters = requestParameters(request, operation);
  operation.check(parameters);
  const preferred = preferences(request.headers.prefer);
  const zoned = { ...context, timezone: timezoneOf(preferred.get('timezone') ?? null) ?? context.timezone };
  if (operation.start === undefined && preferred.has('respond-async') && operation.exact !== true)
    return enqueueOperation(address, parameters, request, zoned, jobs);
  const called = {
    ...zoned,
    resourceType,
    resourceId,
    progress: async () => {},
    provenance: request.headers['x-provenance'],
  };
  if (operation.start !== undefined) return operation.start({ parameters, request, context: called, services, jobs });
  return { status: 200, headers: {}, body: await operation.invoke(parameters, called, services) };
}

/** `Prefer: timezone="America/New_York"`, beside the header Timezone, which the context has read already. */
function timezoneOf(zone: string | null): string | null {
  if (zone === null) return null;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    throw invalidArgument('timezone', `"${zone}" in the header Prefer is not an IANA time zone or an offset`);
  }
}
