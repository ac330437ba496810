import type { Bundle, BundleEntry, Parameters, ParametersParameter, Resource } from '@medplum/fhirtypes';
import { uuidOf } from '../../bundles/index.ts';
import type { SubscriptionStatus } from './subscription-states.ts';
import { backport, type PayloadContent } from './subscription-terms.ts';

/** A subscription as its notifications tell of it. */
export interface Notifying {
  readonly id: string;
  readonly topic: string;
  readonly status: SubscriptionStatus;
  readonly baseUrl: string;
  /** What went wrong; null for nothing. */
  readonly error: string | null;
}

/** An event of a subscription, with what a notification may hold of it. References are `Type/id`. */
export interface NotifiedEvent {
  readonly number: number;
  readonly at: string;
  readonly focus: string;
  /** Resources that belong to the event, beside its focus: by reference. */
  readonly context: readonly string[];
  /** What gives the focus when it is asked for: a path below the base. */
  readonly query: string | null;
  /** The focus and its context as far as they are there, by reference; a deleted focus is left out. */
  readonly resources: ReadonlyMap<string, Resource>;
  /** How the focus came about. */
  readonly change: 'created' | 'updated' | 'deleted';
}

export type NotificationType = 'handshake' | 'heartbeat' | 'event-notification' | 'query-status' | 'query-event';

/** The Parameters of profile backport-subscription-status-r4. `total`: events since the subscription was created. */
export function subscriptionStatus(
  { id, topic, status, baseUrl, error }: Notifying,
  type: NotificationType,
  total: number,
  events: readonly NotifiedEvent[] = [],
  content: PayloadContent = 'empty',
): Parameters {
  const told = content === 'empty' && type !== 'query-status' ? [] : [{ name: 'topic', valueCanonical: topic }];
  return {
    resourceType: 'Parameters',
    id: uuidOf('subscription-status', baseUrl, id, type, total, events[0]?.number ?? null),
    meta: { profile: [`${backport}/backport-subscription-status-r4`] },
    parameter: [
      { name: 'subscription', valueReference: { reference: `${baseUrl}/Subscription/${id}` } },
      ...told,
      { name: 'status', valueCode: status },
      { name: 'type', valueCode: type },
      { name: 'events-since-subscription-start', valueString: String(total) },
      ...events.map((event) => notificationEvent(event, content, baseUrl)),
      ...(error === null ? [] : [{ name: 'error', valueCodeableConcept: { text: error } }]),
    ],
  };
}

function notificationEvent(event: NotifiedEvent, content: PayloadContent, baseUrl: string): ParametersParameter {
  const { number, at, focus, context, query } = event;
  const named =
    content === 'empty'
      ? []
      : [
          { name: 'focus', valueReference: { reference: `${baseUrl}/${focus}` } },
          ...context.map((one) => ({
            name: 'additional-context',
            valueReference: { reference: `${baseUrl}/${one}` },
          })),
        ];
  return {
    name: 'notification-event',
    ...(content !== 'empty' && query !== null && { extension: [relatedQuery(`${baseUrl}/${query}`)] }),
    part: [{ name: 'event-number', valueString: String(number) }, { name: 'timestamp', valueInstant: at }, ...named],
  };
}

/** Backport 1.2.0, payloads.html#including-query-information. */
function relatedQuery(query: string) {
  const queryType = { system: 'http://gapless.health/CodeSystem/related-query', code: 'focus' };
  return {
    url: `${backport}/backport-related-query`,
    extension: [
      { url: 'queryType', valueCoding: queryType },
      { url: 'query', valueString: query },
    ],
  };
}

/**
 * A notification Bundle (backport-subscription-notification-r4): type history, the status first. The same events give
 * a Bundle of the same id, however often they are sent.
 */
export function notificationBundle(
  to: Notifying,
  type: NotificationType,
  total: number,
  events: readonly NotifiedEvent[],
  content: PayloadContent,
  at: Date,
): Bundle {
  const status = subscriptionStatus(to, type, total, events, content);
  const first: BundleEntry = {
    fullUrl: `urn:uuid:${status.id}`,
    resource: status,
    request: { method: 'GET', url: `${to.baseUrl}/Subscription/${to.id}/$status` },
    response: { status: '200' },
  };
  return {
    resourceType: 'Bundle',
    id: uuidOf('notification', to.baseUrl, to.id, type, events[0]?.number ?? null, events.at(-1)?.number ?? total),
    meta: { profile: [`${backport}/backport-subscription-notification-r4`] },
    type: 'history',
    timestamp: at.toISOString(),
    entry: [first, ...(content === 'full-resource' ? resourceEntries(events, to.baseUrl) : [])],
  };
}

const verbs = {
  created: { method: 'POST', status: '201' },
  updated: { method: 'PUT', status: '200' },
  deleted: { method: 'DELETE', status: '204' },
} as const;

/** Each resource once, however many events it belongs to. */
function resourceEntries(events: readonly NotifiedEvent[], baseUrl: string): BundleEntry[] {
  const entries = new Map<string, BundleEntry>();
  for (const { focus, context, resources, change } of events) {
    const { method, status } = verbs[change];
    const url = method === 'POST' ? (focus.split('/', 1)[0] ?? focus) : focus;
    add(focus, { request: { method, url }, response: { status } }, change === 'deleted');
    for (const one of context) add(one, { request: { method: 'GET', url: one }, response: { status: '200' } }, false);

    function add(reference: string, exchange: Pick<BundleEntry, 'request' | 'response'>, deleted: boolean): void {
      const resource = resources.get(reference);
      if (resource === undefined && !deleted) return;
      entries.set(reference, { fullUrl: `${baseUrl}/${reference}`, ...(resource && { resource }), ...exchange });
    }
  }
  return [...entries.values()];
}
