import type { Extension, Subscription } from '@medplum/fhirtypes';
import { headerProblems } from './channel-headers.ts';
import { bare, type EndpointRules, isRange, RefusedAddress } from './endpoint-addresses.ts';
import { type EventFilter, readFilter } from './subscription-filters.ts';
import { type SubscriptionTopic, subscriptionTopics, topicOf } from './subscription-topics.ts';

export const backport = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition';

export type PayloadContent = 'empty' | 'id-only' | 'full-resource';
export const payloadContents: readonly PayloadContent[] = ['empty', 'id-only', 'full-resource'];

/** What a subscriber asks for, read from a Subscription of the profile backport-subscription. */
export interface SubscriptionTerms {
  readonly topic: SubscriptionTopic;
  readonly filters: readonly EventFilter[];
  readonly content: PayloadContent;
  readonly endpoint: string;
  readonly timeoutSeconds: number;
  /** Null: no heartbeats. */
  readonly heartbeatSeconds: number | null;
  /** Events in one notification at most. */
  readonly maxCount: number;
  /** Instant; null: no end. */
  readonly end: string | null;
}

export interface TermsProblem {
  readonly code: 'not-supported' | 'value' | 'required' | 'forbidden' | 'business-rule';
  readonly diagnostics: string;
  readonly expression: readonly string[];
}

/** A Subscription that this server cannot serve: everything that is wrong, each with its place. */
export class UnsupportedSubscription extends Error {
  override readonly name = 'UnsupportedSubscription';
  readonly issues: readonly TermsProblem[];
  constructor(issues: readonly TermsProblem[]) {
    super(issues.map(({ diagnostics }) => diagnostics).join('; '));
    this.issues = issues;
  }
}

const defaults = { timeoutSeconds: 10, maxCount: 20 };
const limits = { timeoutSeconds: 60, heartbeatSeconds: { min: 1, max: 86_400 }, maxCount: 100, endpoint: 2_000 };

/**
 * @param headers channel.header with the values that are to be sent
 * @throws UnsupportedSubscription
 */
export function readTerms(
  subscription: Subscription,
  headers: readonly string[],
  rules: EndpointRules,
  baseUrl: string,
  now: Date,
): SubscriptionTerms {
  const problems: TermsProblem[] = [];
  const problem = (code: TermsProblem['code'], path: string, diagnostics: string): void => {
    problems.push({ code, diagnostics: `Subscription.${path}: ${diagnostics}`, expression: [`Subscription.${path}`] });
  };
  const { criteria, channel, status, end = null } = subscription;
  if (status === 'error') problem('business-rule', 'status', 'only the server says error: ask with requested, or off');
  const topic = topicOf(criteria ?? '');
  if (topic === null) {
    const known = subscriptionTopics.map(({ canonical }) => canonical).join(', ');
    problem('not-supported', 'criteria', `is not a topic of this server, which are ${known}`);
  }
  const filters = topic === null ? [] : filtersOf(subscription, topic, baseUrl, problem);
  checkChannel(channel, problem);
  for (const { position, reason } of headerProblems(headers)) problem('value', `channel.header[${position}]`, reason);
  const content = contentOf(channel, problem);
  const endpoint = channel?.endpoint ?? '';
  const wrong = endpointProblem(endpoint, rules);
  if (wrong !== null) problem(wrong.code, 'channel.endpoint', wrong.reason);
  const seconds = (name: string, min: number, max: number): number | null => {
    const value = numberOf(channel?.extension, `${backport}/${name}`);
    if (value !== null && !(Number.isInteger(value) && value >= min && value <= max))
      problem('value', 'channel.extension', `${name} is between ${min} and ${max}`);
    return value;
  };
  const timeoutSeconds = seconds('backport-timeout', 1, limits.timeoutSeconds) ?? defaults.timeoutSeconds;
  const heartbeatSeconds = seconds(
    'backport-heartbeat-period',
    limits.heartbeatSeconds.min,
    limits.heartbeatSeconds.max,
  );
  const asked = numberOf(channel?.extension, `${backport}/backport-max-count`);
  if (asked !== null && !(Number.isInteger(asked) && asked > 0))
    problem('value', 'channel.extension', 'backport-max-count is a positive number');
  if (status !== 'off' && end !== null && !(Date.parse(end) > now.getTime()))
    problem('value', 'end', 'lies in the past');
  if (problems.length > 0 || topic === null) throw new UnsupportedSubscription(problems);
  const maxCount = Math.min(asked ?? defaults.maxCount, limits.maxCount);
  return { topic, filters, content, endpoint, timeoutSeconds, heartbeatSeconds, maxCount, end };
}

type Tell = (code: TermsProblem['code'], path: string, diagnostics: string) => void;

function filtersOf(
  subscription: Subscription,
  topic: SubscriptionTopic,
  baseUrl: string,
  problem: Tell,
): readonly EventFilter[] {
  return (extensionsOn(subscription, '_criteria') ?? []).flatMap(({ url, valueString }, position) => {
    if (url !== `${backport}/backport-filter-criteria`) return [];
    const read = readFilter(valueString ?? '', topic, baseUrl);
    if ('filters' in read) return read.filters;
    problem('not-supported', `criteria.extension[${position}]`, read.problem);
    return [];
  });
}

function checkChannel(channel: Subscription['channel'] | undefined, problem: Tell): void {
  const { type = '', payload } = channel ?? {};
  const custom = extensionsOn(channel, '_type')?.find(({ url }) => url === `${backport}/backport-channel-type`);
  if (type !== 'rest-hook' || custom !== undefined)
    problem('not-supported', 'channel.type', 'this server notifies by rest-hook');
  if (payload !== 'application/fhir+json' && payload !== 'application/json')
    problem('not-supported', 'channel.payload', 'notifications are application/fhir+json');
}

function contentOf(channel: Subscription['channel'] | undefined, problem: Tell): PayloadContent {
  const codes = (extensionsOn(channel, '_payload') ?? [])
    .filter(({ url }) => url === `${backport}/backport-payload-content`)
    .map(({ valueCode }) => valueCode);
  const content = payloadContents.find((one) => one === codes[0]);
  if (content !== undefined && codes.length === 1) return content;
  const asks = `an extension ${backport}/backport-payload-content says one of ${payloadContents.join(', ')}`;
  problem(codes.length === 0 ? 'required' : 'not-supported', 'channel.payload', asks);
  return 'empty';
}

function endpointProblem(
  endpoint: string,
  rules: EndpointRules,
): { readonly code: TermsProblem['code']; readonly reason: string } | null {
  if (endpoint === '') return { code: 'required', reason: 'is where notifications are sent to' };
  const value = (reason: string) => ({ code: 'value', reason }) as const;
  if (endpoint.length > limits.endpoint) return value(`is longer than ${limits.endpoint} characters`);
  if (!URL.canParse(endpoint)) return value('is not an absolute URL');
  const { protocol, username, password, hostname } = new URL(endpoint);
  if (protocol !== 'http:' && protocol !== 'https:') return value('is a URL of http or https');
  if (username !== '' || password !== '')
    return value('holds a user or a password: everybody who may read the Subscription sees it; use channel.header');
  const host = bare(hostname);
  const address = /^(.+\.)?localhost$/.test(host) ? '127.0.0.1' : host;
  if (!isRange(address)) return null; // names are resolved, and checked, when a connection is made
  try {
    rules.requireAllowed(host, address);
    return null;
  } catch (error) {
    if (!(error instanceof RefusedAddress)) throw error;
    return { code: 'forbidden', reason: error.message };
  }
}

/** Extensions of a primitive, which R4's JSON keeps beside it. */
function extensionsOn(element: object | undefined, name: string): readonly Extension[] | undefined {
  const beside: unknown =
    element === undefined ? undefined : Object.entries(element).find(([key]) => key === name)?.[1];
  if (typeof beside !== 'object' || beside === null || !('extension' in beside)) return undefined;
  return Array.isArray(beside.extension) ? (beside.extension as Extension[]) : undefined;
}

/** Value of an extension: unsignedInt or positiveInt; integer, as some clients write it. */
function numberOf(extensions: readonly Extension[] | undefined, url: string): number | null {
  const found = extensions?.find((extension) => extension.url === url);
  return found?.valueUnsignedInt ?? found?.valuePositiveInt ?? found?.valueInteger ?? null;
}
