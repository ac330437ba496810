import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Logger } from '../log.ts';
import { type BulkResponse, exchange, retryAfterMs, textOf, UnusableAnswer } from './bulk-http.ts';
import { type BulkAuthorization, BulkToken, type SignAssertion } from './bulk-token.ts';
import type { EndpointRules } from './endpoint-addresses.ts';

/** A pull that cannot go on as it is. The message says what an integrator can do. */
export class PullFailed extends Error {
  override readonly name = 'PullFailed';
}

/** What was exported is there no more: it has to be asked for anew. */
export class ExportGone extends Error {
  override readonly name = 'ExportGone';
}

/** How long to wait for what. */
export interface PullPace {
  /** Between two questions for the state, when the server does not say. */
  readonly pollMs: number;
  /** Before asking again after a failure; doubled each time. */
  readonly backoffMs: number;
  readonly mostBackoffMs: number;
  /** Failures in a row that are borne. */
  readonly attempts: number;
  readonly timeoutMs: number;
}

export const standardPace: PullPace = {
  pollMs: 5_000,
  backoffMs: 1_000,
  mostBackoffMs: 60_000,
  attempts: 8,
  timeoutMs: 120_000,
};

const longestWaitMs = 3_600_000;

/** A file of a manifest. JSON. */
export interface BulkFile {
  readonly kind: 'output' | 'deleted' | 'outcome';
  /** Null when the manifest does not say. */
  readonly type: string | null;
  readonly url: string;
  /** Resources in it; null when the manifest does not say. */
  readonly count: number | null;
  readonly needsToken: boolean;
}

export interface BulkManifest {
  readonly transactionTime: string;
  readonly files: readonly BulkFile[];
}

const file = z.object({ url: z.string(), type: z.string().optional(), count: z.number().int().optional() });
const manifestShape = z.object({
  transactionTime: z.string(),
  requiresAccessToken: z.boolean().default(false),
  output: z.array(file).default([]),
  deleted: z.array(file).default([]),
  error: z.array(file).default([]),
  outcome: z.array(file).default([]),
  link: z.array(z.object({ relation: z.string(), url: z.string() })).default([]),
});

export interface BulkClientSettings {
  /** FHIR base of the server, without a slash at the end. */
  readonly base: string;
  readonly authorization: BulkAuthorization;
  /** Hosts (`files.example.org:8443`) beside the server's own that may be given its token. */
  readonly tokenHosts: readonly string[];
  /** Sent with every request for a manifest or a file. */
  readonly headers: Readonly<Record<string, string>>;
  readonly rules: EndpointRules;
  readonly sign: SignAssertion;
  readonly pace: PullPace;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

type Method = 'GET' | 'POST' | 'DELETE';

/**
 * Speaks with a Bulk Data server. Waits where it is told to (429, 503, Retry-After), asks again after failures that may
 * pass (5xx, no answer, a connection that breaks), and once more with a new token when one is refused.
 */
export class BulkClient {
  readonly #settings: BulkClientSettings;
  readonly #token: BulkToken;
  /** Waits and new attempts so far. */
  retries = 0;

  constructor(settings: BulkClientSettings) {
    this.#settings = settings;
    const ask = async (method: 'GET' | 'POST', url: string, form: URLSearchParams | null) => {
      const type: Record<string, string> = form === null ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
      const headers = { accept: 'application/json', ...type };
      const answer = await this.#patiently(method, url, async () => headers, form?.toString());
      return { status: answer.status, text: await textOf(answer, new URL(url).host) };
    };
    this.#token = new BulkToken(settings.base, settings.authorization, settings.sign, ask);
  }

  /** Kicks off an export by GET, or by POST where the server knows no GET. @returns URL of its state */
  async kickOff(path: string, parameters: readonly (readonly [name: string, value: string])[]): Promise<string> {
    const { base } = this.#settings;
    const asynchronous = { accept: 'application/fhir+json', prefer: 'respond-async' };
    const query = new URLSearchParams(parameters.map(([name, value]): [string, string] => [name, value]));
    let answer = await this.#authorized('GET', `${base}/${path}?${query}`, asynchronous);
    if (answer.status === 405) {
      answer.body.resume();
      const body = JSON.stringify({ resourceType: 'Parameters', parameter: asParameters(parameters) });
      const headers = { ...asynchronous, 'content-type': 'application/fhir+json' };
      answer = await this.#authorized('POST', `${base}/${path}`, headers, body);
    }
    const location = answer.headers['content-location'];
    if (answer.status === 202 && location !== undefined) {
      answer.body.resume();
      return new URL(location, `${base}/`).href;
    }
    throw new PullFailed(await this.#refusal(answer, `${base}/${path}`, 'starts no export'));
  }

  /** Waits until the export is done. @throws ExportGone, PullFailed */
  async manifest(statusUrl: string, told: (progress: string) => Promise<void>): Promise<BulkManifest> {
    for (;;) {
      const answer = await this.#authorized('GET', statusUrl, { accept: 'application/json' });
      if (answer.status === 200) return this.#pages(await this.#read(answer, statusUrl), statusUrl);
      if (answer.status === 404 || answer.status === 410) {
        answer.body.resume();
        throw new ExportGone('The export is there no more');
      }
      if (answer.status !== 202)
        throw new PullFailed(await this.#refusal(answer, statusUrl, 'could not make the export'));
      answer.body.resume();
      await told(String(answer.headers['x-progress'] ?? 'in progress').slice(0, 100));
      const wait = retryAfterMs(answer.headers['retry-after'], Date.now()) ?? this.#settings.pace.pollMs;
      await this.#wait(Math.min(wait, longestWaitMs));
    }
  }

  /** A manifest that lies at a URL of its own, as in $bulk-submit. */
  async manifestAt(url: string): Promise<BulkManifest> {
    const answer = await this.#authorized('GET', url, { accept: 'application/json' });
    if (answer.status !== 200) throw new PullFailed(await this.#refusal(answer, url, 'gives no manifest'));
    return this.#pages(await this.#read(answer, url), url);
  }

  /** The lines of a file, from its start. @throws ExportGone, PullFailed; UnusableAnswer when it may pass */
  async file({ url, needsToken }: BulkFile): Promise<BulkResponse> {
    if (needsToken && this.#settings.authorization.type !== 'none' && !this.#mayHaveToken(url))
      throw new PullFailed(
        `The manifest says that files at ${new URL(url).host} need the access token of ${new URL(this.#settings.base).host}. ` +
          `It is not sent to another host unless you allow that: add --token-host ${new URL(url).host}`,
      );
    const headers = { accept: 'application/fhir+ndjson' };
    const plainly = (): Promise<BulkResponse> =>
      this.#patiently('GET', url, async () => ({ ...headers, ...this.#settings.headers }));
    let answer = needsToken ? await this.#authorized('GET', url, headers) : await plainly();
    // Some servers say that no token is needed, and then want it.
    if (answer.status === 401 && !needsToken && this.#mayHaveToken(url)) {
      answer.body.resume();
      answer = await this.#authorized('GET', url, headers);
    }
    if (answer.status === 200) return answer;
    if (answer.status === 404 || answer.status === 410) {
      answer.body.resume();
      throw new ExportGone(`${new URL(url).host} has a file of the manifest no more`);
    }
    throw new PullFailed(await this.#refusal(answer, url, 'does not give a file'));
  }

  /** Tells the server that the files are no longer needed; that it does not listen does not matter. */
  async release(statusUrl: string): Promise<void> {
    await this.#authorized('DELETE', statusUrl, {}).then(
      ({ body }) => body.resume(),
      (error: Error) => this.#settings.log.debug('an export was not released', { reason: error.name }),
    );
  }

  async #pages(first: z.infer<typeof manifestShape>, at: string): Promise<BulkManifest> {
    const files = filesOf(first, at);
    const seen = new Set([at]);
    let [page, from] = [first, at];
    for (;;) {
      const next = page.link.find(({ relation }) => relation === 'next');
      if (next === undefined) return { transactionTime: first.transactionTime, files };
      const url = new URL(next.url, from).href;
      if (seen.has(url)) throw new PullFailed('The manifest links back to a page of its own: its pages have no end');
      seen.add(url);
      const answer = await this.#authorized('GET', url, { accept: 'application/json' });
      if (answer.status !== 200) throw new PullFailed(await this.#refusal(answer, url, 'gives no further manifest'));
      page = await this.#read(answer, url);
      from = url;
      files.push(...filesOf(page, url));
    }
  }

  async #read(answer: BulkResponse, url: string): Promise<z.infer<typeof manifestShape>> {
    const { host } = new URL(url);
    const text = await textOf(answer, host);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new PullFailed(`The manifest of ${host} is not JSON`);
    }
    const read = manifestShape.safeParse(value);
    const [problem] = read.error?.issues ?? [];
    if (problem !== undefined)
      throw new PullFailed(`The manifest of ${host} is none: ${problem.path.join('.')}: ${problem.message}`);
    if (read.data === undefined || Number.isNaN(Date.parse(read.data.transactionTime)))
      throw new PullFailed(`The manifest of ${host} has a transactionTime that is no instant`);
    return read.data;
  }

  #mayHaveToken(url: string): boolean {
    const { origin, host } = new URL(url);
    return origin === new URL(this.#settings.base).origin || this.#settings.tokenHosts.includes(host);
  }

  async #authorized(
    method: Method,
    url: string,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<BulkResponse> {
    const withToken = async (): Promise<Record<string, string>> => {
      const token = this.#mayHaveToken(url) ? await this.#token.get() : null;
      return { ...this.#settings.headers, ...headers, ...(token === null ? {} : { authorization: `Bearer ${token}` }) };
    };
    const answer = await this.#patiently(method, url, withToken, body);
    if (answer.status !== 401 || this.#settings.authorization.type === 'none') return answer;
    answer.body.resume(); // the token ended earlier than it said, or was revoked
    this.#token.forget();
    this.retries += 1;
    return this.#patiently(method, url, withToken, body);
  }

  async #patiently(
    method: Method,
    url: string,
    headers: () => Promise<Readonly<Record<string, string>>>,
    body?: string,
  ): Promise<BulkResponse> {
    const { rules, signal, pace } = this.#settings;
    for (let attempt = 1; ; attempt += 1) {
      signal.throwIfAborted();
      const asked = { method, url, headers: await headers(), signal, timeoutMs: pace.timeoutMs };
      const last = attempt >= pace.attempts;
      try {
        const answer = await exchange(body === undefined ? asked : { ...asked, body }, rules);
        const busy = answer.status === 429 || (answer.status >= 500 && answer.status !== 501);
        if (!busy || last) return answer;
        answer.body.resume();
        await this.backOff(attempt, retryAfterMs(answer.headers['retry-after'], Date.now()), `status ${answer.status}`);
      } catch (error) {
        if (!(error instanceof UnusableAnswer) || !error.retry || last) throw error;
        await this.backOff(attempt, null, error.message);
      }
    }
  }

  /** Waits before a further attempt: as long as it was told, or longer each time. */
  async backOff(attempt: number, told: number | null, reason: string): Promise<void> {
    const { backoffMs, mostBackoffMs } = this.#settings.pace;
    const ms = Math.min(told ?? Math.min(mostBackoffMs, backoffMs * 2 ** (attempt - 1)), longestWaitMs);
    this.retries += 1;
    this.#settings.log.info('a bulk data server is asked again', {
      host: new URL(this.#settings.base).host,
      reason,
      ms,
    });
    await this.#wait(ms);
  }

  async #wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#settings.signal });
  }

  async #refusal(answer: BulkResponse, url: string, what: string): Promise<string> {
    const { host } = new URL(url);
    const said = saidIn(await textOf(answer, host).catch(() => ''));
    const advice = answer.status === 401 || answer.status === 403 ? ': check the scopes that it grants us' : '';
    return `${host} ${what} (status ${answer.status}${said === '' ? '' : `: ${said}`})${advice}`;
  }
}

function filesOf(manifest: z.infer<typeof manifestShape>, at: string): BulkFile[] {
  const { output, deleted, error, outcome, requiresAccessToken: needsToken } = manifest;
  const read = (kind: BulkFile['kind'], files: readonly z.infer<typeof file>[]): BulkFile[] =>
    files.map(({ url, type = null, count = null }) => ({ kind, type, url: new URL(url, at).href, count, needsToken }));
  const told = new Set(outcome.map(({ url }) => url));
  return [
    ...read('output', output),
    ...read('deleted', deleted),
    ...read('outcome', [...outcome, ...error.filter(({ url }) => !told.has(url))]),
  ];
}

function asParameters(parameters: readonly (readonly [string, string])[]): object[] {
  return parameters.flatMap(([name, value]) =>
    name === '_type'
      ? value.split(',').map((type) => ({ name, valueString: type }))
      : [name === '_since' ? { name, valueInstant: value } : { name, valueString: value }],
  );
}

/** What an OperationOutcome says, without more of the body: it could hold anything. */
function saidIn(text: string): string {
  try {
    const { issue } = JSON.parse(text) as {
      issue?: readonly { diagnostics?: unknown; details?: { text?: unknown } }[];
    };
    const said = (issue ?? []).map(({ diagnostics, details }) => diagnostics ?? details?.text);
    return said
      .filter((one) => typeof one === 'string')
      .join('; ')
      .slice(0, 500);
  } catch {
    return '';
  }
}
