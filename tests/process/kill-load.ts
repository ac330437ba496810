import { setTimeout as sleep } from 'node:timers/promises';
import type { FhirResource } from '../../cql/index.ts';
import type { Random } from '../../demo/random.ts';
import { order, person, visit } from '../server/gaps/live-practice.ts';
import { fhir } from './server-process.ts';

/** One version of one resource that a client wrote, or tried to write. */
export interface Write {
  /** `Type/id`; null when the server gives the id. */
  readonly key: string | null;
  readonly type: string;
  /** Stands in the resource as its identifier, and in no other version; null for a deletion. */
  readonly tag: string | null;
  /** Same for all writes of a transaction. */
  readonly request: string;
  /** `unknown`: no answer, or one that does not say whether it was stored. */
  readonly outcome: 'stored' | 'unknown';
}

type Draft = Pick<Write, 'key' | 'type' | 'tag'>;

const patientsPerClient = 25;
export const tagSystem = 'urn:kill';
const codes = ['sugar', 'salt'] as const;

/**
 * Clients that write one after the other, each to patients of its own: visits, results that come, change and go, orders
 * of medications that all share. Whatever happens to the server they go on, and remember what they were told.
 */
export class KillLoad {
  readonly writes: Write[] = [];
  /** Answers that no client should ever see: all but success, 503 and a connection that breaks. */
  readonly unexpected: string[] = [];
  acknowledged = 0;
  readonly #url: string;
  readonly #prefix: string;
  readonly #random: Random;
  readonly #clients: Promise<void>[] = [];
  #next = 1;
  #stopped = true;
  readonly #counts: number[] = [];

  constructor(url: string, prefix: string, random: Random) {
    this.#url = url;
    this.#prefix = prefix;
    this.#random = random;
  }

  start(clients: number): void {
    this.#stopped = false;
    for (let client = 0; client < clients; client += 1) this.#clients.push(this.#work(client));
  }

  /** Waits until so many more were acknowledged; gives up, and says so, after a while. */
  async progress(more: number, patienceMs: number): Promise<boolean> {
    const wanted = this.acknowledged + more;
    for (const end = Date.now() + patienceMs; this.acknowledged < wanted; await sleep(10))
      if (Date.now() > end) return false;
    return true;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients.splice(0));
  }

  async #work(client: number): Promise<void> {
    while (!this.#stopped) {
      const { drafts, method, path, body } = this.#request(client);
      const request = `${this.#prefix}${this.#next++}`;
      const answer = await fhir(this.#url, method, path, body).catch(() => null);
      const stored = answer !== null && answer.status >= 200 && answer.status < 300;
      const outcome = stored ? 'stored' : 'unknown';
      this.writes.push(...drafts.map((draft): Write => ({ ...draft, request, outcome })));
      if (stored) this.acknowledged += 1;
      else {
        if (answer !== null && answer.status !== 503)
          this.unexpected.push(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.json)}`);
        await sleep(150);
      }
      await sleep(this.#random.integer(0, 10));
    }
  }

  #request(client: number): { drafts: Draft[]; method: string; path: string; body?: FhirResource } {
    const random = this.#random;
    const known = this.#counts[client] ?? 0;
    const draw = random.integer(0, 99);
    if (known === 0 || (draw < 12 && known < patientsPerClient)) return this.#admit(client, known);
    const patient = `${this.#prefix}${client}-${random.integer(0, known - 1)}`;
    const slot = random.integer(0, 3);
    if (draw < 50) {
      const resource = { ...observation(patient, random), id: `${patient}-o${slot}` };
      return this.#put(resource);
    }
    if (draw < 62) return { ...this.#draft('POST', observation(patient, random)), method: 'POST', path: 'Observation' };
    if (draw < 78) {
      const key = `Observation/${patient}-o${slot}`;
      return { drafts: [{ key, type: 'Observation', tag: null }], method: 'DELETE', path: key };
    }
    if (draw < 86) return this.#put(visit(`${patient}-v`, patient, random.integer(0, 2) === 0 ? 'call' : 'visit'));
    if (draw < 90) return this.#put(person(patient, random.pick(['female', 'male'])));
    if (draw < 96) return this.#put(order(`${patient}-r`, patient, `${this.#prefix}m${slot}`));
    const code = { coding: [{ system: 'http://codes', code: random.pick(['pill', 'salve']) }] };
    return this.#put({ resourceType: 'Medication', id: `${this.#prefix}m${slot}`, code });
  }

  /** A patient with a visit and two results, in a transaction. */
  #admit(client: number, number: number): { drafts: Draft[]; method: string; path: string; body: FhirResource } {
    this.#counts[client] = number + 1;
    const id = `${this.#prefix}${client}-${number}`;
    const parts = [
      this.#put(person(id)),
      this.#put(visit(`${id}-v`, id)),
      ...[1, 2].map(() => this.#draft('POST', observation(id, this.#random))),
    ];
    const entry = parts.map(({ body }) =>
      body.id === undefined
        ? { resource: body, request: { method: 'POST', url: body.resourceType } }
        : { resource: body, request: { method: 'PUT', url: `${body.resourceType}/${body.id}` } },
    );
    const body = { resourceType: 'Bundle', type: 'transaction', entry };
    return { drafts: parts.flatMap(({ drafts }) => drafts), method: 'POST', path: '', body };
  }

  #put(resource: FhirResource): { drafts: Draft[]; method: string; path: string; body: FhirResource } {
    const { drafts, body } = this.#draft('PUT', resource);
    return { drafts, body, method: 'PUT', path: `${resource.resourceType}/${resource.id}` };
  }

  #draft(method: 'POST' | 'PUT', resource: FhirResource): { drafts: Draft[]; body: FhirResource } {
    const { resourceType: type, id } = resource;
    const tag = `${this.#prefix}${this.#next}-${this.#random.integer(0, 1e9)}`;
    const body = { ...resource, identifier: [{ system: tagSystem, value: tag }] };
    return { drafts: [{ key: method === 'POST' ? null : `${type}/${id}`, type, tag }], body };
  }
}

function observation(patient: string, random: Random): FhirResource {
  return {
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://codes', code: random.pick(codes) }] },
    subject: { reference: `Patient/${patient}` },
    effectiveDateTime: '2026-03-01',
  };
}
