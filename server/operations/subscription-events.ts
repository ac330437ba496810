import type { Bundle } from '@medplum/fhirtypes';
import { notificationBundle } from '../connectors/notification.ts';
import { type PayloadContent, payloadContents } from '../connectors/subscription-terms.ts';
import { notifiedEvents } from '../gaps/subscriptions/notified-events.ts';
import { invalidArgument } from './errors.ts';
import { defineOperation } from './operation.ts';
import { subscriptionAt } from './subscription-status.ts';

const eventsAtOnce = 1_000;
const guide = 'http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition';

/** Subscriptions R5 Backport: events that were, delivered or not, by their numbers. */
export const subscriptionEvents = defineOperation({
  code: 'events',
  resources: ['Subscription'],
  levels: ['instance'],
  definition: `${guide}/backport-subscription-events`,
  title: 'Events of a subscription',
  description: `Events of a subscription by their numbers, delivered or not: of the last 30 days, ${eventsAtOnce} at once, the oldest first.`,
  scopes: [
    { type: 'Subscription', permission: 'r' },
    { type: 'Measure', permission: 'r' },
    { type: 'Patient', permission: 'r' },
  ],
  safe: true,
  input: {
    eventsSinceNumber: { type: 'string?', documentation: 'The first event number; 1 unless told.' },
    eventsUntilNumber: { type: 'string?', documentation: 'The last event number; the latest unless told.' },
    content: {
      type: 'code?',
      documentation: 'What to tell of the events; what the subscription says unless told, and never more.',
      codes: { empty: [], 'id-only': [], 'full-resource': [] },
    },
  },
  async run({ eventsSinceNumber, eventsUntilNumber, content: asked }, context, services): Promise<Bundle> {
    const row = await subscriptionAt(context, services.database);
    const from = numberOf('eventsSinceNumber', eventsSinceNumber) ?? 1;
    const until = numberOf('eventsUntilNumber', eventsUntilNumber) ?? row.lastNumber;
    if (until < from && eventsUntilNumber !== null && eventsSinceNumber !== null)
      throw invalidArgument('eventsUntilNumber', `comes before eventsSinceNumber (${from})`);
    const content = narrower(asked, row.terms.content);
    const of = { ...row, baseUrl: context.baseUrl };
    const events = await notifiedEvents(services.database, of, content, from, until, eventsAtOnce);
    await services.audit.record(context, {
      action: 'E',
      interaction: '$events',
      resources: content === 'empty' ? [] : events.flatMap(({ context: about }) => about.flatMap(patientOf)),
      query: null,
    });
    return notificationBundle(of, 'query-event', row.lastNumber, events, content, context.now);
  },
});

function numberOf(name: string, text: string | null): number | null {
  if (text === null) return null;
  if (!/^\d{1,15}$/.test(text)) throw invalidArgument(name, 'must be an event number, such as 12');
  return Number(text);
}

/** Nobody is told more by asking than the subscription says. */
function narrower(asked: string | null, agreed: PayloadContent): PayloadContent {
  const wanted = payloadContents.find((content) => content === asked) ?? agreed;
  return payloadContents.indexOf(wanted) < payloadContents.indexOf(agreed) ? wanted : agreed;
}

function patientOf(reference: string) {
  const [type, id = ''] = reference.split('/', 2);
  return type === 'Patient' ? [{ type, id, version: null, patient: id }] : [];
}
