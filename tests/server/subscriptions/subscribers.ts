import { endpointRules } from '../../../server/connectors/endpoint-addresses.ts';
import type { Database } from '../../../server/db/database.ts';
import { appendEvents } from '../../../server/gaps/gap-events.ts';
import {
  type Deliverer,
  type DelivererSettings,
  startDeliverer,
} from '../../../server/gaps/subscriptions/deliverer.ts';
import type { GapChange } from '../../../server/gaps/transitions.ts';
import { silent } from '../../support/database.ts';
import type { Api } from '../interactions/api.ts';

export const backport = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition';
export const opened = 'http://gapless.health/SubscriptionTopic/gap-opened';
export const closed = 'http://gapless.health/SubscriptionTopic/gap-closed';
export const listChange = 'http://hl7.org/fhir/us/davinci-atr/SubscriptionTopic/atr-list-change';
export const loopback = endpointRules(['127.0.0.0/8', '::1']);
export const tenant = 'practice';

export interface Asked {
  readonly id?: string;
  readonly topic?: string;
  readonly status?: string;
  readonly filters?: readonly string[];
  readonly content?: string;
  readonly headers?: readonly string[];
  readonly end?: string;
  readonly timeout?: number;
  readonly heartbeat?: number;
  readonly maxCount?: number;
}

export function subscription(endpoint: string, asked: Asked = {}): Record<string, unknown> {
  const { id = 's', topic = opened, status = 'requested', filters = [], content = 'id-only', headers, end } = asked;
  const numbers = [
    ['backport-timeout', 'valueUnsignedInt', asked.timeout],
    ['backport-heartbeat-period', 'valueUnsignedInt', asked.heartbeat],
    ['backport-max-count', 'valuePositiveInt', asked.maxCount],
  ] as const;
  const extension = numbers.flatMap(([name, type, value]) =>
    value === undefined ? [] : [{ url: `${backport}/${name}`, [type]: value }],
  );
  return {
    resourceType: 'Subscription',
    id,
    status,
    reason: 'To follow up on gaps',
    criteria: topic,
    ...(filters.length > 0 && {
      _criteria: {
        extension: filters.map((valueString) => ({ url: `${backport}/backport-filter-criteria`, valueString })),
      },
    }),
    ...(end !== undefined && { end }),
    channel: {
      ...(extension.length > 0 && { extension }),
      type: 'rest-hook',
      endpoint,
      payload: 'application/fhir+json',
      _payload: { extension: [{ url: `${backport}/backport-payload-content`, valueCode: content }] },
      ...(headers !== undefined && { header: headers }),
    },
  };
}

/** Fast enough for tests; otherwise as in production. */
export function deliverer(database: Database, settings: Partial<DelivererSettings> = {}): Deliverer {
  return startDeliverer({
    database,
    log: silent,
    rules: loopback,
    pollMs: 20,
    retries: { firstMs: 40, longestMs: 200, attempts: 6, handshakeAttempts: 3 },
    ...settings,
  });
}

export interface Told {
  readonly patient?: string;
  readonly kind?: GapChange['kind'];
  readonly measure?: string;
}

/** Events as the gap worker writes them, in one transaction. */
export async function tell(database: Database, events: readonly Told[], of = tenant, at = new Date()): Promise<void> {
  const changes = events.map(
    ({ patient = 'p', kind = 'gap-opened', measure = 'http://example.org/Measure/m' }): GapChange => ({
      patient,
      kind,
      measureUrl: measure,
      measureVersion: '1.0.0',
      groupId: 'group-1',
      periodStart: '2026-01-01',
      periodEnd: '2026-12-31',
      from: kind === 'gap-opened' ? null : 'open-gap',
      to: kind === 'gap-opened' ? 'open-gap' : 'closed-gap',
      cause: { kind: 'data', resources: [] },
    }),
  );
  await database.transaction((sql) => appendEvents(sql, of, changes, at));
}

export async function statusOf(api: Api, id = 's'): Promise<string> {
  return (await api.send('GET', `Subscription/${id}`)).json.status;
}

export function range(from: number, until: number): number[] {
  return Array.from({ length: until - from + 1 }, (_, position) => from + position);
}
