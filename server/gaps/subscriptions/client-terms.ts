import type { Subscription } from '@medplum/fhirtypes';
import type { FhirResource } from '../../../cql/index.ts';
import { requireScope } from '../../auth/scopes.ts';
import { maskedHeader, unmasked } from '../../connectors/channel-headers.ts';
import type { EndpointRules } from '../../connectors/endpoint-addresses.ts';
import { nextStatus } from '../../connectors/subscription-states.ts';
import { readTerms, UnsupportedSubscription } from '../../connectors/subscription-terms.ts';
import type { Transaction } from '../../db/database.ts';
import type { Applied, Entry } from '../../store/entry.ts';
import { lockSubscription, removeSubscription, writeTerms } from './subscription-row.ts';

/** Entries of a client as they are to be stored, and what becomes of the Subscriptions among them. */
export interface ReceivedSubscriptions {
  readonly entries: readonly Entry[];
  /**
   * Checks the Subscriptions and puts them to work, in the transaction that stores the entries.
   * @param applied in the order of the entries
   * @throws UnsupportedSubscription, ForbiddenByScope; as `failedAt` makes of it, by the entry's position
   */
  keep(sql: Transaction, applied: readonly Applied[], as: KeptAs, failedAt?: FailedAt): Promise<void>;
}

export type FailedAt = (position: number, error: Error) => Error;

export interface KeptAs {
  readonly tenant: string;
  /** Of whoever subscribes: nobody is told by notifications what they may not read. */
  readonly scopes: readonly string[];
  readonly baseUrl: string;
  readonly rules: EndpointRules;
  readonly now: Date;
}

/**
 * Prepares what a client writes: secrets in channel.header are taken out before anything is stored, and the status is
 * `requested` until the endpoint has accepted a handshake, whatever the client says (R4 subscription.html#status).
 */
export function receiveSubscriptions(given: readonly Entry[]): ReceivedSubscriptions {
  const secrets = new Map<number, readonly string[]>();
  const prepare = (position: number, resource: FhirResource): FhirResource => {
    secrets.set(position, headersOf(resource));
    return asStored(resource);
  };
  const entries = given.map((entry, position): Entry => {
    if (entry.type !== 'Subscription' || entry.method === 'DELETE') return entry;
    if (entry.method === 'PATCH') return { ...entry, patch: (current) => prepare(position, entry.patch(current)) };
    return isSubscription(entry.resource) ? { ...entry, resource: prepare(position, entry.resource) } : entry;
  });
  return {
    entries,
    async keep(sql, applied, as, failedAt = (_, error) => error) {
      for (const [position, { type, outcome, stored }] of applied.entries()) {
        if (type !== 'Subscription' || stored === null || outcome === 'unchanged') continue;
        if (stored.content === null) await removeSubscription(sql, as.tenant, stored.id);
        else
          await keepOne(sql, JSON.parse(stored.content), secrets.get(position) ?? [], stored.version, as).catch(
            (error: Error) => {
              throw failedAt(position, error);
            },
          );
      }
    },
  };
}

async function keepOne(
  sql: Transaction,
  subscription: Subscription,
  given: readonly string[],
  version: number,
  { tenant, scopes, baseUrl, rules, now }: KeptAs,
): Promise<void> {
  const id = subscription.id ?? '';
  const before = await lockSubscription(sql, tenant, id);
  const headers = unmasked(given, before?.headers ?? []);
  const known = headers.filter((header) => header !== null);
  if (known.length < headers.length) {
    const position = headers.indexOf(null);
    const diagnostics = `Subscription.channel.header[${position}]: no value is kept under this name: send it`;
    const expression = [`Subscription.channel.header[${position}]`];
    throw new UnsupportedSubscription([{ code: 'value', diagnostics, expression }]);
  }
  const terms = readTerms(subscription, known, rules, baseUrl, now);
  for (const type of terms.topic.reads) requireScope(scopes, type, 'r');
  const act = subscription.status === 'off' ? 'client-turns-off' : 'client-requests';
  const status = nextStatus(before?.status ?? null, act);
  if (status === null) throw new TypeError(`a client can always ask, and ${act} has no row`);
  const fromNow = before === null || before.status === 'off' || before.source !== terms.topic.source;
  await writeTerms(sql, tenant, { id, version, status, terms, headers: known, baseUrl, fromNow });
}

function isSubscription(resource: unknown): resource is FhirResource {
  return typeof resource === 'object' && resource !== null && 'resourceType' in resource;
}

function headersOf(resource: FhirResource): readonly string[] {
  const header = channelOf(resource)?.['header'];
  return Array.isArray(header) ? header.filter((line) => typeof line === 'string') : [];
}

function channelOf({ channel }: FhirResource): Record<string, unknown> | null {
  return typeof channel === 'object' && channel !== null && !Array.isArray(channel)
    ? (channel as Record<string, unknown>)
    : null;
}

function asStored(resource: FhirResource): FhirResource {
  const channel = channelOf(resource);
  const header = channel?.['header'];
  const { error: _, ...rest } = resource;
  return {
    ...rest,
    ...(resource['status'] === 'active' && { status: 'requested' }),
    ...(channel !== null && {
      channel: {
        ...channel,
        ...(Array.isArray(header) && {
          header: header.map((line) => (typeof line === 'string' ? maskedHeader(line) : line)),
        }),
      },
    }),
  } as FhirResource;
}
