import { lookup as resolveName } from 'node:dns';
import { type ClientRequest, type IncomingMessage, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { bare, type EndpointRules, RefusedAddress } from './endpoint-addresses.ts';

export interface Delivery {
  readonly endpoint: string;
  /** `Name: value` each; they win over our own. */
  readonly headers: readonly string[];
  readonly body: string;
  /** Of the whole exchange: name, connection, TLS, answer. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** How a POST to an endpoint ended. `reason` never holds what was sent, nor more of the endpoint than its host. */
export type DeliveryResult =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'stopped' }
  | {
      readonly kind: 'failed';
      readonly code: 'no-response' | 'timeout' | 'refused-address' | 'redirect' | 'status' | 'tls';
      readonly reason: string;
      /** False when trying again cannot help. */
      readonly retry: boolean;
      /** Of the header Retry-After; null when there is none. */
      readonly retryAfterMs: number | null;
    };

/** What an endpoint answers is not read beyond this: nothing of it is used. */
const maxAnswerBytes = 65_536;
const maxRetryAfterMs = 3_600_000;

/**
 * POSTs a notification (Subscriptions R5 Backport, channels.html#rest-hook). Any 2xx accepts it. Redirects are not
 * followed. The addresses are checked as the connection is made, after the name is resolved, so that a name cannot point
 * elsewhere in between. Never rejects.
 */
export async function postNotification(delivery: Delivery, rules: EndpointRules): Promise<DeliveryResult> {
  const url = new URL(delivery.endpoint);
  if (delivery.signal.aborted) return { kind: 'stopped' };
  const timeout = AbortSignal.timeout(delivery.timeoutMs);
  try {
    const answer = await exchange(url, delivery, rules, AbortSignal.any([timeout, delivery.signal]));
    return resultOf(answer, url);
  } catch (error) {
    if (delivery.signal.aborted) return { kind: 'stopped' };
    if (timeout.aborted)
      return failed('timeout', `${url.host} did not answer within ${delivery.timeoutMs / 1000} seconds`);
    if (error instanceof RefusedAddress) return { ...failed('refused-address', error.message), retry: false };
    const code = String((error as { code?: unknown }).code ?? 'no code');
    return /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO|EPROTO)/.test(code)
      ? failed('tls', `the TLS connection to ${url.host} failed (${code})`)
      : failed('no-response', `${url.host} could not be reached (${code})`);
  }
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

function exchange(url: URL, delivery: Delivery, rules: EndpointRules, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const host = bare(url.hostname);
    if (isIP(host) !== 0) rules.requireAllowed(host, host); // addresses are not looked up
    const body = Buffer.from(delivery.body);
    const options = {
      method: 'POST',
      agent: false as const, // a connection of its own, whose address was checked
      lookup: checkedLookup(url.hostname, rules),
      signal,
      headers: headersOf(delivery.headers, body.length),
    };
    const onAnswer = (answer: IncomingMessage): void => {
      const { statusCode: status = 0, headers } = answer;
      let read = 0;
      const end = (): void => resolve({ status, retryAfter: headers['retry-after'] });
      answer.on('data', (chunk: Buffer) => {
        read += chunk.length;
        if (read <= maxAnswerBytes) return;
        end();
        answer.destroy();
      });
      answer.on('end', end);
      answer.on('error', reject);
    };
    const request: ClientRequest =
      url.protocol === 'https:'
        ? overHttps(url, { ...options, minVersion: 'TLSv1.2' }, onAnswer)
        : overHttp(url, options, onAnswer);
    request.on('error', reject);
    request.end(body);
  });
}

function headersOf(given: readonly string[], length: number): Record<string, string | number> {
  const headers: Record<string, string | number> = {
    'content-type': 'application/fhir+json; charset=utf-8',
    accept: '*/*',
    'user-agent': 'Gapless',
  };
  for (const line of given) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { ...headers, 'content-length': length, connection: 'close' };
}

/** For any connection whose address is to be checked. Resolves as usual, and lets nothing through unless every address is allowed: Node may connect to any of them. */
export function checkedLookup(hostname: string, rules: EndpointRules): LookupFunction {
  return (name, options, callback) => {
    resolveName(name, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      try {
        for (const { address } of addresses) rules.requireAllowed(hostname, address);
      } catch (refused) {
        return callback(refused as Error, []);
      }
      if (options.all === true) return callback(null, addresses);
      const [first] = addresses;
      return callback(null, first?.address ?? '', first?.family ?? 4);
    });
  };
}

function resultOf({ status, retryAfter }: Answer, { host }: URL): DeliveryResult {
  if (status >= 200 && status < 300) return { kind: 'accepted' };
  if (status >= 300 && status < 400)
    return failed(
      'redirect',
      `${host} answers with a redirect (${status}), and redirects are not followed: set channel.endpoint to where it leads`,
    );
  const said = failed('status', `${host} answers with status ${status}`);
  return { ...said, retry: status !== 410, retryAfterMs: readRetryAfter(retryAfter, Date.now()) };
}

function failed(code: Failure['code'], reason: string): Failure {
  return { kind: 'failed', code, reason, retry: true, retryAfterMs: null };
}

export type Failure = Extract<DeliveryResult, { kind: 'failed' }>;

/** RFC 9110, 10.2.3: seconds or a date. @returns milliseconds, an hour at most; null when it says neither */
export function readRetryAfter(value: string | undefined, now: number): number | null {
  if (value === undefined) return null;
  const wait = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(wait) ? null : Math.min(maxRetryAfterMs, Math.max(0, wait));
}
