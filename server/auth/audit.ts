import type { FhirResource } from '../../cql/index.ts';
import type { Database } from '../db/database.ts';
import type { Logger } from '../log.ts';
import { appendAuditEvents } from '../store/apply-entries.ts';

/** A resource that was read or written. */
export interface AuditedResource {
  readonly type: string;
  readonly id: string;
  /** Null when no version was touched or it does not matter. */
  readonly version: number | null;
  /** Logical id of the patient whose compartment it lies in; '' for none. */
  readonly patient: string;
}

export interface Access {
  /** Create, read, update, delete, execute (R4 audit-event-action). */
  readonly action: 'C' | 'R' | 'U' | 'D' | 'E';
  /** Code of http://hl7.org/fhir/restful-interaction, or the name of an operation with its `$`. */
  readonly interaction: string;
  readonly resources: readonly AuditedResource[];
  /** What was searched for, `Observation?code=x`; null for other interactions. */
  readonly query: string | null;
}

/** Of a request, what an AuditEvent says. */
export interface Audited {
  readonly tenant: string;
  readonly actor: { readonly reference: string; readonly display: string };
  readonly requestId: string;
}

const listedResources = 20;
const listedPatients = 200;

/**
 * The AuditEvent of one request (R4 auditevent.html, type `rest`). Up to 20 resources are named each; beyond that, the
 * patients, and the number of resources by type.
 */
export function auditEvent(by: Audited, access: Access, at: Date): FhirResource {
  const { action, interaction, resources, query } = access;
  const system = interaction.startsWith('$') ? undefined : 'http://hl7.org/fhir/restful-interaction';
  const patients = [...new Set(resources.map(({ patient }) => patient))].filter((patient) => patient !== '');
  const named = resources.length <= listedResources ? resources.filter(({ type }) => type !== 'Patient') : [];
  const byType = Map.groupBy(resources, ({ type }) => type);
  const detail = [
    { type: 'request', valueString: by.requestId },
    ...(named.length > 0 ? [] : [...byType].map(([type, all]) => ({ type, valueString: String(all.length) }))),
  ];
  const entity = [
    ...(query === null ? [] : [{ role: role('24', 'Query'), query: Buffer.from(query).toString('base64') }]),
    ...patients
      .slice(0, listedPatients)
      .map((id) => ({ what: { reference: `Patient/${id}` }, role: role('1', 'Patient') })),
    ...named.map(({ type, id, version }) => ({
      what: { reference: `${type}/${id}${version === null ? '' : `/_history/${version}`}` },
      role: role('4', 'Domain Resource'),
    })),
  ];
  const [first, ...others] = entity;
  return {
    resourceType: 'AuditEvent',
    type: {
      system: 'http://terminology.hl7.org/CodeSystem/audit-event-type',
      code: 'rest',
      display: 'RESTful Operation',
    },
    subtype: [{ system, code: interaction }],
    action,
    recorded: at.toISOString(),
    outcome: '0',
    agent: [{ who: { reference: by.actor.reference, display: by.actor.display }, requestor: true }],
    source: { observer: { display: 'Gapless' } },
    entity: [{ ...(first ?? { name: 'request' }), detail }, ...others],
  };
}

function role(code: string, display: string): object {
  return { system: 'http://terminology.hl7.org/CodeSystem/object-role', code, display };
}

export interface AuditSettings {
  /** Events that may wait; beyond that, readers wait for the database. */
  readonly capacity?: number;
  readonly flushEveryMs?: number;
}

/**
 * Stores the AuditEvents of reads in the background, in batches, so that a read does not wait for a write. Nothing is
 * dropped: what could not be stored stays in the queue, and a full queue makes readers wait.
 */
export class AuditTrail {
  readonly #database: Pick<Database, 'transaction'>;
  readonly #log: Logger;
  readonly #capacity: number;
  readonly #timer: NodeJS.Timeout;
  #waiting: { readonly tenant: string; readonly event: FhirResource }[] = [];
  #flushing: Promise<void> | null = null;

  constructor(
    database: Pick<Database, 'transaction'>,
    log: Logger,
    { capacity = 5_000, flushEveryMs = 500 }: AuditSettings = {},
  ) {
    this.#database = database;
    this.#log = log;
    this.#capacity = capacity;
    this.#timer = setInterval(() => {
      this.flush().catch((error: Error) => log.error('audit events wait for the database', { reason: error.message }));
    }, flushEveryMs);
    this.#timer.unref();
  }

  /** Queues the AuditEvent of a read; waits only when the queue is full. */
  async record(by: Audited, access: Access): Promise<void> {
    this.#waiting.push({ tenant: by.tenant, event: auditEvent(by, access, new Date()) });
    if (this.#waiting.length >= this.#capacity) await this.flush();
  }

  /** Stores what waits. Throws when the database refuses; what waits then still waits. */
  async flush(): Promise<void> {
    while (this.#flushing !== null) await this.#flushing;
    if (this.#waiting.length === 0) return;
    this.#flushing = this.#store().finally(() => {
      this.#flushing = null;
    });
    await this.#flushing;
  }

  /** Stores what waits and stops. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush().catch((error: Error) => {
      this.#log.error('audit events were lost at shutdown', { count: this.#waiting.length, reason: error.message });
    });
  }

  async #store(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    try {
      await this.#database.transaction(async (sql) => {
        for (const [tenant, events] of Map.groupBy(batch, (waiting) => waiting.tenant)) {
          await appendAuditEvents(
            sql,
            tenant,
            events.map(({ event }) => event),
          );
        }
      });
    } catch (error) {
      this.#waiting = [...batch, ...this.#waiting];
      throw error;
    }
  }
}
