/** How a source of bulk data knows us. JSON. */
export type BulkAuthorization =
  | { readonly type: 'none' }
  | {
      readonly type: 'backend-services';
      readonly clientId: string;
      /** Null: what the server's .well-known/smart-configuration says. */
      readonly tokenUrl: string | null;
      readonly scope: string;
      readonly alg: 'RS384' | 'ES384';
    };

/** Makes the signed assertion of a client for an authorization server. */
export type SignAssertion = (assertion: {
  readonly clientId: string;
  readonly audience: string;
  readonly alg: 'RS384' | 'ES384';
}) => Promise<string>;

/** Asks without a token of ours: form by POST, or GET. @returns status and body */
export type AskPlainly = (
  method: 'GET' | 'POST',
  url: string,
  form: URLSearchParams | null,
) => Promise<{ readonly status: number; readonly text: string }>;

/** An authorization server that gives no token. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
}

/** So long before a token ends, a new one is asked for. */
const marginMs = 20_000;

/**
 * Access tokens of SMART backend services (client_credentials with a private_key_jwt): one is kept until shortly before
 * it ends, or until a server refuses it.
 */
export class BulkToken {
  readonly #base: string;
  readonly #authorization: BulkAuthorization;
  readonly #sign: SignAssertion;
  readonly #ask: AskPlainly;
  #token: { readonly value: string; readonly until: number } | null = null;

  constructor(base: string, authorization: BulkAuthorization, sign: SignAssertion, ask: AskPlainly) {
    this.#base = base;
    this.#authorization = authorization;
    this.#sign = sign;
    this.#ask = ask;
  }

  /** @returns null where no authorization is needed. @throws TokenRefused */
  async get(): Promise<string | null> {
    if (this.#authorization.type === 'none') return null;
    if (this.#token === null || this.#token.until <= Date.now()) this.#token = await this.#fetch(this.#authorization);
    return this.#token.value;
  }

  /** The token was refused: the next one is asked for anew. */
  forget(): void {
    this.#token = null;
  }

  async #fetch(authorization: Extract<BulkAuthorization, { type: 'backend-services' }>) {
    const { clientId, scope, alg } = authorization;
    const url = authorization.tokenUrl ?? (await this.#discover());
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      scope,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await this.#sign({ clientId, audience: url, alg }),
    });
    const { status, text } = await this.#ask('POST', url, form);
    const answer = objectOf(text);
    if (status !== 200) {
      const why = [answer['error'], answer['error_description']].filter((part) => typeof part === 'string').join(': ');
      throw new TokenRefused(
        `${new URL(url).host} gives no access token (${status}${why === '' ? '' : `, ${why}`}): check there that client ` +
          `"${clientId}" is registered with the keys of our /.well-known/jwks.json and may ask for the scope "${scope}"`,
      );
    }
    const { access_token: value, expires_in: seconds } = answer;
    if (typeof value !== 'string') throw new TokenRefused(`${new URL(url).host} answers without an access_token`);
    const lives = typeof seconds === 'number' ? seconds * 1000 : 300_000;
    return { value, until: Date.now() + Math.max(lives / 2, lives - marginMs) };
  }

  async #discover(): Promise<string> {
    const url = `${this.#base}/.well-known/smart-configuration`;
    const { status, text } = await this.#ask('GET', url, null);
    const found = status === 200 ? objectOf(text)['token_endpoint'] : undefined;
    if (typeof found === 'string') return new URL(found, url).href;
    throw new TokenRefused(`${url} names no token_endpoint (${status}): register the feed with its token URL`);
  }
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
