import { auditEvent } from '../../auth/audit.ts';
import type { EndpointRules } from '../../connectors/endpoint-addresses.ts';
import { type NotificationType, type NotifiedEvent, notificationBundle } from '../../connectors/notification.ts';
import { type Failure, postNotification } from '../../connectors/rest-hook.ts';
import type { Database, Transaction } from '../../db/database.ts';
import type { Logger } from '../../log.ts';
import { appendAuditEvents } from '../../store/apply-entries.ts';
import { changeStatus } from './change-status.ts';
import { type ClaimedSubscription, noteAccepted, noteFailure, noteIdle, releaseClaim } from './claims.ts';
import { notifiedEvents } from './notified-events.ts';
import { type RetryRules, retryAfter } from './retries.ts';

export interface DeliveryWork {
  readonly database: Database;
  readonly log: Logger;
  readonly rules: EndpointRules;
  readonly retries: RetryRules;
  readonly claimMs: number;
  readonly signal: AbortSignal;
}

/** Notifications to one subscription before the others get their turn. */
const notificationsAtOnce = 50;
/** A notification that would be longer holds fewer events, and at last no resources. */
const maxBytes = 5_000_000;

/**
 * Does what is due for a claimed subscription: handshake, events in their order, heartbeat, end. The numbers are written
 * down only after the endpoint has accepted them, so that whoever dies in between leaves them to be sent again, the same.
 */
export async function deliver(work: DeliveryWork, claimed: ClaimedSubscription): Promise<void> {
  let current: ClaimedSubscription | null = claimed;
  for (let sent = 0; sent < notificationsAtOnce && current !== null; sent += 1) {
    if (current.ended) {
      await changeStatus(work.database, current, 'ended', null);
      break;
    }
    current = await next(work, current);
  }
  if (current !== null) await releaseClaim(work.database, current);
}

/** @returns null when there is nothing more to do now */
async function next(work: DeliveryWork, claimed: ClaimedSubscription): Promise<ClaimedSubscription | null> {
  if (claimed.status === 'requested') {
    const shaken = await send(work, claimed, 'handshake', []);
    if (shaken === null) return null;
    const changed = await changeStatus(work.database, shaken, 'handshake-accepted', null);
    return changed === null ? null : { ...shaken, ...changed };
  }
  const { database, claimMs } = work;
  const { content, maxCount } = claimed.terms;
  if (claimed.status === 'active' && claimed.delivered < claimed.lastNumber) {
    const after = claimed.delivered + 1;
    const events = await notifiedEvents(database, claimed, content, after, claimed.lastNumber, maxCount);
    if (events.length > 0) return send(work, claimed, 'event-notification', events);
    return noteAccepted(database, claimed, claimed.lastNumber, 0, { claimMs }); // they are kept no longer
  }
  if (claimed.status === 'active' && claimed.heartbeat) return send(work, claimed, 'heartbeat', []);
  await noteIdle(database, claimed);
  return null;
}

/** @returns null when it was not accepted, or the claim was lost */
async function send(
  work: DeliveryWork,
  claimed: ClaimedSubscription,
  type: NotificationType,
  events: readonly NotifiedEvent[],
): Promise<ClaimedSubscription | null> {
  const { database, rules, claimMs, signal } = work;
  const { terms, headers } = claimed;
  const { body, told } = notificationText(claimed, type, events);
  const began = performance.now();
  const { endpoint, timeoutSeconds } = terms;
  const result = await postNotification({ endpoint, headers, body, timeoutMs: timeoutSeconds * 1000, signal }, rules);
  if (result.kind === 'accepted') {
    const tookMs = performance.now() - began;
    const delivered = told.at(-1)?.number ?? claimed.delivered;
    return database.transaction(async (sql) => {
      const noted = await noteAccepted(sql, claimed, delivered, tookMs, { claimMs });
      if (noted !== null && told.length > 0 && terms.content !== 'empty') await audit(sql, claimed, told);
      return noted;
    });
  }
  if (result.kind === 'stopped') await releaseClaim(database, claimed);
  else await afterFailure(work, claimed, result);
  return null;
}

async function afterFailure(work: DeliveryWork, claimed: ClaimedSubscription, failure: Failure): Promise<void> {
  const { database, log, retries } = work;
  const { tenant, id, failures, status } = claimed;
  const attempts = status === 'requested' ? retries.handshakeAttempts : retries.attempts;
  const waitMs = failure.retry ? retryAfter(failures + 1, failure.retryAfterMs, { ...retries, attempts }) : null;
  if (waitMs !== null) return noteFailure(database, claimed, failure.reason, waitMs);
  const error = `${failure.reason}; tried ${failures + 1} times. What was not delivered is in $events, and is sent once the status is requested again`;
  await changeStatus(database, claimed, 'gave-up', error);
  await releaseClaim(database, claimed);
  log.warn('a subscription does not reach its endpoint any more', { tenant, subscription: id, code: failure.code });
}

/** The JSON of a notification, and the events that it tells of. */
function notificationText(
  claimed: ClaimedSubscription,
  type: NotificationType,
  events: readonly NotifiedEvent[],
): { readonly body: string; readonly told: readonly NotifiedEvent[] } {
  const { id, topic, status, baseUrl, terms, lastNumber } = claimed;
  const to = { id, topic, status, baseUrl, error: null };
  // Events come in order: a subscriber that compares the count with the last number it knows sees no hole.
  const write = (told: readonly NotifiedEvent[], content = terms.content): string =>
    JSON.stringify(notificationBundle(to, type, told.at(-1)?.number ?? lastNumber, told, content, new Date()));
  let told = events;
  let body = write(told);
  while (body.length > maxBytes && told.length > 1) {
    told = told.slice(0, Math.ceil(told.length / 2));
    body = write(told);
  }
  return body.length > maxBytes && terms.content === 'full-resource'
    ? { body: write(told, 'id-only'), told }
    : { body, told };
}

/** Whom the endpoint was told of is written down as if it had asked. */
async function audit(
  sql: Transaction,
  { tenant, id, version }: ClaimedSubscription,
  told: readonly NotifiedEvent[],
): Promise<void> {
  const actor = { reference: `Subscription/${id}`, display: 'Subscriber' };
  const resources = told.flatMap(({ focus, context }) =>
    [focus, ...context].map((reference) => {
      const [type = '', of = ''] = reference.split('/', 2);
      const patient = context.find((one) => one.startsWith('Patient/'))?.slice('Patient/'.length) ?? '';
      return { type, id: of, version: null, patient };
    }),
  );
  const by = { tenant, actor, requestId: `notification-${version}-${told.at(-1)?.number}` };
  const event = auditEvent(by, { action: 'R', interaction: '$events', resources, query: null }, new Date());
  await appendAuditEvents(sql, tenant, [event]);
}
