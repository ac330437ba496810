import { type IncomingHttpHeaders, type IncomingMessage, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { isIP } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { bare, type EndpointRules } from './endpoint-addresses.ts';
import { checkedLookup } from './rest-hook.ts';

export interface BulkRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** Silence that is borne, in ms. */
  readonly timeoutMs: number;
}

export interface BulkResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Unpacked. Ends with an error when the connection breaks before all of it is there. */
  readonly body: Readable;
}

/** A server whose answer cannot be used, or that gave none; `retry` false when asking again cannot help. */
export class UnusableAnswer extends Error {
  override readonly name = 'UnusableAnswer';
  readonly retry: boolean;
  constructor(message: string, retry: boolean) {
    super(message);
    this.retry = retry;
  }
}

const mostRedirects = 3;

/**
 * One exchange with another server. Addresses are checked as the connection is made. Redirects of a GET are followed;
 * to another origin without our headers, so that no token leaves who it was meant for.
 *
 * @throws RefusedAddress, UnusableAnswer
 */
export async function exchange(asked: BulkRequest, rules: EndpointRules, redirects = 0): Promise<BulkResponse> {
  const url = new URL(asked.url);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new UnusableAnswer(`${url.protocol}// is no protocol that is used: give a URL of https or http`, false);
  const answer = await send(url, asked, rules).catch((error: NodeJS.ErrnoException) => {
    if (asked.signal.aborted || error.name === 'RefusedAddress' || error instanceof UnusableAnswer) throw error;
    throw new UnusableAnswer(`${url.host} could not be reached (${error.code ?? error.message})`, true);
  });
  const { statusCode: status = 0, headers } = answer;
  if (status >= 300 && status < 400 && status !== 304 && headers.location !== undefined && asked.method === 'GET') {
    answer.resume();
    if (redirects >= mostRedirects)
      throw new UnusableAnswer(`${url.host} redirects more than ${mostRedirects} times`, false);
    const next = new URL(headers.location, url);
    const sent = next.origin === url.origin ? asked.headers : { accept: asked.headers['accept'] ?? '*/*' };
    return exchange({ ...asked, url: next.href, headers: sent }, rules, redirects + 1);
  }
  if (headers['content-encoding'] !== 'gzip') return { status, headers, body: answer };
  // What breaks is told by the stream that is read.
  return { status, headers, body: pipeline(answer, createGunzip(), () => undefined) };
}

function send(url: URL, { method, headers, body, signal, timeoutMs }: BulkRequest, rules: EndpointRules) {
  return new Promise<IncomingMessage>((resolve, reject) => {
    const host = bare(url.hostname);
    if (isIP(host) !== 0) rules.requireAllowed(host, host); // addresses are not looked up
    const options = {
      method,
      agent: false as const, // a connection of its own, whose address was checked
      lookup: checkedLookup(url.hostname, rules),
      signal,
      headers: { 'accept-encoding': 'gzip', 'user-agent': 'Gapless', ...headers },
    };
    const request =
      url.protocol === 'https:'
        ? overHttps(url, { ...options, minVersion: 'TLSv1.2' as const }, resolve)
        : overHttp(url, options, resolve);
    request.setTimeout(timeoutMs, () =>
      request.destroy(new UnusableAnswer(`${url.host} was silent for ${Math.round(timeoutMs / 1000)} s`, true)),
    );
    request.on('error', reject);
    request.end(body);
  });
}

const mostCharacters = 20_000_000;

/** The body as text. @throws UnusableAnswer when it is too long or breaks off */
export async function textOf({ body }: BulkResponse, host: string): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk as Buffer);
      length += (chunk as Buffer).length;
      if (length > mostCharacters)
        throw new UnusableAnswer(`${host} answers with more than ${mostCharacters} bytes`, false);
    }
  } catch (error) {
    if (error instanceof UnusableAnswer) throw error;
    throw new UnusableAnswer(`${host} broke off its answer`, true);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Milliseconds that a Retry-After asks for, in seconds or as an HTTP date; null when there is none. */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
