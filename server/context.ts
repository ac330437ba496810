import type { Logger } from './log.ts';

/** Who acts. `reference` goes into AuditEvent.agent.who and MeasureReport.reporter. */
export interface Actor {
  readonly reference: string;
  readonly display: string;
}

/** SMART scopes version 2: `system/Patient.rs`. See server/auth. */
export type Scope = string;

/** Everything that a request carries with it. Handed down as an argument, never taken from the air. */
export interface RequestContext {
  readonly tenant: string;
  readonly actor: Actor;
  readonly scopes: readonly Scope[];
  readonly requestId: string;
  /** When the request came in; the `now` of all that it evaluates. */
  readonly now: Date;
  /** IANA zone or offset in which dates without one are read (DEQM guidance, Timezone Support). */
  readonly timezone: string;
  readonly log: Logger;
  /** Aborted when the client goes away or the server stops. */
  readonly signal: AbortSignal;
  /** Base of the FHIR API as the client sees it, without a slash at the end. */
  readonly baseUrl: string;
}
