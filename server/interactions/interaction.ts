import type { AuditTrail } from '../auth/audit.ts';
import type { Permission } from '../auth/scopes.ts';
import type { EndpointRules } from '../connectors/endpoint-addresses.ts';
import type { InstalledMeasure } from '../content/installed-measure.ts';
import type { RequestContext } from '../context.ts';
import type { Database, Sql } from '../db/database.ts';
import type { StoredResource } from '../db/stored-resource.ts';
import type { SearchTerminology } from '../search/terminology.ts';

/** A FHIR request without HTTP: what a batch entry, a job or a test can make as well as a client. */
export interface FhirRequest {
  readonly method: string;
  /** Decoded segments below the base: `['Patient', '1']`; empty for the base itself. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string | null;
}

export interface FhirResponse {
  readonly status: number;
  /** Names as HTTP writes them: `ETag`, `Location`. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text or bytes (a Uint8Array) that are sent as they are, a value to be written as JSON, or null for no body. */
  readonly body: string | object | null;
}

/** A request whose path has been read by an interaction's pattern. */
export interface AddressedRequest extends FhirRequest {
  /** '' where the path has none. */
  readonly type: string;
  readonly id: string;
  readonly version: string;
  /** Type of the compartment that is searched: `Patient` of `Patient/1/Observation`. */
  readonly compartment: string;
}

export interface InteractionServices {
  /** The database, or the open transaction that a Bundle's reads take part in. */
  readonly database: Pick<Database, 'query' | 'transaction'>;
  readonly audit: AuditTrail;
  /** Answers any request of the API, operations too; batch entries go through it. */
  readonly dispatch: (
    request: FhirRequest,
    context: RequestContext,
    services: InteractionServices,
  ) => Promise<FhirResponse>;
  /** The OperationOutcome and status of an error (server/outcomes.ts). */
  readonly translate: (error: unknown) => {
    readonly status: number;
    readonly outcome: object;
    /** True when the error is ours and belongs in the log. */
    readonly unexpected: boolean;
  };
  /** What search asks of terminology, for the tenant of the request; null where there is none. */
  readonly terminology: ((context: RequestContext) => SearchTerminology) | null;
  /** Checks what a change wrote, before it commits (measure content); what it throws undoes the change. */
  readonly check: (sql: Sql, tenant: string, written: readonly StoredResource[]) => Promise<void>;
  /** Measures of the tenant that can be evaluated. */
  readonly measures: (tenant: string) => Promise<readonly InstalledMeasure[]>;
  /** Told what each entry of a batch wrote, so that the batch can be taken as one submission; null outside of batches. */
  readonly collect: ((written: readonly StoredResource[]) => void) | null;
  /** Where notifications of Subscriptions may be sent; only to public addresses unless told. */
  readonly endpoints?: EndpointRules;
  /** References of a transaction that point to nothing: kept (DEQM), or refused. */
  readonly dangling: 'keep' | 'refuse';
}

/** Codes of http://hl7.org/fhir/restful-interaction; `operation` for `$validate`. */
export type InteractionCode =
  | 'read'
  | 'vread'
  | 'update'
  | 'patch'
  | 'delete'
  | 'history-instance'
  | 'history-type'
  | 'history-system'
  | 'create'
  | 'search-type'
  | 'search-system'
  | 'transaction'
  | 'batch'
  | 'operation';

/** One FHIR interaction: routes and CapabilityStatement are derived from it. */
export interface Interaction {
  /** A base that takes Bundles answers both `transaction` and `batch`. */
  readonly codes: readonly InteractionCode[];
  readonly level: 'system' | 'type' | 'instance';
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path below the base; `:type`, `:id`, `:version` and `:compartment` stand for any segment that does not start with `$` or `_`. */
  readonly path: readonly string[];
  /** The target is found by the criteria of the query (conditional update, patch, delete). */
  readonly conditional: boolean;
  /** What the caller's scopes must allow on the type; null where it depends on the content (Bundles, `$validate`). */
  readonly scope: Permission | null;
  run(request: AddressedRequest, context: RequestContext, services: InteractionServices): Promise<FhirResponse>;
}
