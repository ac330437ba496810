import type { Parameters } from '@medplum/fhirtypes';
import { defineOperation } from './operation.ts';

/** There is no such channel here. */
export class UnsupportedChannel extends Error {
  override readonly name = 'UnsupportedChannel';
}

/** Subscriptions R5 Backport: refused, since there are no websockets here, and a client is told what there is. */
export const websocketBindingToken = defineOperation({
  code: 'get-ws-binding-token',
  resources: ['Subscription'],
  levels: ['type', 'instance'],
  definition:
    'http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-get-ws-binding-token',
  title: 'Token for a websocket (refused)',
  description: 'Always refused: this server notifies by rest-hook, not by websocket.',
  scopes: [{ type: 'Subscription', permission: 'r' }],
  safe: true,
  input: { id: { type: 'id*', documentation: 'Not used.' } },
  run(): Promise<Parameters> {
    return Promise.reject(
      new UnsupportedChannel(
        'This server notifies by rest-hook, not by websocket: ask for events by Subscription/[id]/$events where nothing can be posted to',
      ),
    );
  },
});
